//! Where files lie, and which of them could not be read.

use serde_json::json;

use super::{merged, project::Project};
use crate::bundle::Language;
use crate::capture::*;
use crate::files::{CaptureFormat, Seen, parse_captured_lock};

const FILE: &str = "src/etl/load.py";

fn paths(captured: &Captured) -> Vec<&str> {
    let paths = captured.changes.keys().map(String::as_str);
    paths.filter(|path| *path != lock_path("dev")).collect()
}

fn seen(project: &mut Project, path: &str, object_id: i64) {
    let seen = Seen {
        object_id,
        modified_at: 1,
    };
    project.snapshot.files.get_mut(path).unwrap().seen = Some(seen);
}

#[test]
fn an_older_file_is_not_gone() {
    let mut project = merged();
    project.edit_job(11, |settings| settings["tasks"] = json!([]));
    let old = "2026-01-01T00:00:00Z".parse().unwrap();
    for file in project.snapshot.files.values_mut() {
        file.modified_at = Some(old);
    }
    project.rules.changed_since = Some("2026-02-01T00:00:00Z".parse().unwrap());
    project.notebook("/Workspace/Shared/team/new", "x\n");
    let captured = project.merge_capture();
    assert_eq!(
        paths(&captured),
        ["resources/nightly_load.job.yml", "src/new.py"]
    );
    let known = |entry: &CapturedEntry| entry.file == FILE;
    assert!(project.lock.entries.iter().any(known));
}

#[test]
fn no_two_files_have_one_place() {
    let mut project = Project::new();
    project.rules.paths = vec!["/Shared".into()];
    project.notebook("/Shared/x/load", "# a notebook\n");
    project.live_file("/Shared/x/load.py", b"a file\n", None);
    project.notebook("/Shared/x/Report", "1\n");
    project.notebook("/Shared/x/report", "2\n");
    let captured = project.merge_capture();
    assert_eq!(
        paths(&captured),
        [
            "src/x/Report.py",
            "src/x/load.py",
            "src/x/load_2.py",
            "src/x/report_2.py"
        ]
    );
    assert_eq!(project.text("src/x/load_2.py"), "a file\n");
    parse_captured_lock("captured.lock", &project.text(&lock_path("dev"))).unwrap();
    assert_eq!(project.capture().changes, BTreeMap::new());
    // A place once given stays, though its neighbour goes.
    project.snapshot.files.remove("/Shared/x/load");
    assert_eq!(paths(&project.capture()), ["src/x/load.py"]);
    project.lock = CapturedLock::default();
    project.notebook("/Shared/x/load", "# a notebook\n");
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn addresses_in_terraform_are_unique_and_stay() {
    let long = "a".repeat(70);
    let mut project = Project::new();
    project.rules.format = CaptureFormat::Terraform;
    project.notebook("/Shared/team/etl_load", "1\n");
    project.notebook(&format!("/Shared/team/{long}b"), "2\n");
    project.merge_capture();
    let address = |project: &Project, place: &str| {
        let said = format!("/../{place}\"");
        let mut files = project.tree.iter().filter(|(path, file)| {
            path.ends_with(".source.tf") && String::from_utf8_lossy(&file.bytes).contains(&said)
        });
        let (path, _) = files.next().unwrap();
        assert!(files.next().is_none());
        path.clone()
    };
    let before = address(&project, "src/etl_load.py");
    assert_eq!(before, "terraform/etl_load_py.source.tf");
    project.notebook("/Shared/team/etl/load", "3\n");
    project.notebook(&format!("/Shared/team/{long}a"), "4\n");
    project.job(
        11,
        "Nightly",
        json!({"tasks": [{"task_key": "t", "notebook_task": {"notebook_path": "/Shared/team/etl/load"}}]}),
    );
    project.merge_capture();
    assert_eq!(address(&project, "src/etl_load.py"), before);
    let other = address(&project, FILE);
    assert!(
        other.starts_with("terraform/etl_load_py_") && other.len() == before.len() + 9,
        "{other}"
    );
    let name = other.strip_prefix("terraform/").unwrap();
    let name = name.strip_suffix(".source.tf").unwrap();
    let job = project.text("terraform/nightly.job.tf");
    assert!(
        job.contains(&format!("databricks_notebook.{name}.path")),
        "{job}"
    );
    let (one, two) = (
        address(&project, &format!("src/{long}a.py")),
        address(&project, &format!("src/{long}b.py")),
    );
    assert_ne!(one, two);
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn what_could_not_be_read_stays_and_is_told() {
    let mut project = merged();
    let unread = |lacking| Unread {
        why: "403: not for you".into(),
        lacking,
    };
    for path in ["/Shared/team", "/Shared/team/etl", "/Shared/team/etl/load"] {
        project.snapshot.files.clear();
        project.snapshot.unread_files = [(path.to_owned(), unread(true))].into();
        let captured = project.capture();
        assert_eq!(captured.changes, BTreeMap::new(), "{path}");
        let [row] = captured.rows.as_slice() else {
            panic!("one line: {:?}", captured.rows)
        };
        assert_eq!(
            (row.key.as_str(), row.what, row.detail.as_str()),
            (
                path,
                CapturedAs::Note,
                &*format!(
                    "{path} could not be read, so what Git has of it stays as it is: 403: not for you"
                )
            )
        );
    }
    project.snapshot.unread_files = [("/Shared/other".to_owned(), unread(true))].into();
    project.notebook("/Workspace/Shared/team/etl/load", "print(1)\n");
    assert_eq!(project.capture().rows, [], "there was nothing of it");
    project.snapshot.unread_files = [("/Shared/other".to_owned(), unread(false))].into();
    assert!(
        project.capture().rows[0]
            .detail
            .contains("left out: 403: not for you")
    );
}

#[test]
fn what_git_cannot_hold_is_left_out_and_told() {
    let mut project = merged();
    project.live_file("/Shared/team/.git/config", b"x", None);
    project.live_file("/Shared/team/a\\b", b"x", None);
    project.live_file("/Shared/team/ok", b"x", None);
    let captured = project.capture();
    assert_eq!(paths(&captured), ["src/ok"]);
    let told: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note)
        .map(|row| row.detail.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "/Shared/team/.git/config is left out: Git keeps the name `.git` for itself",
            "/Shared/team/a\\b is left out: a backslash in a name parts folders on Windows"
        ]
    );
}

