//! What moves in Git while the pull request of a capture is open.

use super::stage::Stage;
use hodman_tests::harness::{Options, REPOSITORY};

const LIVE: &str = "/Shared/shop/report";
const FILE: &str = "src/report.py";
const MOVED: &str = "src/reports/report.py";
const PERSON: &str = "ana@acme.example";

/// The notebook is captured, and then a pull request with something else is open.
async fn one_is_open() -> Stage {
    let stage = Stage::start(Options::short()).await;
    write(&stage, "print(1)\n");
    stage.captured().await;
    assert!(stage.main(FILE).is_some());
    stage.job("weekly").await;
    stage.capture().await;
    assert_eq!(stage.open().len(), 1);
    stage
}

fn write(stage: &Stage, text: &str) {
    stage.scene.clock.advance(chrono::Duration::seconds(2));
    let source = format!("# Databricks notebook source\n{text}");
    stage
        .scene
        .workspace("dev")
        .put_notebook(LIVE, &source, PERSON)
        .expect("a notebook");
}

fn commit(stage: &Stage, files: &[(&str, Option<&[u8]>)]) {
    stage
        .scene
        .forge
        .commit(REPOSITORY, "main", files, "files move", "rita")
        .expect("committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_moved_meanwhile_goes_on_being_captured() {
    let stage = one_is_open().await;
    let open = stage.pull();
    let text = stage.main(FILE).expect("the notebook");
    commit(&stage, &[(FILE, None), (MOVED, Some(text.as_bytes()))]);
    // The lock that is merged now says where the file was before.
    stage.merge(&open);
    let lock = stage
        .main("environments/dev/captured.lock")
        .expect("the lock");
    assert!(lock.contains(FILE) && !lock.contains(MOVED), "{lock}");
    write(&stage, "print(2)\n");
    let pull = stage.captured().await;
    assert!(!pull.body.contains("conflict"), "{}", pull.body);
    let text = stage.main(MOVED).expect("where it went");
    assert!(text.contains("print(2)"), "{text}");
    assert_eq!(stage.main(FILE), None);
    let lock = stage
        .main("environments/dev/captured.lock")
        .expect("the lock");
    assert!(
        lock.contains(MOVED) && !lock.contains(&format!("\"{FILE}\"")),
        "{lock}"
    );

    // And back, with an open pull request that takes main in before it is merged.
    stage.job("monthly").await;
    stage.capture().await;
    commit(&stage, &[(MOVED, None), (FILE, Some(text.as_bytes()))]);
    stage.capture().await;
    stage.merge(&stage.pull());
    write(&stage, "print(3)\n");
    let pull = stage.captured().await;
    assert!(!pull.body.contains("conflict"), "{}", pull.body);
    let text = stage.main(FILE).expect("where it was first");
    assert!(text.contains("print(3)"), "{text}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_lay_beside_the_removed_one_is_another_one() {
    let stage = one_is_open().await;
    let text = stage.main(FILE).expect("the notebook");
    commit(&stage, &[(MOVED, Some(text.as_bytes()))]);
    commit(&stage, &[(FILE, None)]);
    stage.merge(&stage.pull());
    write(&stage, "print(2)\n");
    let state = stage.capture().await;
    assert_eq!(state.conflicting, [FILE]);
    assert_eq!(stage.main(MOVED), Some(text));
    stage.stop().await;
}
