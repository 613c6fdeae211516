//! What a create does not take, what the service shows otherwise than it was asked for, and what it never changes.

use serde_json::{Value, json};

use super::marker;
use crate::field_path::FieldPath;
use crate::kinds::{Kind, Method, foundation_kinds, kind};
use crate::plan::{FieldChange, refers_to};

fn of(name: &str) -> &'static dyn Kind {
    kind(name).unwrap()
}

#[test]
fn a_metastore_gets_its_owner_by_a_change_and_keeps_the_folder_that_it_makes_to_itself() {
    let kind = of("account_metastores");
    let config =
        json!({"name": "m", "region": "eu-west-1", "storage_root": "s3://b/m", "owner": "team"});
    let create = kind.create(&config, &marker()).body.unwrap();
    assert_eq!(
        create,
        json!({"metastore_info": {"name": "m", "region": "eu-west-1", "storage_root": "s3://b/m"}})
    );
    let later = &kind.after_create("7", &config, &marker())[0];
    assert_eq!(later.method, Method::Put);
    assert_eq!(
        later.body,
        Some(json!({"metastore_info": {"owner": "team"}}))
    );
    let silent = json!({"name": "m", "region": "eu-west-1"});
    assert!(kind.after_create("7", &silent, &marker()).is_empty());

    let answer = json!({"metastore_info": {
        "metastore_id": "7", "name": "m", "region": "eu-west-1", "owner": "team", "storage_root": "s3://b/m/7",
        "delta_sharing_scope": "INTERNAL", "external_access_enabled": false,
    }});
    let rules = kind.rules();
    let wanted = rules.normalise(&config);
    let live = kind.read(&answer).unwrap().unwrap().config;
    assert_eq!(rules.without_fills(&live, Some(&wanted)), wanted);
    // The region that the service chose is no difference where nobody named one.
    let wanted = rules.normalise(&json!({"name": "m", "storage_root": "s3://b/m/"}));
    assert_eq!(rules.without_fills(&live, Some(&wanted)), wanted);
}

#[test]
fn a_metastore_keeps_its_name() {
    let change = |field: &str| FieldChange {
        path: FieldPath::default().key(field),
        before: Some(json!("a")),
        after: Some(json!("b")),
        redacted: false,
    };
    let kind = of("account_metastores");
    let words = kind.refuses(&Value::Null, &[change("owner"), change("name")]);
    assert_eq!(words.len(), 1);
    assert!(
        words[0].starts_with("name: the account gives a metastore no other name"),
        "{words:?}"
    );
}

#[test]
fn an_ip_list_is_switched_off_by_a_change_and_on_again_by_silence() {
    let kind = of("account_ip_access_lists");
    let off = json!({"label": "l", "list_type": "ALLOW", "ip_addresses": ["10.0.0.0/8"], "enabled": false});
    let create = kind.create(&off, &marker()).body.unwrap();
    assert_eq!(create.get("enabled"), None);
    let later = &kind.after_create("7", &off, &marker())[0];
    assert_eq!(later.body, Some(off.clone()));
    let mut on = off.clone();
    on.as_object_mut().unwrap().remove("enabled");
    assert!(kind.after_create("7", &on, &marker()).is_empty());
    let back = &kind.update("7", &off, &on, &marker())[0];
    assert_eq!(back.method, Method::Put);
    assert_eq!(back.body.as_ref().unwrap()["enabled"], true);
}

#[test]
fn ids_of_workspaces_are_numbers_to_log_delivery_and_the_month_is_the_services() {
    let kind = of("account_log_deliveries");
    let config = json!({
        "config_name": "d", "log_type": "BILLABLE_USAGE", "output_format": "CSV", "credentials_id": "1",
        "storage_configuration_id": "2", "workspace_ids_filter": ["8", 7],
    });
    let create = kind.create(&config, &marker()).body.unwrap();
    let mut row = create["log_delivery_configuration"].clone();
    assert_eq!(row["workspace_ids_filter"], json!([8, 7]));
    row["config_id"] = json!("1");
    row["status"] = json!("ENABLED");
    row["delivery_start_time"] = json!("2026-11");
    let rules = kind.rules();
    let wanted = rules.normalise(&config);
    let live = kind.read(&row).unwrap().unwrap().config;
    assert_eq!(rules.without_fills(&live, Some(&wanted)), wanted);
    row["status"] = json!("DISABLED");
    assert_eq!(kind.read(&row).unwrap(), None);
}

#[test]
fn another_metastore_is_another_assignment() {
    let kind = of("account_metastore_assignments");
    let at = FieldPath::default().key("metastore_id");
    assert!(kind.rules().replace_on.iter().any(|one| one.matches(&at)));
    let live = json!({"workspace_id": "7", "metastore_id": "old"});
    let gone = &kind.delete("7", &live)[0];
    assert!(
        gone.path.ends_with("/workspaces/7/metastores/old"),
        "{}",
        gone.path
    );
}

#[test]
fn ids_in_lists_are_references_too() {
    let network = json!({"network_name": "n", "vpc_endpoints": {"rest_api": ["a"], "dataplane_relay": ["b"]}});
    let settings = json!({"allowed_vpc_endpoint_ids": ["a", "b"]});
    for (name, config) in [
        ("account_networks", network),
        ("account_private_access_settings", settings),
    ] {
        let found = refers_to(of(name), &config);
        let endpoints = ["a", "b"].map(|id| ("account_vpc_endpoints".to_owned(), id.to_owned()));
        assert_eq!(found, endpoints.into(), "{name}");
    }
    // A pattern that no path can match is a rule that does not hold.
    for kind in foundation_kinds() {
        let rules = format!("{:?}", kind.rules());
        assert!(!rules.contains("[*]"), "{}", kind.name());
    }
}