#[test]
fn a_renamed_notebook_takes_along_what_was_edited_in_git() {
    let mut project = super::started();
    let old = "/Workspace/Shared/team/etl/load";
    project.notebook(old, "a = 1\nb = 2\nc = 3\nd = 4\n");
    seen(&mut project, old, 7);
    project.merge_capture();
    project.rewrite(FILE, |text| text.replace("a = 1", "a = 100"));
    project.snapshot.files.clear();
    let new = "/Workspace/Shared/team/etl/extract";
    project.notebook(new, "a = 1\nb = 2\nc = 3\nd = 400\n");
    seen(&mut project, new, 7);
    let captured = project.merge_capture();
    assert!(!project.tree.contains_key(FILE));
    assert_eq!(
        project.text("src/etl/extract.py"),
        "# Databricks notebook source\na = 100\nb = 2\nc = 3\nd = 400\n"
    );
    let renamed = captured
        .rows
        .iter()
        .find(|row| row.what == CapturedAs::Renamed)
        .unwrap();
    assert_eq!(
        (renamed.key.as_str(), renamed.detail.as_str()),
        (
            "src/etl/extract.py",
            "src/etl/load.py before; now /Shared/team/etl/extract"
        )
    );
    assert!(
        !captured
            .rows
            .iter()
            .any(|row| matches!(row.what, CapturedAs::Removed | CapturedAs::Added)),
        "{:#?}",
        captured.rows
    );
    // The job still has the old path in the workspace, where it finds nothing; here it finds the file.
    let job = project.text("resources/nightly_load.job.yml");
    assert!(
        job.contains("notebook_path: ../src/etl/extract.py"),
        "{job}"
    );
}

#[test]
fn what_a_job_runs_stays_though_it_is_gone() {
    let mut project = merged();
    project.snapshot.files.clear();
    let captured = project.capture();
    assert_eq!(captured.changes, BTreeMap::new());
    assert_eq!(
        (captured.rows[0].key.as_str(), captured.rows[0].what),
        (FILE, CapturedAs::Conflict)
    );
}

#[test]
fn a_notebook_run_from_elsewhere_is_named() {
    let mut project = merged();
    let text = "%run ./load\n# MAGIC %run \"../../common/helper\" $x=1\n# MAGIC %run /Workspace/Shared/common/other\n";
    project.notebook("/Workspace/Shared/team/etl/all", text);
    let cells = json!({"cells": [{"source": ["# %run ./no\n", "%run /Shared/common/third"]}]});
    project.live_file(
        "/Shared/team/b",
        cells.to_string().as_bytes(),
        Some(Language::Jupyter),
    );
    let captured = project.merge_capture();
    let told: Vec<(&str, &str)> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note)
        .filter_map(|row| Some((row.key.as_str(), row.detail.split_whitespace().nth(1)?)))
        .collect();
    assert_eq!(
        told,
        [
            ("src/b.ipynb", "/Shared/common/third"),
            ("src/etl/all.py", "/Shared/common/helper"),
            ("src/etl/all.py", "/Shared/common/other"),
        ]
    );
    assert_eq!(project.capture().rows, [], "told once");
}

#[test]
fn the_whole_workspace_is_not_what_people_keep_for_themselves() {
    let mut project = Project::new();
    project.rules.paths = vec!["/".into()];
    project.notebook("/Users/eve/scratch", "x\n");
    project.notebook("/Shared/a", "x\n");
    assert_eq!(paths(&project.capture()), ["src/Shared/a.py"]);
    let chosen = path_chooser(&project.rules);
    assert!(chosen("/Workspace/Shared/a") && !chosen("/Workspace/Users/eve/scratch"));
    drop(chosen);
    project.rules.paths = vec!["/Workspace/Users".into()];
    assert_eq!(paths(&project.merge_capture()), ["src/eve/scratch.py"]);
    // What came in when it was named is not looked for any more, and so not gone.
    project.rules.paths = vec!["/".into()];
    project.snapshot.files.remove("/Users/eve/scratch");
    assert_eq!(paths(&project.capture()), ["src/Shared/a.py"]);
}
