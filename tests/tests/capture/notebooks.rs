//! Jupyter notebooks come as `.ipynb` and stay so.

use super::stage::Stage;
use hodman_model::capture::notebook;
use hodman_tests::harness::Options;
use serde_json::{Value, json};

const PLACE: &str = "/Shared/shop/report";
const FILE: &str = "src/report.ipynb";

/// A notebook of three cells as a workspace has it after a run: with outputs, counters and in the order of its writer.
fn ran(sources: [&str; 3], output: &str) -> String {
    let cells: Vec<Value> = sources
        .iter()
        .zip(4..)
        .map(|(source, count)| {
            json!({"cell_type": "code", "execution_count": count, "metadata": {"tags": []}, "source": [source],
                "outputs": [{"output_type": "stream", "name": "stdout", "text": [output]}]})
        })
        .collect();
    json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}}, "cells": cells})
        .to_string()
}

fn kept(sources: [&str; 3]) -> String {
    let bytes = notebook(ran(sources, "").as_bytes()).expect("a notebook");
    String::from_utf8(bytes).expect("text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jupyter_notebook_comes_without_what_runs_left_and_is_merged_as_json() {
    let stage = Stage::start(Options::short()).await;
    let dev = stage.scene.workspace("dev");
    let put = |sources: [&str; 3], output: &str| {
        stage.scene.clock.advance(chrono::Duration::seconds(2));
        dev.put_jupyter(PLACE, &ran(sources, output), "ana@acme.example")
            .expect("a notebook");
    };
    put(["a = 1", "b = 2", "c = 3"], "4111 1111 1111 1111\n");
    dev.faults().clear_requests();
    let pull = stage.captured().await;
    let asked = dev
        .requests()
        .iter()
        .filter(|request| request.path.contains("get-status") && request.path.contains("report"))
        .count();
    assert_eq!(asked, 1, "its format is asked for once");
    assert!(!pull.body.contains("4111"), "{}", pull.body);
    assert_eq!(
        stage.main(FILE).as_deref(),
        Some(kept(["a = 1", "b = 2", "c = 3"]).as_str()),
        "no output, no counter"
    );
    assert_eq!(stage.main("src/report.py"), None);

    // Run again: other outputs, nothing to propose, and its format is known by now.
    put(["a = 1", "b = 2", "c = 3"], "other\n");
    dev.faults().clear_requests();
    stage.capture().await;
    assert!(stage.open().is_empty());
    assert!(
        !dev.requests()
            .iter()
            .any(|request| request.path.contains("get-status") && request.path.contains("report")),
        "asked for again"
    );

    // Changed on both sides, with what somebody's Jupyter left in Git.
    stage.commit(
        "main",
        FILE,
        Some(&ran(["a = 10", "b = 2", "c = 3"], "on a laptop\n")),
    );
    put(["a = 1", "b = 2", "c = 30"], "other\n");
    let pull = stage.captured().await;
    assert!(pull.body.contains("merged with what changed in Git"));
    assert_eq!(
        stage.main(FILE).as_deref(),
        Some(kept(["a = 10", "b = 2", "c = 30"]).as_str())
    );

    // The same cell on both sides: Git's stays, whole.
    let git = ran(["a = 10", "b = 20", "c = 30"], "");
    stage.commit("main", FILE, Some(&git));
    put(["a = 10", "b = 200", "c = 30"], "");
    let state = stage.capture().await;
    assert!(stage.open().is_empty());
    assert_eq!(stage.main(FILE), Some(git));
    assert_eq!(
        (state.conflicts, state.conflicting),
        (1, vec![FILE.to_owned()])
    );
    stage.stop().await;
}
