//! Files in one folder with a fixed path: only what differs is written, what left goes, and jobs do not move.

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::Value;

const FOLDER: &str = "/Workspace/Shared/.hodman/shop/qa/files";

async fn path_of_the_job(scene: &Scene) -> (i64, String) {
    let (id, settings) = scene.people["qa"].job("nightly").await.expect("the job");
    let path = &settings["tasks"][0]["notebook_task"]["notebook_path"];
    (id, path.as_str().expect("a path").to_owned())
}

fn commit(scene: &Scene, files: &[(&str, Option<&[u8]>)]) {
    scene
        .forge
        .commit(REPOSITORY, "main", files, "files change", "rita")
        .expect("committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_changes_and_one_goes_and_the_job_stays_where_it_is() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: report\nfiles: {layout: in-place}",
    );
    let scene = Scene::start(options).await;
    commit(&scene, &[("src/table.txt", Some(b"1"))]);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("the first");
    let before = path_of_the_job(&scene).await;
    assert_eq!(before.1, format!("{FOLDER}/src/load"));
    let qa = &scene.people["qa"];
    assert_eq!(
        qa.read(&format!("{FOLDER}/src/table.txt"))
            .await
            .ok()
            .as_deref(),
        Some("1")
    );

    let text = b"# Databricks notebook source\nprint(\"gently\")\n";
    commit(
        &scene,
        &[("src/load.py", Some(text)), ("src/table.txt", None)],
    );
    let asked = scene.workspace("qa").requests().len();
    let pull = short.proposed("qa").await.expect("the second");
    assert!(pull.body.contains("mixture"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    short
        .wait("the new text", async || {
            let text = qa.read(&format!("{FOLDER}/src/load")).await.ok()?;
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
            (text.contains("gently") && healthy).then_some(())
        })
        .await
        .expect("applied");
    assert_eq!(path_of_the_job(&scene).await, before);
    let there = qa.files(FOLDER).await.expect("a list");
    assert!(
        !there.iter().any(|path| path.ends_with("table.txt")),
        "{there:?}"
    );
    // The note twice, the file once; what did not change is not written.
    let written: Vec<String> = scene.workspace("qa").requests()[asked..]
        .iter()
        .filter(|request| request.path.ends_with("/workspace/import"))
        .map(|request| format!("{request:?}"))
        .collect();
    assert_eq!(written.len(), 3, "{written:?}");

    let of_qa = EnvName::from("qa");
    let before = short.state().await.expect("a state").environments[&of_qa]
        .drift
        .last;
    short
        .ask("olga", Ask::Reconcile { env: "qa".into() })
        .await
        .expect("asked");
    short
        .wait("a comparison", async || {
            let state = short.state().await.ok()?;
            let drift = &state.environments[&of_qa].drift;
            (drift.last != before && !drift.wanted && drift.comparing.is_none()).then_some(())
        })
        .await
        .expect("compared");
    let url = format!(
        "http://{}/api/pipelines/shop/environments/qa/drift",
        daemon.address
    );
    let view: Value = reqwest::get(url)
        .await
        .expect("sent")
        .json()
        .await
        .expect("JSON");
    assert_eq!(view["plan"], Value::Null, "{view}");
    daemon.stop().await;
}
