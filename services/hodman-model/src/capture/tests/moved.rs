//! What people gave other keys and places in Git.

use serde_json::json;

use super::project::Project;
use super::{merged, started};
use crate::capture::*;
use crate::files::CaptureFormat;

const JOB: &str = "resources/nightly_load.job.yml";

/// A reviewer called the job otherwise.
fn renamed() -> Project {
    let mut project = merged();
    project.rewrite(JOB, |text| text.replace("nightly_load:", "nightly:"));
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("jobs.nightly_load.id", "jobs.nightly.id")
    });
    project
}

fn said(captured: &Captured) -> Vec<(&str, CapturedAs)> {
    let rows = captured.rows.iter();
    rows.map(|row| (row.key.as_str(), row.what)).collect()
}

#[test]
fn a_key_that_git_renamed_goes_on_being_captured() {
    let mut project = renamed();
    assert_eq!(project.capture().rows, []);
    project.edit_job(11, |settings| settings["timeout_seconds"] = json!(60));
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(70));
    let captured = project.merge_capture();
    assert_eq!(
        said(&captured),
        [
            ("jobs.all", CapturedAs::Changed),
            ("jobs.nightly", CapturedAs::Changed),
            ("jobs.nightly", CapturedAs::Note),
        ]
    );
    assert!(project.text(JOB).contains("timeout_seconds: 60\n"));
    let mut keys = captured.lock.entries.iter().map(|entry| &entry.key);
    assert!(keys.any(|key| key == "nightly"), "{:?}", captured.lock);
    assert_eq!(project.capture().rows, []);
}

#[test]
fn what_is_gone_is_removed_under_the_key_that_git_gave_it() {
    let mut project = renamed();
    project.rewrite("resources/all.job.yml", |_| "resources: {}\n".to_owned());
    let gone = |live: &LiveResource| live.listed.id == "11" || live.listed.id == "12";
    project.snapshot.resources.retain(|live| !gone(live));
    let captured = project.capture();
    assert_eq!(captured.changes.get(JOB), Some(&None), "{captured:#?}");
}

#[test]
fn a_job_that_moved_to_another_file_and_changed_there_is_merged() {
    let mut project = renamed();
    let text = project.text(JOB);
    let old = project.tree.remove(JOB).unwrap().bytes.to_vec();
    project.history.push((JOB.to_owned(), old));
    project.rewrite("resources/jobs.yml", |_| {
        format!("{text}      description: Ours.\n")
    });
    project.edit_job(11, |settings| settings["timeout_seconds"] = json!(60));
    let captured = project.merge_capture();
    assert!(
        captured
            .rows
            .iter()
            .all(|row| row.what != CapturedAs::Conflict),
        "{captured:#?}"
    );
    let text = project.text("resources/jobs.yml");
    assert!(
        text.contains("timeout_seconds: 60") && text.contains("description: Ours."),
        "{text}"
    );
}

/// Somebody moved the notebook, in the words of Git: as it was, then with `edit`.
fn source_moved(project: &mut Project, edit: impl Fn(String) -> String) {
    let text = project.text("src/etl/load.py");
    project.tree.remove("src/etl/load.py");
    project.rewrite("src/jobs/load.py", |_| text);
    if edit(project.text("src/jobs/load.py")) != project.text("src/jobs/load.py") {
        project.rewrite("src/jobs/load.py", edit);
    }
    if project.tree.contains_key(JOB) {
        project.rewrite(JOB, |text| {
            text.replace("src/etl/load.py", "src/jobs/load.py")
        });
    }
}

const NOTEBOOK: &str = "/Workspace/Shared/team/etl/load";

#[test]
fn a_source_that_git_moved_goes_on_being_captured() {
    let mut project = merged();
    source_moved(&mut project, |text| text);
    assert_eq!(project.capture().rows, []);
    project.notebook(NOTEBOOK, "print(2)\n");
    let captured = project.merge_capture();
    assert_eq!(
        said(&captured),
        [
            ("src/jobs/load.py", CapturedAs::Changed),
            ("src/jobs/load.py", CapturedAs::Note)
        ]
    );
    assert!(captured.rows[1].detail.contains("`src/etl/load.py`"));
    assert!(project.text("src/jobs/load.py").ends_with("print(2)\n"));
    project.snapshot.files.clear();
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id == "c-1");
    let captured = project.capture();
    assert_eq!(captured.changes.get("src/jobs/load.py"), Some(&None));
}

#[test]
fn a_source_that_git_moved_and_changed_is_merged() {
    let mut project = started();
    project.notebook(NOTEBOOK, "a\nb\nc\nd\ne\n");
    project.merge_capture();
    source_moved(&mut project, |text| text.replace("\ne\n", "\ne # Git\n"));
    project.notebook(NOTEBOOK, "a # dev\nb\nc\nd\ne\n");
    let captured = project.merge_capture();
    assert_eq!(
        said(&captured),
        [
            ("src/jobs/load.py", CapturedAs::Changed),
            ("src/jobs/load.py", CapturedAs::Note)
        ]
    );
    assert!(captured.rows[1].detail.contains("`src/etl/load.py`"));
    let text = project.text("src/jobs/load.py");
    assert!(
        text.contains("a # dev") && text.contains("e # Git"),
        "{text}"
    );
}

#[test]
fn two_files_that_say_the_same_are_no_place_to_go() {
    let mut project = merged();
    let text = project.text("src/etl/load.py");
    project.tree.remove("src/etl/load.py");
    project.rewrite("src/a.py", |_| text.clone());
    project.rewrite("src/b.py", |_| text);
    project.notebook(NOTEBOOK, "print(2)\n");
    let captured = project.capture();
    assert!(
        said(&captured).contains(&("src/etl/load.py", CapturedAs::Conflict)),
        "{captured:#?}"
    );
}

#[test]
fn what_was_there_before_is_no_place_to_go_and_nothing_of_the_workspace_removes_it() {
    let mut project = started();
    // The same notebook, which somebody uses otherwise.
    project.merge_capture();
    let text = project.text("src/etl/load.py");
    project.rewrite("scripts/other.py", |_| text);
    project.edit_job(11, |settings| settings["timeout_seconds"] = json!(60));
    project.merge_capture();
    project.tree.remove("src/etl/load.py");
    project.snapshot.files.clear();
    let gone = |live: &LiveResource| live.listed.id == "11" || live.listed.id == "12";
    project.snapshot.resources.retain(|live| !gone(live));
    let captured = project.capture();
    assert!(
        !captured.changes.contains_key("scripts/other.py"),
        "{captured:#?}"
    );
}

#[test]
fn what_says_nothing_goes_nowhere() {
    for text in ["", "\n"] {
        let mut project = started();
        project.notebook(NOTEBOOK, text);
        project.merge_capture();
        let text = project.text("src/etl/load.py");
        project.tree.remove("src/etl/load.py");
        project.rewrite("src/jobs/other.py", |_| text);
        project.snapshot.files.clear();
        let captured = project.capture();
        assert!(
            !captured.changes.contains_key("src/jobs/other.py"),
            "{captured:#?}"
        );
    }
}

#[test]
fn terraform_follows_a_source_that_git_moved() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.merge_capture();
    source_moved(&mut project, |text| text);
    project.notebook(NOTEBOOK, "print(2)\n");
    project.merge_capture();
    assert!(project.text("src/jobs/load.py").ends_with("print(2)\n"));
    let job = project.text("terraform/nightly_load.job.tf");
    assert!(
        job.contains("databricks_notebook.jobs_load_py.path"),
        "{job}"
    );
}
