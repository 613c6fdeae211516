//! Fields that go back to the server: named by the update, without a value.

use serde_json::{Value, json};

use super::harness::{kind, marker, said};
use crate::field_path::FieldPath;
use crate::kinds::Method;

/// What the update of an object that has `live` asks for when `path` goes back: the last part of the path, query and body of each
/// request.
fn asks(name: &str, live: &Value, path: &str) -> Vec<(Method, String, Value)> {
    let kind = kind(name);
    let rules = kind.rules();
    let at: FieldPath = path.parse().unwrap();
    let mut silent = live.clone();
    at.put(&mut silent, None);
    let left = rules.left(live, &silent);
    assert_eq!(left.keys().collect::<Vec<_>>(), [&at], "{name}");
    rules.name_left(&mut silent, left.keys());
    assert_eq!(at.get(&silent), Some(&Value::Null), "{name} {path}");
    let live = rules.normalise(live);
    let calls = kind.update("7", &live, &silent, &marker());
    calls
        .iter()
        .map(|call| {
            let (method, path, body) = said(call);
            let end = path.rsplit('/').next().unwrap_or_default().to_owned();
            (method, end, body)
        })
        .collect()
}

#[test]
fn an_update_names_what_goes_back_and_gives_it_no_value() {
    let app = json!({"name": "a", "compute_size": "LARGE", "description": "d"});
    assert_eq!(
        asks("apps", &app, "compute_size"),
        [(
            Method::Post,
            "update".to_owned(),
            json!({"update_mask": "compute_size", "app": {}})
        )]
    );
    let endpoint = json!({"name": "m", "config": {"served_entities": [], "traffic_config": {"routes": []}},
        "telemetry_config": {"inference_table_config": {"enabled": true}}});
    let mut endpoint_calls = asks("model_serving_endpoints", &endpoint, "telemetry_config");
    endpoint_calls.retain(|(_, end, _)| end != "tags");
    assert_eq!(
        endpoint_calls,
        [(Method::Patch, "telemetry-config".to_owned(), json!({}))]
    );
    let credential =
        json!({"git_provider": "gitHub", "name": "n", "is_default_for_provider": true});
    for (field, none) in [
        ("name", json!("")),
        ("is_default_for_provider", json!(false)),
    ] {
        let calls = asks("git_credentials", &credential, field);
        assert_eq!(calls[0].2[field], none, "{field}");
    }
    for name in [
        "groups",
        "service_principals",
        "account_groups",
        "account_service_principals",
    ] {
        let member = json!({"displayName": "g", "externalId": "7"});
        let calls = asks(name, &member, "externalId");
        assert_eq!(calls[0].0, Method::Put);
        assert_eq!(calls[0].2.get("externalId"), None, "{name}");
    }
}

#[test]
fn for_whom_a_federation_policy_is_stays_unless_it_is_to_go_back() {
    let policy =
        json!({"policy_id": "p", "oidc_policy": {"issuer": "https://i", "audiences": ["a"]}});
    let mut silent = policy.clone();
    silent["oidc_policy"]
        .as_object_mut()
        .unwrap()
        .remove("audiences");
    let calls = kind("account_federation_policies").update("p", &policy, &silent, &marker());
    let body = calls[0].body.as_ref().unwrap();
    assert_eq!(body["oidc_policy"]["audiences"], json!(["a"]));
    let calls = asks(
        "account_federation_policies",
        &policy,
        "oidc_policy.audiences",
    );
    assert_eq!(calls[0].2["oidc_policy"], json!({"issuer": "https://i"}));
}

#[test]
fn a_usage_policy_that_no_request_changes_is_refused_by_name() {
    let kind = kind("vector_search_endpoints");
    let change = |before: Option<&str>| crate::plan::FieldChange {
        path: "usage_policy_id".parse().unwrap(),
        before: before.map(Value::from),
        after: Some(json!("(in the package)@b")),
        redacted: false,
    };
    let refused = kind.refuses(&Value::Null, &[change(Some("(in the package)@a"))]);
    assert!(refused[0].contains("`usage_policy_id`"), "{refused:?}");
    // One that nobody noted may be the same.
    assert!(kind.refuses(&Value::Null, &[change(None)]).is_empty());
}

#[test]
fn an_update_sends_what_cannot_be_read_back_only_where_its_row_does() {
    let kind = kind("model_serving_endpoints");
    let entity = json!({"entity_name": "a.b.m", "entity_version": "1", "name": "m", "burst_scaling_enabled": true});
    let config = json!({"name": "e", "config": {"served_entities": [entity]}, "rate_limits": [{"calls": 1}],
        "tags": [{"key": "team", "value": "new"}]});
    let mut live = config.clone();
    live["tags"] = json!([{"key": "team", "value": "old"}]);
    live.as_object_mut().unwrap().remove("rate_limits");
    let entity = live["config"]["served_entities"][0].as_object_mut();
    entity.unwrap().remove("burst_scaling_enabled");
    let ends = |live: &Value, config: &Value| -> Vec<String> {
        let calls = kind.update("e", live, config, &marker());
        let ends = calls.iter().filter_map(|call| call.path.rsplit('/').next());
        ends.map(str::to_owned).collect()
    };
    let put = kind.rules().as_put(&live, &config);
    assert_eq!(ends(&put, &config), ["tags"]);
    assert_eq!(ends(&live, &config), ["tags", "config", "rate-limits"]);
    // What can be read differs, and what stands beside it goes along.
    let mut next = config.clone();
    next["config"]["served_entities"][0]["entity_version"] = json!("2");
    let put = kind.rules().as_put(&live, &next);
    assert_eq!(ends(&put, &next), ["tags", "config"]);
}
