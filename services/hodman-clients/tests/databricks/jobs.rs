//! Jobs, runs, clusters and lists.

use std::collections::BTreeSet;
use std::sync::Mutex;

use hodman_clients::databricks::{Deleted, ErrorKind, RunOutcome};
use serde_json::json;

use crate::server::{Server, TestTime, ok, refuse};

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let server = Server::start(|seen| match seen.query.as_str() {
        "page_size=100" => ok(json!({ "clusters": [{ "cluster_id": "a" }, { "cluster_id": "b" }], "next_page_token": "p 2" })),
        "page_size=100&page_token=p+2" => ok(json!({ "next_page_token": "p3" })),
        "page_size=100&page_token=p3" => ok(json!({ "clusters": [{ "cluster_id": "c" }], "next_page_token": "" })),
        other => refuse(400, "INVALID_PARAMETER_VALUE", other),
    })
    .await;
    let clusters = server
        .workspace(&TestTime::new())
        .clusters()
        .list_all()
        .await
        .unwrap();
    let ids: Vec<&str> = clusters
        .iter()
        .map(|cluster| cluster["cluster_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error() {
    let server =
        Server::start(|_| ok(json!({ "clusters": [{}], "next_page_token": "again" }))).await;
    let error = server
        .workspace(&TestTime::new())
        .clusters()
        .list_all()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, server.seen().len()),
        (ErrorKind::Unreadable, 2)
    );
}

