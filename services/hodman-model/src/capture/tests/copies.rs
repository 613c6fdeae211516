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

const FILES: &str = "/Workspace/Users/ada@example.com/.bundle/shop/dev/files";

/// A bundle with a notebook and a file, and what its deployment in development makes of it.
fn deployed() -> Project {
    let mut project = Project::new();
    for (path, text) in [
        ("src/load.py", "# Databricks notebook source\nprint(1)\n"),
        ("src/lib/main.py", "print(2)\n"),
        (
            "resources/jobs.yml",
            "resources:\n  jobs:\n    load:\n      name: Load\n      tasks:\n        - task_key: a\n          notebook_task: {notebook_path: ../src/load.py}\n        - task_key: b\n          spark_python_task: {python_file: ../src/lib/main.py}\n    all:\n      name: All\n      tasks:\n        - task_key: a\n          run_job_task: {job_id: \"${resources.jobs.load.id}\"}\n",
        ),
    ] {
        project.rewrite(path, |_| text.into());
    }
    project.job(21, "[dev ada] Load", json!({"tags": {"dev": "ada"}, "max_concurrent_runs": 4, "tasks": [
        {"task_key": "a", "notebook_task": {"notebook_path": format!("{FILES}/src/load")}},
        {"task_key": "b", "spark_python_task": {"python_file": format!("{FILES}/src/lib/main.py")}}]}));
    project.job(
        22,
        "[dev ada] All",
        json!({"tags": {"dev": "ada"}, "max_concurrent_runs": 4, "tasks": [
        {"task_key": "a", "run_job_task": {"job_id": 21}}]}),
    );
    project
}

#[test]
fn a_deployed_copy_runs_the_files_of_the_repository() {
    let mut project = deployed();
    let captured = project.capture();
    assert_eq!((captured.changes, captured.rows), (BTreeMap::new(), vec![]));
    // With the next real change the lock knows them, and from then on an edit of the copy is one of the original.
    project.job(30, "New", json!({}));
    project.merge_capture();
    for id in ["21", "22"] {
        assert!(project.lock.entries.iter().any(|entry| entry.id == id));
    }
    project.edit_job(21, |settings| settings["timeout_seconds"] = json!(60));
    let captured = project.merge_capture();
    assert_eq!(
        captured.rows.iter().map(|row| row.what).collect::<Vec<_>>(),
        [CapturedAs::Changed]
    );
    let text = project.text("resources/jobs.yml");
    assert!(
        text.contains("timeout_seconds: 60") && text.contains("../src/load.py"),
        "{text}"
    );
    assert!(!text.contains("[dev"), "{text}");
}

#[test]
fn what_refers_to_a_folded_copy_means_the_original() {
    let mut project = Project::new();
    project.job(11, "Load", json!({}));
    project.job(12, "[dev ada] Load", json!({}));
    project.job(
        13,
        "Watch",
        json!({"tasks": [{"task_key": "a", "run_job_task": {"job_id": 12}}]}),
    );
    project.merge_capture();
    let text = project.text("resources/watch.job.yml");
    assert!(text.contains("job_id: ${resources.jobs.load.id}"), "{text}");
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn experiments_are_copied_inside_of_their_folder() {
    let mut project = Project::new();
    let experiment = |id: &str, name: &str| json!({"experiment_id": id, "name": name, "lifecycle_stage": "active", "tags": [{"key": "team", "value": "shop"}, {"key": "dev", "value": "ada"}]});
    project.object(
        "experiments",
        "1",
        experiment("1", "/Shared/[dev ada] churn"),
    );
    let captured = project.merge_capture();
    let path = "resources/shared_churn.experiment.yml";
    assert!(captured.changes.contains_key(path), "{:?}", captured.rows);
    let text = project.text(path);
    assert!(
        text.contains("name: /Workspace/Shared/churn\n")
            && text.contains("team")
            && !text.contains("ada"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn twins_have_the_same_whole_name_and_references_to_them_are_kept() {
    let schema = |catalog: &str| json!({"name": "sales", "catalog_name": catalog, "full_name": format!("{catalog}.sales")});
    let mut here = Project::new();
    here.object("schemas", "eu.sales", schema("eu"));
    here.cluster("c-1", "ETL", json!({"num_workers": 1}));
    here.job(11, "Nightly", json!({}));
    let mut there = Project::new();
    there.snapshot.workspace = "dev-us".into();
    there.object("schemas", "us.sales", schema("us"));
    there.cluster("c-9", "ETL", json!({"num_workers": 1}));
    there.job(12, "American", json!({"tasks": [{"task_key": "a", "existing_cluster_id": "c-9"}, {"task_key": "b", "run_job_task": {"job_id": 14}}]}));
    there.job(13, "Nightly", json!({}));
    there.job(14, "Nightly", json!({"timeout_seconds": 7}));
    let (joined, notes) = join(vec![here.snapshot.clone(), there.snapshot.clone()]);
    assert_eq!(notes, [""; 0]);
    here.snapshot = joined;
    here.merge_capture();
    let keys: Vec<String> = here
        .lock
        .entries
        .iter()
        .map(|entry| format!("{}.{}", entry.kind, entry.key))
        .collect();
    assert_eq!(
        keys,
        [
            "clusters.etl",
            "jobs.american",
            "jobs.nightly",
            "jobs.nightly_2",
            "schemas.sales",
            "schemas.sales_2"
        ]
    );
    let text = here.text("resources/american.job.yml");
    assert!(
        text.contains("existing_cluster_id: ${resources.clusters.etl.id}")
            && text.contains("job_id: ${resources.jobs.nightly_2.id}"),
        "{text}"
    );
    assert_eq!(here.capture().changes, BTreeMap::new());
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

#[test]
fn a_job_that_is_called_like_a_copied_schema_is_no_copy() {
    let mut project = Project::new();
    project.job(11, "orders", json!({}));
    project.job(12, "dev_ada_orders", json!({}));
    let schema = |name: &str| json!({"name": name, "catalog_name": "main", "full_name": format!("main.{name}"), "created_by": "ada@example.com"});
    project.object("schemas", "main.sales", schema("sales"));
    project.object("schemas", "main.dev_ada_sales", schema("dev_ada_sales"));
    let captured = project.merge_capture();
    let folded = |name: &str| {
        let words = format!("development copy of `{name}`");
        captured.rows.iter().any(|row| row.detail.contains(&words))
    };
    assert!(folded("sales") && !folded("orders"), "{:?}", captured.rows);
    let text = project.text("resources/dev_ada_orders.job.yml");
    assert!(text.contains("name: dev_ada_orders"), "{text}");
}
