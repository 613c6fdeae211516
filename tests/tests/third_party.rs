//! hodman's clients against servers that somebody else wrote, so that our sandbox and our clients cannot agree on a mistake.

use std::time::Duration;

use hodman_clients::databricks::{
    Auth, Connections, Deleted, ImportFormat, Language, RunOutcome, Workspace, WorkspaceConfig,
};
use hodman_tests::servers::workspaces;
use serde_json::json;

/// A name that no other test and no earlier run has used.
fn fresh(name: &str) -> String {
    format!("{name}-{:x}", rand::random::<u64>())
}

fn workspace(url: &str) -> Workspace {
    let config = WorkspaceConfig {
        name: "qa".to_owned(),
        host: url.to_owned(),
        // These servers take any token and issue none.
        auth: Auth::Token("dapi-test".into()),
        timeout: Duration::from_secs(20),
        user_agent: "hodman-tests".to_owned(),
    };
    Workspace::new(config, &Connections::new().expect("a client")).expect("a host")
}

#[tokio::test]
async fn three_workspaces_are_three_worlds() {
    let name = fresh("job");
    let urls = workspaces();
    let settings = json!({"name": name, "tags": {"hodman_key": name}});
    let first = workspace(&urls[0]);
    first.jobs().create(settings).await.expect("a job");
    for (url, expected) in urls.iter().zip([1, 0, 0]) {
        let workspace = workspace(url);
        assert!(!workspace.me().await.expect("who I am").user_name.is_empty());
        let jobs = workspace.jobs().list_all().await.expect("jobs");
        let found = jobs
            .iter()
            .filter(|job| job.settings["name"] == json!(name))
            .count();
        assert_eq!(found, expected, "{url}");
    }
}

#[tokio::test]
async fn a_job_is_made_found_by_its_marker_replaced_and_deleted() {
    let workspace = workspace(&workspaces()[1]);
    let jobs = workspace.jobs();
    let marker = fresh("key");
    let tags = json!({"hodman_pipeline": "shop", "hodman_env": "qa", "hodman_key": marker});
    let schedule = json!({"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "Europe/Berlin", "pause_status": "PAUSED"});
    let settings =
        json!({"name": marker, "tags": tags, "schedule": schedule, "max_concurrent_runs": 2});
    let id = jobs.create(settings).await.expect("a job");

    let all = jobs.list_all().await.expect("jobs");
    let mine = all
        .iter()
        .filter(|job| job.settings["tags"]["hodman_key"] == json!(marker));
    let mine: Vec<i64> = mine.map(|job| job.job_id).collect();
    assert_eq!(mine, [id]);
    let job = jobs.get(id).await.expect("the job");
    assert_eq!(job.settings["schedule"], schedule);

    jobs.reset(id, json!({"name": marker, "tags": tags}))
        .await
        .expect("replaced");
    let job = jobs.get(id).await.expect("the job");
    assert_eq!(job.settings["tags"], tags);
    assert!(
        job.settings
            .get("schedule")
            .is_none_or(serde_json::Value::is_null)
    );

    assert_eq!(jobs.delete(id).await.expect("deleted"), Deleted::Done);
    assert_eq!(jobs.delete(id).await.expect("deleted"), Deleted::WasAbsent);
    assert!(jobs.get(id).await.expect_err("gone").is_not_found());
}

#[tokio::test]
async fn a_notebook_is_uploaded_read_back_and_run() {
    let workspace = workspace(&workspaces()[2]);
    let files = workspace.files();
    let folder = format!("/Workspace/Shared/{}", fresh("files"));
    files.mkdirs(&folder).await.expect("a folder");
    let source: &'static [u8] = b"# Databricks notebook source\nprint(\"hello\")\n";
    let path = format!("{folder}/smoke");
    let format = ImportFormat::SourceNotebook {
        language: Language::Python,
    };
    files
        .import(&path, source, format, true)
        .await
        .expect("uploaded");
    let listed = files.list(&folder).await.expect("the folder");
    assert_eq!(listed.len(), 1, "{listed:?}");
    let back = files.export(&path).await.expect("the notebook");
    let back = String::from_utf8_lossy(&back).into_owned();
    assert!(back.contains("print(\"hello\")"), "{back}");

    let task = json!({"task_key": "smoke", "notebook_task": {"notebook_path": path}});
    let jobs = workspace.jobs();
    let job = jobs
        .create(json!({"name": fresh("smoke"), "tasks": [task]}))
        .await
        .expect("a job");
    let run = jobs.run_now(job, &fresh("token")).await.expect("a run");
    let ends = async {
        loop {
            let run = jobs.get_run(run).await.expect("the run");
            if run.outcome != RunOutcome::Unfinished {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(150), ends)
        .await
        .expect("the run ends");
    assert_eq!(ended.outcome, RunOutcome::Succeeded, "{ended:?}");
}
