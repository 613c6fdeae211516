//! Catalogs, and what else of Unity Catalog can be closed to other workspaces.

use serde_json::json;

use super::harness::{kind, marker, replaces, said};
use crate::kinds::{Method, bindings};
use crate::plan::differences;

#[test]
fn only_authorized_paths_of_a_catalog_change_in_place() {
    let kind = kind("catalogs");
    assert!(replaces(kind, "options.database"));
    assert!(!replaces(kind, "options.authorized_paths"));
    let rules = kind.rules();
    let anew = |before, after| {
        let (before, after) = (rules.normalise(&before), rules.normalise(&after));
        let changes = differences(rules, &before, &after);
        assert!(!changes.is_empty());
        changes.iter().any(|change| rules.replaces(change))
    };
    let of = |database: &str, paths: &str| json!({"name": "c", "options": {"database": database, "authorized_paths": paths}});
    assert!(!anew(of("a", "s3://x"), of("a", "s3://y")));
    assert!(anew(of("a", "s3://x"), of("b", "s3://x")));
    // Also where all of them come or go.
    assert!(anew(
        json!({"name": "c"}),
        json!({"name": "c", "options": {"database": "a"}})
    ));
    assert!(!anew(
        json!({"name": "c"}),
        json!({"name": "c", "options": {"authorized_paths": "s3://x"}})
    ));

    let calls = kind.update("c", &of("a", "s3://x"), &of("a", "s3://y"), &marker());
    assert_eq!(
        said(&calls[0]).2,
        json!({"options": {"authorized_paths": "s3://y"}})
    );
    let calls = kind.update(
        "c",
        &of("a", "s3://x"),
        &json!({"name": "c", "options": {"database": "a"}}),
        &marker(),
    );
    assert_eq!(said(&calls[0]).2, json!({"options": {}}));
    // What was made by a try before this one cannot be told its options again.
    let wanted = json!({"name": "c", "options": {"database": "a"}});
    assert_eq!(kind.update("c", &json!(null), &wanted, &marker()), []);
}

#[test]
fn what_is_isolated_is_bound_to_the_workspace_that_isolates_it() {
    for (name, mode) in [
        ("catalogs", "ISOLATED"),
        ("external_locations", "ISOLATION_MODE_ISOLATED"),
        ("storage_credentials", "ISOLATION_MODE_ISOLATED"),
    ] {
        let kind = kind(name);
        let open = json!({"name": "x"});
        let closed = json!({"name": "x", "isolation_mode": mode});
        let made = kind.after_create("x", &closed, &marker());
        let changed = kind.update("x", &open, &closed, &marker());
        for calls in [made, changed] {
            assert!(calls.iter().any(bindings::isolates), "{name}");
        }
        let opened = kind.update("x", &closed, &open, &marker());
        assert!(
            !opened.is_empty() && !opened.iter().any(bindings::isolates),
            "{name}"
        );
        let bound = bindings::bind(kind, "x", &json!({"workspace_id": 7, "metastore_id": "m"}));
        let (method, path, body) = said(&bound.unwrap());
        let securable = kind.securable().unwrap();
        assert_eq!(
            (method, path),
            (
                Method::Patch,
                format!("/api/2.1/unity-catalog/bindings/{securable}/x")
            )
        );
        assert_eq!(
            body["add"][0],
            json!({"workspace_id": 7, "binding_type": "BINDING_TYPE_READ_WRITE"})
        );
    }
}

#[test]
fn aliases_of_a_model_are_said_once() {
    let kind = kind("registered_models");
    let config = json!({"name": "m", "catalog_name": "c", "schema_name": "s", "aliases": [{"alias_name": "champion", "version_num": 1}]});
    assert_eq!(
        kind.create(&config, &marker()).body.unwrap()["aliases"],
        config["aliases"]
    );
    let managed = kind.rules().normalise(&config);
    assert_eq!(
        managed,
        json!({"name": "m", "catalog_name": "c", "schema_name": "s"})
    );
    assert_eq!(kind.update("c.s.m", &managed, &config, &marker()), []);
}
