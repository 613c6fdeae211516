//! Which branch, whose commits, and what happens to a pull request that nobody wants.

use super::stage::Stage;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::{Options, REPOSITORY};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rolling_branch_keeps_peoples_commits_and_a_declined_one_stays_closed() {
    let stage = Stage::start(Options::short()).await;
    let dev = &stage.scene.people["dev"];
    stage.job("report").await;
    stage.capture().await;
    let pull = stage.pull();
    assert_eq!(pull.head_ref, "hodman/capture/dev");
    // A reviewer mends something right on the branch; main goes on meanwhile.
    let path = "resources/report.job.yml";
    let text = stage.file(&pull.head_sha, path).expect("the job");
    let better = text.replace("    report:\n", "    report:\n      # Ours.\n");
    assert_ne!(text, better);
    stage.commit("hodman/capture/dev", path, Some(&better));
    stage.commit("main", "NOTES.md", Some("notes\n"));
    dev.edit_job("report", |settings| {
        settings.insert("timeout_seconds".to_owned(), json!(60));
    })
    .await
    .expect("edited");
    stage.capture().await;
    let again = stage.pull();
    assert_eq!(again.number, pull.number);
    let text = stage.file(&again.head_sha, path).expect("the job");
    assert!(
        text.contains("# Ours.") && text.contains("timeout_seconds: 60"),
        "{text}"
    );
    assert!(
        stage.file(&again.head_sha, "NOTES.md").is_some(),
        "main is merged in"
    );

    // Declined: not opened again for just that.
    stage
        .scene
        .forge
        .close(REPOSITORY, again.number, "olga")
        .expect("closed");
    stage.capture().await;
    let declined = stage.open();
    // What a person had added on the branch was not declined as such: hodman's own proposal was.
    assert!(declined.is_empty(), "{declined:#?}");
    stage.capture().await;
    assert!(stage.open().is_empty());
    dev.edit_job("report", |settings| {
        settings.insert("timeout_seconds".to_owned(), json!(90));
    })
    .await
    .expect("edited");
    stage.capture().await;
    let new = stage.pull();
    assert_ne!(new.number, again.number);
    // Undone in the workspace: nothing is left to propose.
    let (id, _) = dev.job("report").await.expect("the job");
    dev.delete_job(id).await.expect("deleted");
    stage.capture().await;
    assert!(stage.open().is_empty());
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_run_has_a_branch_of_its_own_when_that_is_wanted() {
    let options = Options::short().edit(
        "environments/dev/environment.yaml",
        "capture:\n  jobs:",
        "capture:\n  branch: per-run\n  jobs:",
    );
    let stage = Stage::start(options).await;
    stage.job("one").await;
    stage.capture().await;
    let first = stage.pull();
    assert!(
        first.head_ref.starts_with("hodman/capture/dev-20"),
        "{}",
        first.head_ref
    );
    stage.capture().await;
    assert_eq!(
        stage.pull().number,
        first.number,
        "the same proposal is not made twice"
    );
    stage.job("two").await;
    stage.scene.clock.advance(chrono::Duration::seconds(2));
    stage.capture().await;
    let mut open = stage.open();
    open.sort_by_key(|pull| pull.number);
    assert_eq!(open.len(), 2, "{open:#?}");
    let second = &open[1];
    assert_ne!(second.head_ref, first.head_ref);
    assert!(
        stage
            .file(&second.head_sha, "resources/one.job.yml")
            .is_some()
            && stage
                .file(&second.head_sha, "resources/two.job.yml")
                .is_some(),
        "each is whole"
    );
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_is_not_served_is_not_proposed_for_removal() {
    let stage = Stage::start(Options::short()).await;
    let pool = json!({"instance_pool_name": "small", "node_type_id": "m5d.large", "min_idle_instances": 0});
    stage.post("/api/2.0/instance-pools/create", pool).await;
    stage.captured().await;
    assert!(
        stage.main("resources/small.instance_pool.yml").is_some(),
        "captured"
    );
    let refusal = FaultRule::status(403, 1000)
        .path_contains("/instance-pools/list")
        .body("{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"not for you\"}");
    stage.scene.workspace("dev").faults().add(refusal);
    stage.job("other").await;
    stage.capture().await;
    let pull = stage.pull();
    let files = stage
        .scene
        .forge
        .changed_files(REPOSITORY, pull.number)
        .expect("files");
    assert_eq!(
        files,
        ["environments/dev/captured.lock", "resources/other.job.yml"]
    );
    assert!(
        pull.body.contains("instance_pools") && pull.body.contains("not for you"),
        "{}",
        pull.body
    );
    stage.scene.workspace("dev").faults().clear();
    stage.capture().await;
    let pull = stage.pull();
    assert!(!pull.body.contains("not for you"), "{}", pull.body);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_that_are_refused_are_told_and_git_keeps_its_own() {
    let stage = Stage::start(Options::short()).await;
    let job = stage.job("report").await;
    let path = format!("/api/2.0/permissions/jobs/{job}");
    let access =
        json!({"access_control_list": [{"group_name": "users", "permission_level": "CAN_VIEW"}]});
    stage.call("dev", "PATCH", &path, access).await;
    stage.captured().await;
    let refusal = FaultRule::status(403, 1000)
        .path_contains(&path)
        .body("{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"not for you\"}");
    stage.scene.workspace("dev").faults().add(refusal);
    let dev = &stage.scene.people["dev"];
    dev.edit_job("report", |settings| {
        settings.insert("timeout_seconds".to_owned(), json!(60));
    })
    .await
    .expect("edited");
    stage.capture().await;
    let pull = stage.pull();
    let told = pull
        .body
        .lines()
        .find(|line| line.contains("who may do what"));
    let told = told.unwrap_or_else(|| panic!("{}", pull.body));
    assert!(
        told.contains("`report`") && told.contains("not for you"),
        "{told}"
    );
    let text = stage
        .file(&pull.head_sha, "resources/report.job.yml")
        .expect("the job");
    assert!(
        text.contains("timeout_seconds: 60") && text.contains("level: CAN_VIEW"),
        "{text}"
    );
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_in_git_stay_and_a_conflict_is_shown() {
    let stage = Stage::start(Options::short()).await;
    let dev = &stage.scene.people["dev"];
    let path = "resources/nightly.job.yml";
    let text = stage.main(path).expect("the job");
    let theirs = text.replace("0 0 2 * * ?", "0 0 4 * * ?");
    stage.commit("main", path, Some(&theirs));
    dev.edit_job("nightly", |settings| {
        settings["schedule"]["quartz_cron_expression"] = json!("0 0 5 * * ?");
        settings.insert("timeout_seconds".to_owned(), json!(60));
    })
    .await
    .expect("edited");
    let ended = stage.capture().await;
    assert_eq!(ended.conflicts, 1);
    assert_eq!(ended.conflicting, ["jobs.nightly"]);
    let pull = stage.pull();
    let text = stage.file(&pull.head_sha, path).expect("the job");
    assert!(
        text.contains("0 0 4 * * ?") && text.contains("timeout_seconds: 60"),
        "{text}"
    );
    assert!(
        pull.body.contains("conflict") && pull.body.contains("quartz_cron_expression"),
        "{}",
        pull.body
    );
    stage.stop().await;
}
