//! Dashboards.

use serde_json::{Value, json};

use super::harness::{changes, kind, marker, said};
use crate::kinds::Method;

fn answer(published: &str) -> Value {
    json!({"dashboard_id": "d", "display_name": "Sales", "serialized_dashboard": "{}", "update_time": "2026-01-02T03:04:05.200Z",
        "publication": {"embed_credentials": false, "revision_create_time": published}})
}

#[test]
fn one_whose_readers_see_an_older_version_is_published_again() {
    let kind = kind("dashboards");
    let config = json!({"display_name": "Sales", "serialized_dashboard": "{}"});
    for current in ["2026-01-02T03:04:05.200Z", "2026-01-02T03:04:06Z"] {
        assert_eq!(
            changes(kind, &config, &answer(current)),
            Vec::<String>::new()
        );
    }
    let stale = answer("2026-01-02T03:04:05.100Z");
    assert_eq!(changes(kind, &config, &stale), ["publication"]);
    let live = kind.read(&stale).unwrap().unwrap().config;
    let calls = kind.update("d", &live, &config, &marker());
    assert_eq!(calls.len(), 1, "the draft is as it should be");
    assert_eq!(
        (calls[0].method, calls[0].path.as_str()),
        (Method::Post, "/api/2.0/lakeview/dashboards/d/published")
    );
    // A capture takes down what it is, not how it stands with its readers.
    let captured = kind.rules().without_fills(&live, None);
    assert_eq!(
        (captured.get("publication"), captured.get("published")),
        (None, None)
    );
}

#[test]
fn where_its_datasets_look_is_said_with_the_request() {
    let kind = kind("dashboards");
    let config = json!({"display_name": "Sales", "serialized_dashboard": "{}", "dataset_catalog": "main", "dataset_schema": "sales"});
    let (_, path, body) = said(&kind.create(&config, &marker()));
    assert_eq!(
        path,
        "/api/2.0/lakeview/dashboards?dataset_catalog=main&dataset_schema=sales"
    );
    assert_eq!(body.get("dataset_catalog"), None);
    let live = answer("2026-01-02T03:04:06Z");
    assert_eq!(changes(kind, &config, &live), Vec::<String>::new());
    let live = kind.read(&live).unwrap().unwrap().config;
    let mut next = config;
    next["display_name"] = json!("Sales 2");
    let (_, path, body) = said(&kind.update("d", &live, &next, &marker())[0]);
    assert_eq!(
        path,
        "/api/2.0/lakeview/dashboards/d?dataset_catalog=main&dataset_schema=sales"
    );
    assert_eq!(body.get("dataset_schema"), None);
}

#[test]
fn where_its_datasets_look_is_compared_by_what_the_service_wrote_into_them() {
    let kind = kind("dashboards");
    let content = |catalog: Option<&str>| {
        let mut dataset = json!({"name": "d", "queryLines": ["SELECT 1"], "schema": "own"});
        dataset["catalog"] = json!(catalog);
        if catalog.is_none() {
            dataset.as_object_mut().unwrap().remove("catalog");
        }
        json!({ "datasets": [dataset] }).to_string()
    };
    let there = |catalog: &str| {
        let mut answer = answer("2026-01-02T03:04:06Z");
        answer["serialized_dashboard"] = json!(content(Some(catalog)));
        answer
    };
    let text = json!({"display_name": "Sales", "serialized_dashboard": content(None), "dataset_catalog": "main"});
    let mut mapping = text.clone();
    mapping["serialized_dashboard"] = serde_json::from_str(&content(None)).unwrap();
    for config in [text, mapping] {
        assert_eq!(
            changes(kind, &config, &there("main")),
            Vec::<String>::new(),
            "{config}"
        );
        // Another one in the package, or by hand, is seen and sent.
        assert_eq!(
            changes(kind, &config, &there("other")),
            ["serialized_dashboard"]
        );
        let live = kind.read(&there("other")).unwrap().unwrap().config;
        let (method, path, _) = said(&kind.update("d", &live, &config, &marker())[0]);
        assert_eq!(
            (method, path.as_str()),
            (
                Method::Patch,
                "/api/2.0/lakeview/dashboards/d?dataset_catalog=main"
            )
        );
        // So is that it leaves the package.
        let mut silent = config;
        silent.as_object_mut().unwrap().remove("dataset_catalog");
        assert_eq!(
            changes(kind, &silent, &there("main")),
            ["serialized_dashboard"]
        );
    }
}
