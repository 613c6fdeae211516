//! Pipelines.

use serde_json::{Value, json};

use super::harness::{changes, comes_back, kind, marker, said, tags};
use crate::kinds::Method;

fn config() -> Value {
    json!({
        "name": "sales", "catalog": "main", "schema": "sales", "serverless": true,
        "libraries": [{"glob": {"include": "/Workspace/x/**"}}, {"notebook": {"path": "/Workspace/x/n"}}],
        "clusters": [{"num_workers": 1, "spark_conf": {"a": true}}],
        "configuration": {"day": 1}, "run_as": {"service_principal_name": "sp"}
    })
}

/// The answer to GET, settings as the service keeps them.
fn answer(spec: Value) -> Value {
    let mut spec = spec;
    for (field, value) in [
        ("id", json!("p-1")),
        ("pipeline_type", json!("WORKSPACE")),
        ("channel", json!("CURRENT")),
        ("edition", json!("ADVANCED")),
        ("continuous", json!(false)),
        ("development", json!(false)),
        ("photon", json!(false)),
    ] {
        spec[field] = value;
    }
    json!({"pipeline_id": "p-1", "name": spec["name"], "spec": spec, "state": "IDLE", "creator_user_name": "ada@example.com",
           "run_as_user_name": "sp", "last_modified": 1_700_000_000_000_i64, "latest_updates": [{"update_id": "u-1", "state": "COMPLETED"}]})
}

#[test]
fn one_comes_back_as_it_was_asked_for() {
    let kind = kind("pipelines");
    let create = kind.create(&config(), &marker());
    let body = create.body.clone().unwrap();
    assert_eq!(body["tags"], tags());
    assert_eq!(body["configuration"]["day"], "1", "the API takes texts");
    assert!(!create.idempotent);
    let mut spec = body;
    // `run_as` stands beside the settings in the answer.
    let run_as = spec.as_object_mut().unwrap().remove("run_as").unwrap();
    spec["clusters"][0]["label"] = json!("default");
    let mut answer = answer(spec);
    answer["run_as"] = run_as;
    let listed = comes_back(kind, &config(), &answer);
    assert_eq!((listed.id.as_str(), listed.name.as_str()), ("p-1", "sales"));
    assert_eq!(listed.modified_at.unwrap().timestamp(), 1_700_000_000);
    assert_eq!(
        kind.created_id(&json!({"pipeline_id": "p-1"}), &config())
            .as_deref(),
        Some("p-1")
    );
}

#[test]
fn a_storage_that_the_service_chose_is_no_difference_and_is_kept() {
    let kind = kind("pipelines");
    let config = json!({"name": "n", "target": "t"});
    let mut spec = kind.create(&config, &marker()).body.unwrap();
    spec["storage"] = json!("dbfs:/pipelines/p-1");
    let listed = comes_back(kind, &config, &answer(spec.clone()));
    let update = &kind.update("p-1", &listed.config, &config, &marker())[0];
    let (method, path, body) = said(update);
    assert_eq!(
        (method, path.as_str()),
        (Method::Put, "/api/2.0/pipelines/p-1")
    );
    assert_eq!(
        body,
        json!({"id": "p-1", "name": "n", "target": "t", "storage": "dbfs:/pipelines/p-1", "tags": tags()})
    );
    spec["development"] = json!(true);
    let mut live = answer(spec.clone());
    live["spec"]["development"] = json!(true);
    assert_eq!(changes(kind, &config, &live), ["development"]);
}

#[test]
fn an_update_under_way_is_named() {
    let kind = kind("pipelines");
    let mut live = answer(json!({"name": "n"}));
    assert!(kind.busy(&live).is_empty());
    live["state"] = json!("RUNNING");
    assert_eq!(kind.busy(&live), ["update u-1"]);
    assert_eq!(
        said(&kind.activity("p-1").unwrap()).1,
        "/api/2.0/pipelines/p-1"
    );
}

#[test]
fn its_tables_are_guarded() {
    let kind = kind("pipelines");
    assert_eq!(
        kind.guarded(&json!({"catalog": "main", "schema": "x"}))
            .as_deref(),
        Some("its tables, views and streaming tables in main.x")
    );
    assert_eq!(
        kind.guarded(&json!({"storage": "dbfs:/x", "target": "t"})),
        None
    );
}

#[test]
fn one_that_leaves_its_tables_says_so_until_it_is_deleted() {
    let kind = kind("pipelines");
    let leaves =
        json!({"name": "n", "catalog": "main", "schema": "x", "cascade_on_destroy": false});
    let body = said(&kind.create(&leaves, &marker())).2;
    assert_eq!(
        body.get("cascade_on_destroy"),
        None,
        "only a delete takes it"
    );
    let listed = comes_back(kind, &leaves, &answer(body));
    // The package may be gone by then: what the pipeline says of itself counts.
    assert_eq!(
        said(&kind.delete("p-1", &listed.config)[0]).1,
        "/api/2.0/pipelines/p-1?cascade=false"
    );
    assert_eq!(kind.guarded(&listed.config), None);

    let takes = json!({"name": "n", "catalog": "main", "schema": "x", "cascade_on_destroy": true});
    let body = said(&kind.update("p-1", &listed.config, &takes, &marker())[0]).2;
    assert_eq!(
        (body.get("cascade_on_destroy"), &body["tags"]),
        (None, &tags())
    );
    let listed = comes_back(kind, &takes, &answer(body.clone()));
    assert_eq!(
        said(&kind.delete("p-1", &listed.config)[0]).1,
        "/api/2.0/pipelines/p-1"
    );
    assert!(kind.guarded(&listed.config).is_some());
    assert_eq!(
        changes(kind, &leaves, &answer(body)),
        ["cascade_on_destroy"]
    );
}
