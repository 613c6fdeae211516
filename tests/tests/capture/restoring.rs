//! What was captured, put into a workspace that has nothing.

use std::process::Output;

use super::kinds::a_team_at_work;
use super::stage::Stage;
use hodman_tests::harness::{Options, Secrets, binary};
use serde_json::Value;

/// `hodman --json restore …`, in a process of its own.
async fn restore(stage: &Stage, arguments: &[&str]) -> Output {
    let config = stage.scene.folder.path().join("restore.yaml");
    let text = stage.scene.config(Secrets::Environment, stage.scene.port);
    std::fs::write(&config, text).expect("settings");
    tokio::process::Command::new(binary())
        .args(["--json", "restore"])
        .args(arguments)
        .arg("--config")
        .arg(&config)
        .envs(stage.scene.environment())
        .output()
        .await
        .expect("hodman runs")
}

fn said(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_workspace_becomes_what_was_captured() {
    let stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.captured().await;
    let into = ["main", "--workspace", "prod"];

    // Where people work by hand nothing is written, unless somebody insists.
    let words = refused(&restore(&stage, &["main", "--workspace", "dev"]).await);
    assert!(
        words.contains("people work by hand") && words.contains("--force"),
        "{words}"
    );
    let words = refused(&restore(&stage, &["main", "--workspace", "nowhere"]).await);
    assert!(words.contains("nowhere"), "{words}");

    let shown = said(&restore(&stage, &into).await);
    assert!(shown["done"].is_null(), "only shown: {shown}");
    let none = stage.get("prod", "/api/2.2/jobs/list").await;
    assert!(none["jobs"].as_array().is_none_or(Vec::is_empty), "{none}");
    let done = said(&restore(&stage, &[into.as_slice(), &["--apply", "--yes"]].concat()).await);
    assert!(
        done["done"].as_u64().is_some_and(|done| done >= 12),
        "{done}"
    );
    let again = said(&restore(&stage, &[into.as_slice(), &["--apply", "--yes"]].concat()).await);
    assert!(again["done"].is_null(), "an empty plan: {again}");
    let jobs = stage.get("prod", "/api/2.2/jobs/list").await;
    assert_eq!(jobs["jobs"].as_array().map(Vec::len), Some(3), "{jobs}");
    stage.stop().await;
}
