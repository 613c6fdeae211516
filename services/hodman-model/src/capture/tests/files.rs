use super::merged;
use crate::bundle::Room;
use crate::capture::merge_text::merge;
use crate::capture::paths::{in_repo, relative, resolve};
use crate::capture::*;

const LOAD: &str = "/Workspace/Shared/team/etl/load";
const FILE: &str = "src/etl/load.py";

#[test]
fn a_changed_notebook_is_taken() {
    let mut project = merged();
    project.notebook(LOAD, "# Databricks notebook source\r\nprint(2)");
    let captured = project.merge_capture();
    assert_eq!(
        project.text(FILE),
        "# Databricks notebook source\nprint(2)\n"
    );
    assert_eq!(
        (
            captured.rows.len(),
            captured.rows[0].what,
            captured.rows[0].by.as_str()
        ),
        (1, CapturedAs::Changed, UNKNOWN)
    );
    assert_eq!(project.capture().changes.len(), 0);
}

#[test]
fn notebooks_changed_on_both_sides_merge_by_lines() {
    let mut project = merged();
    project.notebook(LOAD, "a = 1\nb = 2\nc = 3\nd = 4\n");
    project.merge_capture();
    project.rewrite(FILE, |text| text.replace("a = 1", "a = 100"));
    project.notebook(LOAD, "a = 1\nb = 2\nc = 3\nd = 400\n");
    project.merge_capture();
    assert_eq!(
        project.text(FILE),
        "# Databricks notebook source\na = 100\nb = 2\nc = 3\nd = 400\n"
    );
    assert_eq!(project.capture().changes.len(), 0);
    project.rewrite(FILE, |text| text.replace("b = 2", "b = 1"));
    project.notebook(LOAD, "a = 100\nb = 3\nc = 3\nd = 400\n");
    let captured = project.capture();
    assert_eq!(
        (captured.changes.len(), captured.rows[0].what),
        (0, CapturedAs::Conflict)
    );
}

#[test]
fn a_notebook_gone_from_its_folder_is_removed_and_one_elsewhere_is_not() {
    let mut project = merged();
    project.edit_job(11, |settings| settings["tasks"] = serde_json::json!([]));
    project.snapshot.files.clear();
    assert_eq!(project.capture().changes[FILE], None);
    project.rules.paths.clear();
    assert!(!project.capture().changes.contains_key(FILE));
}

#[test]
fn personal_folders_are_left_out_unless_named() {
    let mut project = merged();
    project.notebook("/Workspace/Users/eve/scratch", "x\n");
    project.live_file("/Workspace/Shared/team/conf.json", b"{}", None);
    let captured = project.capture();
    assert!(captured.changes.contains_key("src/conf.json"));
    assert_eq!(captured.changes.len(), 2);
    project.edit_job(11, |settings| {
        settings["tasks"][0]["notebook_task"]["notebook_path"] = "/Users/eve/scratch".into()
    });
    let captured = project.capture();
    assert!(!captured.changes.contains_key("src/scratch.py"));
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.what == CapturedAs::Note && row.detail.contains("/Users/eve/scratch"))
    );
    project.rules.paths.push("/Workspace/Users/eve".into());
    assert!(project.capture().changes.contains_key("src/scratch.py"));
}

#[test]
fn two_files_that_want_one_place_both_find_one() {
    let mut project = merged();
    project.rules.paths.push("/Shared/other".into());
    project.notebook("/Shared/other/etl/load", "other\n");
    let captured = project.capture();
    assert!(
        captured.changes.contains_key("src/other/etl/load.py"),
        "{:?}",
        captured.changes.keys()
    );
}

#[test]
fn texts_merge_or_say_that_they_do_not() {
    assert_eq!(
        merge("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n").as_deref(),
        Some("A\nb\nC\n")
    );
    assert_eq!(
        merge("a\nb\nc\n", "A\nb\nc\n", "A\nb\nc\nd\n").as_deref(),
        Some("A\nb\nc\nd\n")
    );
    assert_eq!(merge("a\nb\n", "x\nb\n", "y\nb\n"), None);
    assert_eq!(merge("a\n", "a\nx\n", "a\ny\n"), None);
    assert_eq!(merge("a\n", "a\nx\n", "a\nx\n").as_deref(), Some("a\nx\n"));
    assert_eq!(merge("", "", "new").as_deref(), Some("new"));
}

#[test]
fn paths_lead_from_file_to_file() {
    let room = Room::default();
    assert_eq!(
        relative(&room, "resources/a.yml", "src/x/y.py"),
        "../src/x/y.py"
    );
    assert_eq!(relative(&room, "databricks.yml", "src/y.py"), "./src/y.py");
    assert_eq!(relative(&room, "a/b/c.yml", "a/d.py"), "../d.py");
    for (file, path) in [
        ("resources/a.yml", "src/x/y.py"),
        ("databricks.yml", "src/y.py"),
        ("a/b/c.yml", "a/d.py"),
    ] {
        assert_eq!(
            resolve(&room, file, &relative(&room, file, path)).as_deref(),
            Some(path)
        );
    }
    assert_eq!(resolve(&room, "a.yml", "../x"), None);
    // A bundle in a folder of its repository, and what lies beside that.
    let room = Room::at("teams/etl");
    for (file, path, written) in [
        ("resources/a.yml", "@up/lib/y.py", "../../lib/y.py"),
        ("@up/common/a.yml", "src/y.py", "../etl/src/y.py"),
        ("@up/common/a.yml", "@up/lib/y.py", "../lib/y.py"),
    ] {
        assert_eq!(relative(&room, file, path), written);
        assert_eq!(resolve(&room, file, written).as_deref(), Some(path));
    }
    let roots = ["/Shared/team".to_owned(), "/Shared/team/deep".to_owned()];
    assert_eq!(in_repo("/Shared/team/deep/x", &roots, None), "src/x");
    assert_eq!(in_repo("/Shared/teams/x", &roots, None), "src/teams/x");
}
