//! Development copies of a bundle.

use serde_json::json;

use super::project::Project;
use crate::capture::*;

#[test]
fn copies_fold_into_the_original() {
    let mut project = Project::new();
    project.job(11, "Nightly", json!({"timeout_seconds": 5}));
    project.job(12, "[dev ada] Nightly", json!({"timeout_seconds": 6}));
    project.job(13, "[dev bob] Nightly", json!({"timeout_seconds": 7}));
    let captured = project.merge_capture();
    assert!(
        project
            .text("resources/nightly.job.yml")
            .contains("timeout_seconds: 5")
    );
    assert_eq!(captured.changes.len(), 2, "{:?}", captured.changes.keys());
    let notes = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note);
    assert_eq!(
        notes
            .filter(|row| row.detail.contains("development copy of `Nightly`"))
            .count(),
        2
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn a_copy_alone_stands_for_its_original() {
    let mut project = Project::new();
    project.rewrite("resources/nightly.job.yml", |_| {
        "resources:\n  jobs:\n    nightly:\n      name: Nightly\n      schedule: {quartz_cron_expression: 0 0 2 * * ?, timezone_id: UTC}\n      max_concurrent_runs: 2\n      timeout_seconds: 5\n".into()
    });
    let schedule = |status: &str| json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": status});
    project.job(
        12,
        "[dev ada] Nightly",
        json!({"timeout_seconds": 5, "tags": {"dev": "ada"},
        "max_concurrent_runs": 4, "schedule": schedule("PAUSED")}),
    );
    let captured = project.capture();
    assert_eq!(
        (captured.changes, captured.rows),
        (BTreeMap::new(), vec![]),
        "what the mode set is no change"
    );
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(9));
    // Without a lock nobody knows who changed it; with one from before, the workspace did.
    assert_eq!(project.capture().rows[0].what, CapturedAs::Conflict);
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(5));
    project.lock = project.capture().lock;
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(9));
    project.merge_capture();
    let text = project.text("resources/nightly.job.yml");
    assert!(
        text.contains("name: Nightly\n") && text.contains("timeout_seconds: 9"),
        "{text}"
    );
    assert!(
        text.contains("max_concurrent_runs: 2")
            && !text.contains("PAUSED")
            && !text.contains("dev"),
        "{text}"
    );
}

#[test]
fn several_workspaces_are_one() {
    let mut here = Project::new();
    here.job(11, "Nightly", json!({"timeout_seconds": 5}));
    let mut there = Project::new();
    there.snapshot.workspace = "dev-us".into();
    there.cluster("c-1", "ETL", json!({"num_workers": 1}));
    there.job(11, "Nightly", json!({"timeout_seconds": 6}));
    there.job(
        12,
        "American",
        json!({"tasks": [{"task_key": "a", "existing_cluster_id": "c-1"}]}),
    );
    let (joined, notes) = join(vec![here.snapshot.clone(), there.snapshot.clone()]);
    assert_eq!(
        notes,
        ["jobs `Nightly` is not the same in dev-us as in dev"]
    );
    here.snapshot = joined;
    here.merge_capture();
    assert!(
        here.text("resources/american.job.yml")
            .contains("${resources.clusters.etl.id}")
    );
    assert!(
        here.text("resources/nightly.job.yml")
            .contains("timeout_seconds: 5")
    );
    assert!(
        here.lock
            .entries
            .iter()
            .any(|entry| entry.id == "dev-us:12")
    );
    assert_eq!(here.capture().changes, BTreeMap::new());
}
