//! Objects that are gone, or were made anew under the name that they had.

use serde_json::json;

use super::{merged, project::Project};
use crate::capture::*;
use crate::files::CaptureFormat;

fn without(project: &mut Project, ids: &[&str]) {
    let left = |live: &LiveResource| !ids.contains(&live.listed.id.as_str());
    project.snapshot.resources.retain(left);
}

/// The paths that a capture would change, but for the lock.
fn paths(captured: &Captured) -> Vec<&str> {
    let paths = captured.changes.keys().map(String::as_str);
    paths.filter(|path| *path != lock_path("dev")).collect()
}

/// What a restore into another workspace leaves of `merged`.
fn restored(project: &mut Project) {
    project.snapshot.resources.clear();
    project.cluster(
        "c-9",
        "Shared ETL",
        json!({"spark_version": "15", "num_workers": 2}),
    );
    project.job(
        91,
        "Nightly load",
        json!({"max_concurrent_runs": 1, "tasks": [
            {"task_key": "load", "existing_cluster_id": "c-9",
             "notebook_task": {"notebook_path": "/Workspace/Shared/team/etl/load"}}]}),
    );
    project.job(
        92,
        "All",
        json!({"tasks": [{"task_key": "a", "run_job_task": {"job_id": 91}}]}),
    );
}

#[test]
fn what_was_restored_keeps_its_keys() {
    let mut project = merged();
    restored(&mut project);
    let captured = project.merge_capture();
    assert!(paths(&captured).is_empty(), "{captured:#?}");
    let [row] = captured.rows.as_slice() else {
        panic!("one line: {:?}", captured.rows)
    };
    assert_eq!(row.what, CapturedAs::Note);
    assert!(
        row.detail
            .ends_with("clusters.shared_etl, jobs.nightly_load, jobs.all"),
        "{row:?}"
    );
    let ids: Vec<&str> = project
        .lock
        .entries
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["c-9", "/Shared/team/etl/load", "92", "91"]);
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
    // And from here on it is that object, whatever its name.
    project.edit_job(91, |settings| settings["name"] = json!("Daily load"));
    let captured = project.capture();
    assert_eq!(paths(&captured), ["resources/nightly_load.job.yml"]);
    assert_eq!(captured.rows[0].what, CapturedAs::Renamed);
}

#[test]
fn restored_jobs_of_one_name_are_each_their_own() {
    let mut project = Project::new();
    project.job(11, "Load", json!({"timeout_seconds": 60}));
    project.job(12, "Load", json!({"timeout_seconds": 90}));
    project.merge_capture();
    project.snapshot.resources.clear();
    let tags =
        |key: &str| json!({"hodman_pipeline": "shop", "hodman_env": "restore", "hodman_key": key});
    project.job(
        92,
        "Load",
        json!({"timeout_seconds": 60, "tags": tags("load")}),
    );
    project.job(
        91,
        "Load",
        json!({"timeout_seconds": 90, "tags": tags("load_2")}),
    );
    let captured = project.merge_capture();
    assert!(paths(&captured).is_empty(), "{captured:#?}");
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn a_job_deleted_and_made_again_is_the_same_job() {
    let mut project = merged();
    let settings = json!({"timeout_seconds": 60, "tasks": [{"task_key": "a", "run_job_task": {"job_id": 11}}]});
    without(&mut project, &["12"]);
    project.job(13, "All", settings);
    let captured = project.merge_capture();
    assert_eq!(paths(&captured), ["resources/all.job.yml"]);
    assert!(
        project
            .text("resources/all.job.yml")
            .contains("timeout_seconds: 60")
    );
    let changed = captured
        .rows
        .iter()
        .find(|row| row.what == CapturedAs::Changed);
    assert_eq!(changed.unwrap().key, "jobs.all");
    assert_eq!(project.capture().rows, []);
}

#[test]
fn a_namesake_is_no_heir_while_the_first_is_there() {
    let mut project = merged();
    project.job(13, "All", json!({}));
    let captured = project.capture();
    assert_eq!(paths(&captured), ["resources/all_2.job.yml"]);
    // What could not be looked for is not gone.
    without(&mut project, &["12"]);
    let unread = Unread {
        why: "403".into(),
        lacking: false,
    };
    project.snapshot.unread.insert("jobs".into(), unread);
    assert_eq!(paths(&project.capture()), ["resources/all_2.job.yml"]);
}

#[test]
fn terraform_files_keep_their_names_when_the_objects_are_made_anew() {
    let mut project = super::started();
    project.rules.format = CaptureFormat::Terraform;
    project.merge_capture();
    restored(&mut project);
    let captured = project.merge_capture();
    assert_eq!(
        paths(&captured),
        [
            "terraform/all.job.tf",
            "terraform/nightly_load.job.tf",
            "terraform/shared_etl.cluster.tf"
        ]
    );
    let text = project.text("terraform/nightly_load.job.tf");
    assert!(
        text.contains("\"91\"") && !text.contains("\"11\""),
        "the import: {text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    // A reference to what is gone is an id again.
    without(&mut project, &["c-9"]);
    let captured = project.capture();
    let job = captured.changes["terraform/nightly_load.job.tf"].clone();
    let job = String::from_utf8(job.unwrap()).unwrap();
    assert!(job.contains("existing_cluster_id = \"c-9\""), "{job}");
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == "jobs.nightly_load" && row.detail.contains("c-9, which is gone"))
    );
}

