//! Pipelines.

use hodman_sandbox::databricks::WorkspaceHandle;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ANA, Bench};
use crate::calls::{done, read, refused};

const ROOT: &str = "/api/2.0/pipelines";

fn with_notebook(dev: &WorkspaceHandle, mut spec: Value) -> Value {
    dev.put_notebook("/Shared/p", "# Databricks notebook source\n1", ANA)
        .unwrap();
    spec["libraries"] = json!([{"notebook": {"path": "/Shared/p"}}]);
    spec
}

async fn create(bench: &Bench, spec: Value) -> String {
    let made = done(bench, Method::POST, ROOT, spec).await;
    made["pipeline_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_pipeline_is_kept_with_its_defaults() {
    let bench = Bench::start().await;
    let spec = json!({"name": "p", "clusters": [{"num_workers": 1}], "run_as": {"service_principal_name": "app-1"}});
    let id = create(&bench, spec).await;
    let shown = read(&bench, &format!("{ROOT}/{id}")).await;
    assert_eq!(shown["spec"]["storage"], format!("dbfs:/pipelines/{id}"));
    assert_eq!(shown["spec"]["clusters"][0]["label"], "default");
    assert_eq!(
        (&shown["spec"]["edition"], &shown["spec"]["run_as"]),
        (&json!("ADVANCED"), &Value::Null)
    );
    assert_eq!(
        (&shown["state"], &shown["run_as_user_name"]),
        (&json!("IDLE"), &json!("app-1"))
    );
    let listed = read(&bench, ROOT).await;
    assert_eq!(listed["statuses"][0]["name"], "p");
    assert!(listed["statuses"][0].get("spec").is_none());
}

#[tokio::test]
async fn names_are_unique_unless_the_call_says_otherwise() {
    let bench = Bench::start().await;
    let spec = json!({"name": "p", "catalog": "main"});
    let dry = json!({"name": "p", "catalog": "main", "dry_run": true});
    assert!(done(&bench, Method::POST, ROOT, dry.clone()).await["effective_settings"].is_object());
    create(&bench, spec.clone()).await;
    let (status, code, text) = refused(&bench, Method::POST, ROOT, spec).await;
    assert_eq!((status, code.as_str()), (409, "RESOURCE_CONFLICT"));
    assert!(text.starts_with("The pipeline name 'p' is already used by another pipeline."));
    assert_eq!(refused(&bench, Method::POST, ROOT, dry).await.0, 409);
    create(&bench, json!({"name": "p", "allow_duplicate_names": true})).await;
    let (_, _, both) = refused(
        &bench,
        Method::POST,
        ROOT,
        json!({"name": "q", "catalog": "main", "storage": "dbfs:/x"}),
    )
    .await;
    assert!(both.contains("both 'catalog' and 'storage'"));
}

#[tokio::test]
async fn an_edit_replaces_all_and_knows_what_it_was_made_from() {
    let bench = Bench::start().await;
    let id = create(
        &bench,
        json!({"name": "p", "catalog": "main", "tags": {"a": "b"}}),
    )
    .await;
    let one = format!("{ROOT}/{id}");
    let before = read(&bench, &one).await["last_modified"].clone();
    let edit = |more: Value| {
        let mut spec = json!({"name": "p", "catalog": "main", "schema": "s"});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        spec
    };
    done(
        &bench,
        Method::PUT,
        &one,
        edit(json!({"expected_last_modified": before})),
    )
    .await;
    let after = read(&bench, &one).await;
    assert!(after["spec"].get("tags").is_none());
    assert_eq!(
        after["effective_publishing_mode"],
        "DEFAULT_PUBLISHING_MODE"
    );
    let late = edit(json!({"expected_last_modified": before}));
    let (status, code, _) = refused(&bench, Method::PUT, &one, late).await;
    assert_eq!((status, code.as_str()), (409, "RESOURCE_CONFLICT"));

    let stored = create(&bench, json!({"name": "q"})).await;
    let moved = json!({"name": "q", "storage": "dbfs:/elsewhere"});
    let (status, _, text) = refused(&bench, Method::PUT, &format!("{ROOT}/{stored}"), moved).await;
    assert_eq!(status, 400);
    assert!(text.contains("storage"), "{text}");
    done(
        &bench,
        Method::PUT,
        &format!("{ROOT}/{stored}"),
        json!({"name": "q"}),
    )
    .await;
}

#[tokio::test]
async fn an_update_goes_through_its_states() {
    let bench = Bench::start().await;
    let id = create(
        &bench,
        with_notebook(&bench.dev, json!({"name": "p", "catalog": "main"})),
    )
    .await;
    let updates = format!("{ROOT}/{id}/updates");
    let update = done(
        &bench,
        Method::POST,
        &updates,
        json!({"full_refresh": true}),
    )
    .await;
    let one = format!("{updates}/{}", update["update_id"].as_str().unwrap());
    let mut seen = Vec::new();
    while seen.last().is_none_or(|state| state != "COMPLETED") {
        let shown = read(&bench, &one).await;
        assert_eq!(shown["update"]["full_refresh"], true);
        seen.push(shown["update"]["state"].as_str().unwrap().to_owned());
        assert!(seen.len() < 20, "{seen:?}");
    }
    seen.dedup();
    assert_eq!(
        seen,
        [
            "CREATED",
            "WAITING_FOR_RESOURCES",
            "INITIALIZING",
            "SETTING_UP_TABLES",
            "RUNNING",
            "COMPLETED"
        ]
    );
    let events = read(&bench, &format!("{ROOT}/{id}/events")).await;
    assert_eq!(events["events"].as_array().unwrap().len(), 6);

    bench.dev.fail_next_run("p", "out of memory");
    done(&bench, Method::POST, &updates, json!({})).await;
    for _ in 0..10 {
        read(&bench, &format!("{ROOT}/{id}")).await;
    }
    assert_eq!(
        read(&bench, &format!("{ROOT}/{id}")).await["state"],
        "FAILED"
    );
    let (_, errors) = bench
        .get(&format!("{ROOT}/{id}/events?filter=level%3D'ERROR'"))
        .await;
    assert!(
        errors["events"][0]["message"]
            .as_str()
            .unwrap()
            .contains("out of memory")
    );
}

#[tokio::test]
async fn a_continuous_pipeline_runs_until_it_is_stopped() {
    let bench = Bench::start().await;
    let spec = with_notebook(
        &bench.dev,
        json!({"name": "p", "catalog": "main", "continuous": true}),
    );
    let id = create(&bench, spec.clone()).await;
    let one = format!("{ROOT}/{id}");
    for _ in 0..20 {
        read(&bench, &one).await;
    }
    assert_eq!(read(&bench, &one).await["state"], "RUNNING");
    let first = read(&bench, &one).await["latest_updates"][0]["update_id"].clone();
    done(&bench, Method::PUT, &one, spec).await;
    let shown = read(&bench, &one).await;
    assert_ne!(
        shown["latest_updates"][0]["update_id"], first,
        "an edit starts it anew"
    );
    done(&bench, Method::POST, &format!("{one}/stop"), json!({})).await;
    assert_eq!(read(&bench, &one).await["state"], "STOPPING");
    assert_eq!(read(&bench, &one).await["state"], "IDLE");
    done(
        &bench,
        Method::DELETE,
        &format!("{one}?cascade=false"),
        json!({}),
    )
    .await;
    let (status, code, _) = refused(&bench, Method::GET, &one, json!({})).await;
    assert_eq!((status, code.as_str()), (404, "RESOURCE_DOES_NOT_EXIST"));
}
