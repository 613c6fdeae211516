//! Stories: what people did in the workspace and in Git since the last capture, and what is proposed.

mod adoption;
mod adoption_lists;
mod beside;
mod chosen;
mod chosen_kinds;
mod copies;
mod designer;
mod detached;
mod existing;
mod files;
mod folders;
mod found;
mod gone;
mod identity;
mod include;
mod inside;
mod literals;
mod moved;
mod outside;
mod paths;
mod places;
mod prefixes;
mod project;
mod queues;
mod references;
mod rules;
mod shared_folders;
mod targets;
mod terraform;
mod unnamed;
mod variables;
mod varied;

use serde_json::json;

use super::*;
use project::Project;

fn started() -> Project {
    let mut project = Project::new();
    project.cluster(
        "c-1",
        "Shared ETL",
        json!({"spark_version": "15", "num_workers": 2, "aws_attributes": {"zone_id": "eu-1a"}}),
    );
    project.notebook("/Workspace/Shared/team/etl/load", "print(1)\n");
    project.job(
        11,
        "Nightly load",
        json!({"max_concurrent_runs": 1, "format": "MULTI_TASK", "run_as": {"user_name": "ada@example.com"}, "tasks": [
            {"task_key": "load", "run_if": "ALL_SUCCESS", "existing_cluster_id": "c-1",
             "notebook_task": {"notebook_path": "/Workspace/Shared/team/etl/load", "source": "WORKSPACE"}}]}),
    );
    project.job(
        12,
        "All",
        json!({"tasks": [{"task_key": "a", "run_job_task": {"job_id": 11}}]}),
    );
    project
}

/// Captured once and merged.
fn merged() -> Project {
    let mut project = started();
    project.merge_capture();
    project
}

#[test]
fn a_first_capture_writes_clean_files() {
    let captured = started().capture();
    let text = |path: &str| String::from_utf8(captured.changes[path].clone().unwrap()).unwrap();
    assert_eq!(
        text("resources/nightly_load.job.yml"),
        "resources:
  jobs:
    nightly_load:
      name: Nightly load
      tasks:
        - task_key: load
          existing_cluster_id: ${resources.clusters.shared_etl.id}
          notebook_task:
            notebook_path: ../src/etl/load.py
"
    );
    assert_eq!(
        text("resources/shared_etl.cluster.yml"),
        "resources:
  clusters:
    shared_etl:
      cluster_name: Shared ETL
      spark_version: \"15\"
      num_workers: 2
"
    );
    assert!(text("resources/all.job.yml").contains("job_id: ${resources.jobs.nightly_load.id}"));
    assert_eq!(
        text("src/etl/load.py"),
        "# Databricks notebook source\nprint(1)\n"
    );
    assert_eq!(captured.changes.len(), 5);
    assert_eq!(captured.lock.entries.len(), 4);
    let added: Vec<_> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Added)
        .collect();
    assert_eq!(added.len(), 4);
    assert!(
        added
            .iter()
            .filter(|row| row.key.starts_with("jobs."))
            .all(|row| row.by == "ada@example.com" && row.at.is_some())
    );
    let notes: Vec<_> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note)
        .map(|row| row.key.as_str())
        .collect();
    assert_eq!(
        notes,
        ["clusters.shared_etl", "jobs.nightly_load"],
        "run_as is named, and the zone; nothing else"
    );
}

#[test]
fn nothing_changed_is_no_change_with_the_lock_and_without() {
    let mut project = merged();
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
    project.lock = Default::default();
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_order() {
    let mut project = started();
    project.job(13, "Nightly load", json!({}));
    let first = project.capture();
    project.snapshot.resources.reverse();
    assert_eq!(project.capture(), first);
    assert!(
        first
            .changes
            .contains_key("resources/nightly_load_2.job.yml")
    );
}

#[test]
fn a_change_in_dev_edits_the_file_and_keeps_its_comments() {
    let mut project = merged();
    project.rewrite("resources/nightly_load.job.yml", |text| {
        format!("# ours\n{text}# end\n")
    });
    project.edit_job(11, |settings| {
        settings["schedule"] = json!({"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"});
    });
    let captured = project.capture();
    assert_eq!(captured.changes.len(), 3, "{captured:?}");
    let text = String::from_utf8(
        captured.changes["resources/nightly_load.job.yml"]
            .clone()
            .unwrap(),
    )
    .unwrap();
    assert!(
        text.starts_with("# ours\n") && text.ends_with("# end\n"),
        "{text}"
    );
    assert!(text.contains("      schedule:\n        quartz_cron_expression: \"0 0 5 * * ?\"\n        timezone_id: UTC\n        pause_status: ${var.pause_status_unpaused}\n"), "{text}");
    let row = &captured.rows[0];
    assert_eq!(
        (row.what, row.by.as_str(), row.detail.as_str()),
        (CapturedAs::Changed, UNKNOWN, "schedule")
    );
    project.merge_capture();
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn an_edit_in_git_wins_while_dev_is_still() {
    let mut project = merged();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: Everything")
    });
    let captured = project.capture();
    assert_eq!(
        (captured.changes, captured.rows),
        (BTreeMap::new(), Vec::new())
    );
}

