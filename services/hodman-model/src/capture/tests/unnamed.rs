//! Elements that the workspace names and the files do not.

use serde_json::json;

use super::adoption::{FILE, change, only, text};
use crate::bundle::{Options, ResourceKey};
use crate::capture::*;

#[test]
fn served_models_without_names_take_what_was_found_at_their_place() {
    let tree = only(
        FILE,
        "resources:
  model_serving_endpoints:
    e:
      name: e
      config:
        served_entities:
          - {entity_name: c.s.m, entity_version: '9', workload_size: Small}
          - {entity_name: c.s.m, entity_version: '10', workload_size: Small}
          - {entity_name: c.s.m, entity_version: '${var.next}', workload_size: Small}
",
    );
    let at = |name: &str| format!("config.served_entities[name={name}]");
    let size = |name: &str| {
        let path = format!("{}.workload_size", at(name));
        change(&path, Some(json!("Large")), Some(json!("Small")))
    };
    let gone = change(&at("m-9"), None, Some(json!({"name": "m-9"})));
    let other = json!({"name": "m-11", "entity_name": "c.s.m", "entity_version": "11"});
    let new = change(&at("m-11"), Some(other.clone()), None);
    let key = ResourceKey::new("model_serving_endpoints", "e");
    let changes = [gone, size("m-10"), size("m-12"), new];
    let adopted = adopt(&tree, &key, &changes, "prod", &Options::default()).unwrap();
    let written: serde_json::Value = crate::yaml_edit::read(&text(&adopted, FILE)).unwrap();
    let entity = |version: &str, size: &str| json!({"entity_name": "c.s.m", "entity_version": version, "workload_size": size});
    assert_eq!(
        written["resources"]["model_serving_endpoints"]["e"]["config"]["served_entities"],
        json!([entity("10", "Large"), entity("${var.next}", "Small"), other])
    );
    assert_eq!(adopted.notes.len(), 1, "{:?}", adopted.notes);
    assert!(adopted.notes[0].contains("m-12"), "{:?}", adopted.notes);
}
