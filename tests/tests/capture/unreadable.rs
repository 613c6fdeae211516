//! Files that the workspace does not give: they are left out and told, and everything else is captured.

use super::stage::Stage;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::Options;
use serde_json::json;

const ANA: &str = "ana@acme.example";

fn refused(method_path: &str) -> FaultRule {
    FaultRule::status(403, 100)
        .on("GET")
        .path_contains(method_path)
        .body(r#"{"error_code": "PERMISSION_DENIED", "message": "not for you"}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_that_cannot_be_read_stops_nothing_and_removes_nothing() {
    let stage = Stage::start(Options::short()).await;
    let dev = stage.scene.workspace("dev");
    for folder in ["/Shared/shop/deep", "/Shared/shop/.git"] {
        stage
            .post("/api/2.0/workspace/mkdirs", json!({"path": folder}))
            .await;
    }
    for path in ["locked.sql", "deep/inside.sql", "plain.sql"] {
        dev.put_file(&format!("/Shared/shop/{path}"), b"select 1\n", ANA)
            .expect("a file");
    }
    stage.captured().await;
    let file = |path: &str| stage.main(&format!("src/{path}"));
    assert!(file("locked.sql").is_some() && file("deep/inside.sql").is_some());

    stage.scene.clock.advance(chrono::Duration::seconds(2));
    for path in ["locked.sql", "deep/inside.sql", "plain.sql", ".git/config"] {
        dev.put_file(&format!("/Shared/shop/{path}"), b"select 2\n", ANA)
            .expect("a file");
    }
    dev.put_notebook(
        "/Shared/shop/large",
        "# Databricks notebook source\nx\n",
        ANA,
    )
    .expect("a notebook");
    dev.faults().add(refused(
        "/workspace/export?path=%2FShared%2Fshop%2Flocked.sql",
    ));
    dev.faults()
        .add(refused("/workspace/list?path=%2FShared%2Fshop%2Fdeep"));
    dev.faults().add(
        FaultRule::status(400, 100)
            .path_contains("/workspace/export?path=%2FShared%2Fshop%2Flarge")
            .body(r#"{"error_code": "MAX_NOTEBOOK_SIZE_EXCEEDED", "message": "too large"}"#),
    );
    let pull = stage.captured().await;
    assert_eq!(file("plain.sql").as_deref(), Some("select 2\n"));
    assert_eq!(file("locked.sql").as_deref(), Some("select 1\n"));
    assert_eq!(file("deep/inside.sql").as_deref(), Some("select 1\n"));
    assert_eq!(file("large.py"), None);
    for told in [
        "/Shared/shop/locked.sql could not be read, so what Git has of it stays",
        "/Shared/shop/deep could not be read, so what Git has of it stays",
        "/Shared/shop/large could not be read and is left out",
        "/Shared/shop/.git/config is left out",
    ] {
        assert!(pull.body.contains(told), "{told} is not in\n{}", pull.body);
    }

    // The whole folder out of sight: nothing of it is gone.
    dev.faults().clear();
    dev.faults().add(
        FaultRule::status(404, 100)
            .path_contains("/workspace/list?path=%2FShared%2Fshop")
            .body(r#"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such folder"}"#),
    );
    stage.capture().await;
    assert!(stage.open().is_empty(), "{:#?}", stage.open());
    stage.stop().await;
}
