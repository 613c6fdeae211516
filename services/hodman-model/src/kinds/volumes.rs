//! Volumes: `/api/2.1/unity-catalog/volumes`. Names are unique in their schema.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::defaults;
use super::listed::text;
use super::rules::{Rules, as_map, patterns};
use super::unity::{self, Securable, compensable, irreversible};
use super::{Call, Change, Identity, Kind, Listed, Listing, Marker, ReadError, Reversibility};

/// Volumes.
#[derive(Clone, Copy, Debug)]
pub struct Volumes;

const SETTABLE: &[&str] = &[
    "catalog_name",
    "comment",
    "name",
    "owner",
    "schema_name",
    "storage_location",
    "volume_type",
];

const API: Securable = Securable {
    singular: "volume",
    path: "/api/2.1/unity-catalog/volumes",
    items_field: "volumes",
    create: &[
        "catalog_name",
        "comment",
        "name",
        "schema_name",
        "storage_location",
        "volume_type",
    ],
    change: &["comment", "owner"],
    outputs: &["full_name", "storage_location", "volume_id"],
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    // The bundle's default; the API wants it said.
    defaults: defaults(&[("volume_type", json!("MANAGED"))], &[]),
    locations: patterns(&["storage_location"], &[]),
    ..unity::rules(SETTABLE, &["volume_type", "storage_location"])
});

impl Kind for Volumes {
    fn name(&self) -> &'static str {
        "volumes"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        Some("volume")
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        unity::full_name(config, &["catalog_name", "schema_name", "name"])
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: "schemas",
            list: |schema| unity::below_schema(&API, schema),
        }
    }

    fn get(&self, id: &str) -> Call {
        API.get(id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let mut listed = API.read(&RULES, answer)?;
        if let Some(config) = listed.config.as_object_mut()
            && is_managed(answer)
        {
            // The server chose it.
            config.remove("storage_location");
        }
        if let Some(outputs) = listed.outputs.as_object_mut() {
            let path = format!("/Volumes/{}", listed.id.replace('.', "/"));
            outputs.insert("volume_path".to_owned(), json!(path));
        }
        Ok(Some(listed))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let mut config = as_map(config);
        config
            .entry("volume_type")
            .or_insert_with(|| json!("MANAGED"));
        API.create(&Value::Object(config))
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        API.after_create(id, config)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        API.update(&RULES, id, live, config).into_iter().collect()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![API.delete(id)]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        API.created_id(answer)
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        unity::full_name(config, &["catalog_name", "schema_name"])
            .map(|schema| ("schemas", schema))
            .into_iter()
            .collect()
    }

    fn guarded(&self, live: &Value) -> Option<String> {
        is_managed(live).then(|| "the files in the volume".to_owned())
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, config: &Value) -> Reversibility {
        let gone = if is_managed(config) {
            irreversible("the volume with its files")
        } else {
            compensable("nothing of its files; who reads it by path fails until it is back")
        };
        unity::reversibility(change, gone)
    }
}

/// Whether its files are the catalog's, and go with it.
fn is_managed(config: &Value) -> bool {
    text(config, "volume_type").is_none_or(|kind| kind == "MANAGED")
}
