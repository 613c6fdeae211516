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
