//! A second look costs little: what did not change is not asked for again.

use super::stage::Stage;
use hodman_tests::harness::Options;

const NOTEBOOKS: usize = 200;

/// How often a capture asked dev for something whose path has `part` in it.
async fn calls(stage: &Stage, part: &str) -> usize {
    let workspace = stage.scene.workspace("dev");
    workspace.faults().clear_requests();
    stage.capture().await;
    workspace
        .requests()
        .iter()
        .filter(|request| request.path.contains(part))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_changed_is_exported() {
    let stage = Stage::start(Options::short()).await;
    let dev = stage.scene.workspace("dev");
    for number in 0..NOTEBOOKS {
        let text = format!("# Databricks notebook source\nprint({number})\n");
        dev.put_notebook(
            &format!("/Shared/shop/many/n{number:03}"),
            &text,
            "ana@acme.example",
        )
        .expect("a notebook");
    }
    let export = "/workspace/export";
    assert_eq!(
        calls(&stage, export).await,
        NOTEBOOKS,
        "all of them once; the example's own are in the lock already"
    );
    // Before the merge, from the branch; after it, from main.
    assert_eq!(calls(&stage, export).await, 0);
    stage.merge(&stage.pull());
    assert_eq!(calls(&stage, export).await, 0);
    assert!(stage.open().is_empty());
    let all = calls(&stage, "/api/").await;
    stage.scene.clock.advance(chrono::Duration::seconds(2));
    dev.put_notebook(
        "/Shared/shop/many/n007",
        "# Databricks notebook source\nprint(\"seven\")\n",
        "ana@acme.example",
    )
    .expect("a notebook");
    assert_eq!(calls(&stage, export).await, 1, "one changed");
    // Lists of kinds, folders, and who may do what of two jobs; none of it grows with the notebooks.
    assert!(all < 80, "{all} calls for a look at nothing new");
    stage.stop().await;
}