#[test]
fn what_others_refer_to_stays_and_is_told() {
    let mut project = merged();
    without(&mut project, &["c-1"]);
    let captured = project.merge_capture();
    assert_eq!(paths(&captured), Vec::<&str>::new());
    let [row] = captured.rows.as_slice() else {
        panic!("one line: {:?}", captured.rows)
    };
    assert_eq!(
        (row.key.as_str(), row.what, row.detail.as_str()),
        (
            "clusters.shared_etl",
            CapturedAs::Conflict,
            "gone from the workspace, but jobs.nightly_load still refers to it; it stays until that is changed"
        )
    );
    // Together they go.
    without(&mut project, &["11", "12"]);
    assert_eq!(
        paths(&project.capture()),
        [
            "resources/all.job.yml",
            "resources/nightly_load.job.yml",
            "resources/shared_etl.cluster.yml"
        ]
    );
    // And in the order that was asked for: nothing refers to what is left.
    project.rewrite("resources/all.job.yml", |text| {
        text + "      tags: {a: b}\n"
    });
    let captured = project.capture();
    assert_eq!(paths(&captured), Vec::<&str>::new(), "{captured:#?}");
}

/// With a cluster that Git removed, and that a job of the repository still names by its id.
fn removed_in_git() -> Project {
    let mut project = merged();
    project.rewrite("resources/nightly_load.job.yml", |text| {
        text.replace("${resources.clusters.shared_etl.id}", "c-1")
    });
    project.tree.remove("resources/shared_etl.cluster.yml");
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![]),
        "Git wins"
    );
    project.job(
        13,
        "New",
        json!({"tasks": [{"task_key": "t", "existing_cluster_id": "c-1"}]}),
    );
    project
}

#[test]
fn a_reference_to_what_git_removed_is_looked_up_by_name() {
    let mut project = removed_in_git();
    project.merge_capture();
    let text = project.text("resources/new.job.yml");
    assert!(
        text.contains("existing_cluster_id: ${var.cluster_shared_etl}\n"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn a_reference_to_what_git_removed_is_an_id_with_a_note_where_two_have_its_name() {
    let mut project = removed_in_git();
    project.cluster("c-2", "Shared ETL", json!({"spark_version": "15"}));
    let captured = project.merge_capture();
    let text = project.text("resources/new.job.yml");
    assert!(text.contains("existing_cluster_id: c-1\n"), "{text}");
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == "jobs.new" && row.detail.contains("refers to clusters c-1"))
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn a_bundle_that_would_not_resolve_is_told_before_it_is_merged() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| {
        "bundle: {name: shop}\ninclude: [resources/*.yml]\ntargets: {dev: {default: true}}\n".into()
    });
    project.edit_job(12, |settings| {
        settings["tags"] = json!({"x": "${var.nowhere}"});
    });
    let captured = project.capture();
    let told = captured.rows.iter().find(|row| {
        row.detail
            .contains("does not resolve with what is proposed")
    });
    let told = told.unwrap_or_else(|| panic!("{:#?}", captured.rows));
    assert_eq!(
        (told.key.as_str(), told.what),
        ("resources/all.job.yml", CapturedAs::Conflict)
    );
    project.edit_job(12, |settings| {
        settings["tags"] = json!({"x": "y"});
    });
    let rows = project.capture().rows;
    assert!(
        rows.iter().all(|row| row.what == CapturedAs::Changed),
        "{rows:?}"
    );
}
