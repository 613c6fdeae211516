//! Files of Lakeflow Designer in packages: they are put in place under their whole name, or nobody is told that they are.

use chrono::DateTime;
use hodman_core::explain::explain;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, Scene, Short};
use serde_json::Value;

const PERSON: &str = "ana@acme.example";
const FILE: &str = r#"{"cells": [{"cell_type": "code", "metadata": {}, "source": ["a = 1"]}], "metadata": {}, "nbformat": 4}"#;
const EDITED: &str = r#"{"cells": [{"cell_type": "code", "metadata": {}, "source": ["a = 2"]}], "metadata": {}, "nbformat": 4}"#;
const JOB: &str = "
resources:
  jobs:
    prep:
      name: prep
      tasks:
        - task_key: prep
          notebook_task:
            notebook_path: ../src/prep.designer.ipynb
";

fn options() -> Options {
    Options::short()
        .file("src/prep.designer.ipynb", FILE)
        .file("resources/prep.job.yml", JOB)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_put_in_place_under_its_whole_name_and_compared() {
    let scene = Scene::start(options()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    let (_, settings) = scene.people["qa"].job("prep").await.expect("the job");
    let path = settings["tasks"][0]["notebook_task"]["notebook_path"].as_str();
    let path = path.expect("a path");
    assert!(path.ends_with("/src/prep.designer.ipynb"), "{path}");
    let qa = scene.workspace("qa");
    let status = format!("/api/2.0/workspace/get-status?path={path}");
    let get = "GET".parse().expect("a method");
    let seen = qa.call(PERSON, get, &status, Value::Null).await;
    assert_eq!(seen.expect("it is there")["object_type"], "DESIGNER_FILE");
    let drifted = async || {
        let work = &daemon.parts().work;
        let report = work.preview_drift("shop", &EnvName::from("qa")).await;
        report.expect("a report").workspaces[0].drifted().count()
    };
    assert_eq!(drifted().await, 0);
    scene.clock.advance(chrono::Duration::seconds(2));
    qa.put_designer(path, EDITED, PERSON).expect("edited");
    assert_eq!(drifted().await, 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_designer_is_off_the_apply_says_so() {
    let scene = Scene::start(options()).await;
    scene.workspace("qa").without_designer();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("proposed");
    short.merge(&pull).expect("merged");
    let why = short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            let explained = explain(&state, &EnvName::from("qa"), DateTime::UNIX_EPOCH)?;
            let mut waits = explained.waits.iter().map(ToString::to_string);
            waits.find(|why| why.contains("Lakeflow Designer"))
        })
        .await
        .expect("a refusal");
    assert!(
        why.contains("src/prep.designer.ipynb") && why.contains("turn Designer on"),
        "{why}"
    );
    daemon.stop().await;
}