#[tokio::test]
async fn only_jobs_with_more_tasks_than_the_list_shows_are_read_alone() {
    let server = Server::start(|seen| match (seen.path.as_str(), seen.query.as_str()) {
        ("/api/2.2/jobs/list", "expand_tasks=true&limit=100") => ok(json!({ "jobs": [
            { "job_id": 1, "settings": { "name": "small", "tasks": [{ "task_key": "t" }] } },
            { "job_id": 2, "has_more": true, "settings": { "name": "large", "tasks": [{ "task_key": "t0" }] } },
            { "job_id": 3, "has_more": true, "settings": { "name": "deleted meanwhile" } },
        ]})),
        ("/api/2.2/jobs/get", "job_id=2") => ok(json!({ "job_id": 2, "creator_user_name": "ann", "settings": {
            "name": "large", "tasks": [{ "task_key": "t0" }, { "task_key": "t1" }], "job_clusters": [{ "job_cluster_key": "c0" }],
        }, "has_more": true, "next_page_token": "p2" })),
        ("/api/2.2/jobs/get", "job_id=2&page_token=p2") => ok(json!({ "job_id": 2, "settings": {
            "name": "large", "tasks": [{ "task_key": "t2" }], "job_clusters": [{ "job_cluster_key": "c0" }],
            "environments": [{ "environment_key": "e" }],
        }})),
        ("/api/2.2/jobs/get", "job_id=3") => refuse(400, "INVALID_PARAMETER_VALUE", "Job 3 does not exist."),
        other => refuse(400, "BAD_REQUEST", &format!("{other:?}")),
    })
    .await;
    let jobs = server
        .workspace(&TestTime::new())
        .jobs()
        .list_all()
        .await
        .unwrap();
    assert_eq!(
        jobs.iter().map(|job| job.job_id).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(
        jobs[1].settings["tasks"],
        json!([{ "task_key": "t0" }, { "task_key": "t1" }, { "task_key": "t2" }])
    );
    assert_eq!(
        jobs[1].settings["job_clusters"],
        json!([{ "job_cluster_key": "c0" }])
    );
    assert_eq!(
        jobs[1].settings["environments"],
        json!([{ "environment_key": "e" }])
    );
    assert_eq!(jobs[1].creator_user_name.as_deref(), Some("ann"));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn jobs_are_made_overwritten_started_and_deleted() {
    let gone = Mutex::new(BTreeSet::new());
    let server = Server::start(move |seen| match seen.path.rsplit_once("/api/2.2/jobs").map(|(_, rest)| rest) {
        Some("/create") => ok(json!({ "job_id": 9_007_199_254_740_993_i64 })),
        Some("/reset") => ok(json!({})),
        Some("/run-now") => ok(json!({ "run_id": 5, "number_in_job": 5 })),
        Some("/runs/get") => ok(json!({ "run_id": 5, "job_id": 1, "state": { "life_cycle_state": "RUNNING", "state_message": "" },
            "run_page_url": "https://w/run/5" })),
        Some("/delete") if gone.lock().unwrap().insert(seen.json()["job_id"].as_i64()) => ok(json!({})),
        Some("/delete") => refuse(400, "INVALID_PARAMETER_VALUE", "Job 1 does not exist."),
        _ => refuse(404, "ENDPOINT_NOT_FOUND", &seen.path),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    let jobs = workspace.jobs();
    assert_eq!(
        jobs.create(json!({ "name": "a" })).await.unwrap(),
        9_007_199_254_740_993
    );
    jobs.reset(1, json!({ "name": "b" })).await.unwrap();
    assert_eq!(jobs.run_now(1, "once").await.unwrap(), 5);
    let run = jobs.get_run(5).await.unwrap();
    assert_eq!(
        (run.outcome, run.page_url.as_deref()),
        (RunOutcome::Unfinished, Some("https://w/run/5"))
    );
    assert_eq!(jobs.delete(1).await.unwrap(), Deleted::Done);
    assert_eq!(jobs.delete(1).await.unwrap(), Deleted::WasAbsent);
    let bodies: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| !seen.body.is_empty())
        .map(|seen| seen.json())
        .collect();
    assert_eq!(
        bodies[1],
        json!({ "job_id": 1, "new_settings": { "name": "b" } })
    );
    assert_eq!(
        bodies[2],
        json!({ "job_id": 1, "idempotency_token": "once" })
    );
}

#[tokio::test]
async fn clusters_are_made_edited_and_removed() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/api/2.1/clusters/create" => ok(json!({ "cluster_id": "c-1" })),
        "/api/2.1/clusters/edit" => refuse(400, "INVALID_STATE", "Cluster c-1 is in state PENDING"),
        "/api/2.1/clusters/permanent-delete" => {
            refuse(400, "INVALID_PARAMETER_VALUE", "Cluster c-1 does not exist")
        }
        "/api/2.1/clusters/get" => ok(json!({ "cluster_id": "c-1", "state": "PENDING" })),
        _ => refuse(404, "ENDPOINT_NOT_FOUND", &seen.path),
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    let clusters = workspace.clusters();
    assert_eq!(
        clusters
            .create(json!({ "spark_version": "x" }))
            .await
            .unwrap(),
        "c-1"
    );
    assert_eq!(clusters.get("c-1").await.unwrap()["state"], "PENDING");
    let error = clusters
        .edit("c-1", json!({ "spark_version": "y" }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(
        server.seen().last().unwrap().json(),
        json!({ "spark_version": "y", "cluster_id": "c-1" })
    );
    assert_eq!(
        clusters.permanent_delete("c-1").await.unwrap(),
        Deleted::WasAbsent
    );
}

#[tokio::test]
async fn we_learn_who_we_are() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/api/2.0/preview/scim/v2/Me" => {
            ok(json!({ "id": "17", "userName": "ann@x", "displayName": "Ann", "emails": [] }))
        }
        _ => refuse(404, "ENDPOINT_NOT_FOUND", &seen.path),
    })
    .await;
    let me = server.workspace(&TestTime::new()).me().await.unwrap();
    assert_eq!((me.id.as_str(), me.user_name.as_str()), ("17", "ann@x"));
}

#[tokio::test]
async fn an_answer_of_another_shape_is_an_error_not_a_panic() {
    let server = Server::start(|_| ok(json!({ "job": "seven" }))).await;
    let error = server
        .workspace(&TestTime::new())
        .jobs()
        .create(json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable);
    assert!(error.may_have_taken_effect());
}
