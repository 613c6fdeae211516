//! Files of Lakeflow Designer: Jupyter's JSON that a workspace keeps under its whole name.

use serde_json::json;

use super::project::Project;
use crate::bundle::Language;
use crate::capture::*;
use crate::files::CaptureFormat;

const LIVE: &str = "/Workspace/Shared/team/prep.designer.ipynb";
const FILE: &str = "src/prep.designer.ipynb";

fn written(source: &str) -> String {
    json!({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [
        {"cell_type": "code", "execution_count": 3, "metadata": {}, "source": [source],
         "outputs": [{"output_type": "stream", "text": ["4111"]}]}]})
    .to_string()
}

/// A job that runs one.
fn designed() -> Project {
    let mut project = Project::new();
    project.live_file(LIVE, written("a = 1").as_bytes(), Some(Language::Designer));
    let task = json!({"task_key": "prep", "notebook_task": {"notebook_path": LIVE}});
    project.job(11, "Prep", json!({ "tasks": [task] }));
    project
}

#[test]
fn it_is_captured_under_its_name_without_what_runs_left() {
    let mut project = designed();
    project.merge_capture();
    let text = project.text(FILE);
    assert!(text.contains("a = 1") && !text.contains("4111"), "{text}");
    let job = project.text("resources/prep.job.yml");
    assert!(
        job.contains("notebook_path: ../src/prep.designer.ipynb\n"),
        "{job}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    // Edited on both sides' behalf: what the workspace has arrives.
    project.live_file(
        LIVE,
        written("%run ./other").as_bytes(),
        Some(Language::Designer),
    );
    let captured = project.merge_capture();
    assert!(project.text(FILE).contains("%run ./other"));
    let told = captured.rows.iter().any(|row| {
        row.key == FILE
            && row
                .detail
                .starts_with("runs /Shared/team/other with `%run`")
    });
    assert!(told, "{:#?}", captured.rows);
}

#[test]
fn terraform_has_no_word_for_it_and_says_so() {
    let mut project = designed();
    project.rules.format = CaptureFormat::Terraform;
    let captured = project.merge_capture();
    assert!(project.tree.contains_key(FILE));
    let sources = captured.changes.keys();
    assert_eq!(
        sources.filter(|path| path.ends_with(".source.tf")).count(),
        0
    );
    let told: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note && row.detail.contains("prep.designer.ipynb"))
        .map(|row| row.key.as_str())
        .collect();
    assert_eq!(told, ["jobs.prep", FILE], "{:#?}", captured.rows);
    let job = project.text("terraform/prep.job.tf");
    assert!(job.contains(LIVE), "{job}");
}
