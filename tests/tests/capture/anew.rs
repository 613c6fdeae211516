//! Objects that are made anew under the name that they had: another id is no other object.

use super::kinds::a_team_at_work;
use super::stage::Stage;
use hodman::work::Restore;
use hodman_model::files::{CapturedLock, parse_captured_lock};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Options, REPOSITORY};
use serde_json::json;
use std::collections::BTreeSet;

const LOCK: &str = "environments/dev/captured.lock";
const ENVIRONMENT: &str = "environments/dev/environment.yaml";

fn lock(stage: &Stage) -> CapturedLock {
    parse_captured_lock(LOCK, &stage.main(LOCK).expect("a lock")).expect("a lock")
}

/// The objects that a lock names, without their ids.
fn keys(lock: &CapturedLock) -> BTreeSet<String> {
    let entries = lock.entries.iter();
    // Secrets are named and not read, so a restore brings none.
    let entries = entries.filter(|entry| entry.kind != "secrets");
    entries
        .map(|entry| format!("{}.{} in {}", entry.kind, entry.key, entry.file))
        .collect()
}

fn paths(stage: &Stage, pull: &PullView) -> Vec<String> {
    let files = stage.scene.forge.changed_files(REPOSITORY, pull.number);
    files.expect("files")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_deleted_and_made_again_keeps_its_key() {
    let stage = Stage::start(Options::short()).await;
    stage.job("again").await;
    stage.captured().await;
    let before = lock(&stage);
    let job = before.entries.iter().find(|entry| entry.key == "again");
    let id: i64 = job.expect("the job").id.parse().expect("a number");
    stage
        .post("/api/2.2/jobs/delete", json!({"job_id": id}))
        .await;
    let new = stage.job("again").await;
    let pull = stage.captured().await;
    assert_eq!(paths(&stage, &pull), [LOCK], "{}", pull.body);
    assert!(pull.body.contains("jobs.again"), "{}", pull.body);
    let after = lock(&stage);
    assert_eq!(keys(&before), keys(&after));
    let job = after.entries.iter().find(|entry| entry.key == "again");
    assert_eq!(job.expect("the job").id, new.to_string());
    stage.capture().await;
    assert!(stage.open().is_empty());
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_was_restored_elsewhere_keeps_every_key() {
    let stage = Stage::start(Options::short()).await;
    a_team_at_work(&stage).await;
    stage.captured().await;
    let before = lock(&stage);
    let wanted = Restore {
        branch: "main".to_owned(),
        workspace: "prod".to_owned(),
        target: None,
        like: None,
        force: true,
    };
    let work = &stage.daemon.as_ref().expect("a daemon").parts().work;
    let plan = work.plan_restore("shop", &wanted).await.expect("a plan");
    work.apply_restore("shop", &wanted, &plan)
        .await
        .expect("restored");

    // People go on there, and the last capture stays what it was.
    let host = |name: &str| {
        let found = stage.scene.hosts.iter().find(|(known, _)| known == name);
        found.expect("a workspace").1.clone()
    };
    let environment = stage.main(ENVIRONMENT).expect("the environment");
    let environment = environment
        .replace(&host("dev"), &host("prod"))
        .replace("name: dev", "name: prod");
    stage.commit("main", ENVIRONMENT, Some(&environment));
    let pull = stage.captured().await;
    assert_eq!(paths(&stage, &pull), [LOCK], "{}", pull.body);
    assert!(!pull.body.contains("removed"), "{}", pull.body);
    let after = lock(&stage);
    assert_eq!(keys(&before), keys(&after), "{}", pull.body);
    assert_ne!(before, after, "the ids are others");
    let state = stage.capture().await;
    assert!(stage.open().is_empty(), "{:#?}", stage.open());
    assert_eq!(state.conflicts, 0);
    stage.stop().await;
}
