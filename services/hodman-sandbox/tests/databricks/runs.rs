//! Runs and what they come to.

use serde_json::{Value, json};

use crate::bench::{ANA, Bench};

async fn read(bench: &Bench, run: u64) -> Value {
    bench
        .get(&format!("/api/2.2/jobs/runs/get?run_id={run}"))
        .await
        .1
}

/// Reads the run until it is over; every state lasts one read, so ten are enough.
async fn end(bench: &Bench, run: u64) -> Value {
    for _ in 0..10 {
        let seen = read(bench, run).await;
        if seen["state"].get("result_state").is_some() {
            return seen;
        }
    }
    panic!("the run does not end");
}

fn job(name: &str) -> Value {
    json!({"name": name, "tags": {"hodman_key": "etl"}, "tasks": [
        {"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/Shared/nb"}},
        {"task_key": "b", "notebook_task": {"notebook_path": "/Shared/nb"}, "depends_on": [{"task_key": "a"}]},
    ]})
}

#[tokio::test]
async fn a_run_goes_through_its_states() {
    let bench = Bench::start().await;
    bench
        .dev
        .put_notebook(
            "/Shared/nb",
            "# Databricks notebook source\ndbutils.notebook.exit(\"42\")",
            ANA,
        )
        .unwrap();
    let id = bench.dev.create_job(job("n"), ANA).unwrap();
    let (_, run) = bench
        .post(
            "/api/2.2/jobs/run-now",
            json!({"job_id": id, "idempotency_token": "t"}),
        )
        .await;
    let run = run["run_id"].as_u64().unwrap();
    let (_, again) = bench
        .post(
            "/api/2.2/jobs/run-now",
            json!({"job_id": id, "idempotency_token": "t"}),
        )
        .await;
    assert_eq!(again["run_id"], run);
    assert_eq!(bench.dev.run_count(), 1);
    assert_eq!(
        read(&bench, run).await["state"]["life_cycle_state"],
        "PENDING"
    );
    assert_eq!(
        read(&bench, run).await["state"]["life_cycle_state"],
        "RUNNING"
    );
    let ended = read(&bench, run).await;
    assert_eq!(ended["state"]["life_cycle_state"], "TERMINATED");
    assert_eq!(ended["state"]["result_state"], "SUCCESS");
    let (_, output) = bench
        .get(&format!(
            "/api/2.2/jobs/runs/get-output?run_id={}",
            ended["tasks"][0]["run_id"]
        ))
        .await;
    assert_eq!(output["notebook_output"]["result"], "42");
}

#[tokio::test]
async fn a_missing_notebook_fails_the_run_and_what_depends_on_it() {
    let bench = Bench::start().await;
    let id = bench.dev.create_job(job("n"), ANA).unwrap();
    let run = end(&bench, bench.dev.run_job(id, ANA).unwrap()).await;
    assert_eq!(run["state"]["life_cycle_state"], "INTERNAL_ERROR");
    assert_eq!(run["state"]["result_state"], "FAILED");
    let message = run["state"]["state_message"].as_str().unwrap();
    assert!(
        message.contains("Unable to access the notebook \"/Workspace/Shared/nb\""),
        "{message}"
    );
    assert_eq!(run["tasks"][1]["state"]["result_state"], "UPSTREAM_FAILED");
}

#[tokio::test]
async fn a_notebook_that_raises_fails_and_so_does_a_run_that_was_told_to() {
    let bench = Bench::start().await;
    let id = bench.dev.create_job(job("n"), ANA).unwrap();
    bench
        .dev
        .put_notebook(
            "/Shared/nb",
            "# Databricks notebook source\nraise ValueError(1)",
            ANA,
        )
        .unwrap();
    let raised = end(&bench, bench.dev.run_job(id, ANA).unwrap()).await;
    assert_eq!(
        (
            &raised["state"]["life_cycle_state"],
            &raised["state"]["result_state"]
        ),
        (&json!("TERMINATED"), &json!("FAILED"))
    );
    bench
        .dev
        .put_notebook("/Shared/nb", "# Databricks notebook source\nprint(1)", ANA)
        .unwrap();
    bench.dev.fail_next_run("etl", "the disk is full");
    let told = end(&bench, bench.dev.run_job(id, ANA).unwrap()).await;
    let (_, output) = bench
        .get(&format!(
            "/api/2.2/jobs/runs/get-output?run_id={}",
            told["tasks"][0]["run_id"]
        ))
        .await;
    assert_eq!(output["error"], "the disk is full");
    let next = end(&bench, bench.dev.run_job(id, ANA).unwrap()).await;
    assert_eq!(next["state"]["result_state"], "SUCCESS");
}

#[tokio::test]
async fn a_full_job_skips_or_queues_its_next_run() {
    let bench = Bench::start().await;
    let id = bench
        .dev
        .create_job(json!({"name": "n", "queue": {"enabled": false}}), ANA)
        .unwrap();
    let first = bench.dev.run_job(id, ANA).unwrap();
    let skipped = read(&bench, bench.dev.run_job(id, ANA).unwrap()).await;
    assert_eq!(skipped["state"]["life_cycle_state"], "SKIPPED");
    bench
        .dev
        .edit_job(id, ANA, |settings| {
            drop(settings.insert("queue".into(), json!({"enabled": true})))
        })
        .unwrap();
    let queued = bench.dev.run_job(id, ANA).unwrap();
    assert_eq!(
        read(&bench, queued).await["state"]["life_cycle_state"],
        "QUEUED"
    );
    bench
        .post("/api/2.2/jobs/runs/cancel", json!({"run_id": first}))
        .await;
    assert_eq!(
        read(&bench, first).await["state"]["result_state"],
        "CANCELED"
    );
    assert_eq!(
        end(&bench, queued).await["state"]["result_state"],
        "SUCCESS"
    );
    let (_, active) = bench
        .get(&format!(
            "/api/2.2/jobs/runs/list?job_id={id}&active_only=true"
        ))
        .await;
    assert_eq!(active.get("runs"), None);
}