#[test]
fn both_changed_different_fields_is_a_merge() {
    let mut project = merged();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("      name: All\n", "      name: Everything   # in Git\n")
    });
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(60));
    project.merge_capture();
    let text = project.text("resources/all.job.yml");
    assert!(
        text.contains("name: Everything   # in Git\n") && text.contains("timeout_seconds: 60\n"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn both_changed_the_same_field_is_a_conflict_and_git_stays() {
    let mut project = merged();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All\n", "name: Everything\n")
    });
    project.edit_job(12, |settings| {
        settings["name"] = json!("The lot");
        settings["timeout_seconds"] = json!(60);
    });
    let captured = project.merge_capture();
    let conflict = captured
        .rows
        .iter()
        .find(|row| row.what == CapturedAs::Conflict)
        .unwrap();
    assert_eq!(
        conflict.detail,
        "changed in the workspace and in Git: name; Git's values stay"
    );
    let text = project.text("resources/all.job.yml");
    assert!(
        text.contains("name: Everything\n") && text.contains("timeout_seconds: 60\n"),
        "{text}"
    );
    let again = project.capture();
    assert_eq!(again.changes, BTreeMap::new());
    assert_eq!(again.rows.len(), 1, "shown until it is settled");
    project.edit_job(12, |settings| settings["name"] = json!("Everything"));
    assert_eq!(project.capture().rows, []);
}

#[test]
fn without_a_base_every_difference_is_a_conflict() {
    let mut project = merged();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All\n", "name: Everything\n")
    });
    project.history.clear();
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(60));
    let captured = project.capture();
    assert_eq!(captured.changes, BTreeMap::new());
    assert!(
        captured
            .rows
            .iter()
            .all(|row| row.what == CapturedAs::Conflict)
    );
}

#[test]
fn what_is_gone_from_dev_is_removed_unless_git_changed_it() {
    let mut project = merged();
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id != "12");
    let captured = project.capture();
    assert_eq!(captured.changes["resources/all.job.yml"], None);
    assert_eq!(captured.rows[0].what, CapturedAs::Removed);
    assert_eq!(captured.lock.entries.len(), 3);
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: Everything")
    });
    let captured = project.capture();
    assert_eq!(
        (captured.changes.len(), captured.rows[0].what),
        (0, CapturedAs::Conflict)
    );
}

#[test]
fn what_git_removed_stays_removed() {
    let mut project = merged();
    project.tree.remove("resources/all.job.yml");
    assert_eq!(
        (
            project.capture().changes.len(),
            project.capture().rows.len()
        ),
        (0, 0)
    );
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(60));
    let captured = project.capture();
    assert_eq!(
        (captured.changes.len(), captured.rows[0].what),
        (0, CapturedAs::Conflict)
    );
}

#[test]
fn a_renamed_job_keeps_its_key() {
    let mut project = merged();
    project.edit_job(11, |settings| settings["name"] = json!("Daily load"));
    let captured = project.merge_capture();
    assert_eq!(captured.rows[0].what, CapturedAs::Renamed);
    assert!(
        project
            .text("resources/nightly_load.job.yml")
            .contains("    nightly_load:\n      name: Daily load\n")
    );
}

#[test]
fn a_removed_task_and_a_new_one_are_edits_of_the_list() {
    let mut project = merged();
    project.edit_job(12, |settings| {
        settings["tasks"] = json!([{"task_key": "b", "run_job_task": {"job_id": 11}}])
    });
    project.merge_capture();
    let text = project.text("resources/all.job.yml");
    assert!(
        !text.contains("task_key: a") && text.contains("task_key: b"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn rules_choose_and_marked_objects_are_left_out() {
    let mut project = started();
    let only = |include: &[&str], exclude: &[&str]| crate::files::Selection {
        include: include.iter().map(|glob| (*glob).to_owned()).collect(),
        exclude: exclude.iter().map(|glob| (*glob).to_owned()).collect(),
    };
    project
        .rules
        .by_kind
        .insert("jobs".into(), only(&["*"], &["All"]));
    project
        .rules
        .by_kind
        .insert("clusters".into(), only(&[], &[]));
    project.job(
        20,
        "Promoted",
        json!({"tags": {"hodman_pipeline": "p", "hodman_env": "qa", "hodman_key": "x"}}),
    );
    let captured = project.capture();
    let paths: Vec<&str> = captured.changes.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "databricks.yml",
            "environments/dev/captured.lock",
            "resources/nightly_load.job.yml",
            "src/etl/load.py"
        ]
    );
    let text = captured.changes["resources/nightly_load.job.yml"].clone();
    let text = String::from_utf8(text.unwrap()).unwrap();
    assert!(
        text.contains("existing_cluster_id: ${var.cluster_shared_etl}"),
        "{text}"
    );
}

#[test]
fn an_object_that_the_rules_leave_out_later_stays_in_git() {
    let mut project = merged();
    let but_all = crate::files::Selection {
        exclude: vec!["All".into()],
        ..Default::default()
    };
    project.rules.by_kind.insert("jobs".into(), but_all);
    assert_eq!(
        (
            project.capture().changes.len(),
            project.capture().rows.len()
        ),
        (0, 0)
    );
}

#[test]
fn a_broken_file_is_an_error_with_its_place() {
    let mut project = started();
    project.rewrite("resources/bad.yml", |_| "resources:\n  jobs: [\n".into());
    let error = project.try_capture().unwrap_err();
    assert_eq!(error.0[0].file, "resources/bad.yml");
}
