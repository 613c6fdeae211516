//! A bundle in a folder of its repository, with resources that it shares with others beside it.

use serde_json::{Value, json};

use super::project::Project;
use crate::bundle::{FOLDER_FILE, Options, ResourceKey, Room};
use crate::capture::*;
use crate::files::{SourceBytes, parse_environment};
use crate::plan::FieldChange;

const ROOT: &str = "bundle: {name: d}
include: [../common/*.yml]
sync: {paths: [src, ../shared]}
targets: {dev: , qa: }
";

const COMMON: &str = "variables:
  node_type_i3_xlarge:
    description: \"identity.node_types: i3.xlarge (as captured)\"
resources:
  jobs:
    common:
      name: Common
      tasks:
        - task_key: a
          notebook_task:
            notebook_path: ../etl/src/a.py
        - task_key: b
          spark_python_task:
            python_file: ../shared/b.py
";

const MORE: &str = "@up/common/more.yml";

/// The bundle in `teams/etl`, captured from a workspace that has all of it.
fn etl() -> Project {
    let mut project = Project::new();
    for (path, text) in [
        ("databricks.yml", ROOT),
        ("src/a.py", "# Databricks notebook source\nprint(1)\n"),
        (MORE, COMMON),
        ("@up/shared/b.py", "print(2)\n"),
    ] {
        project.rewrite(path, |_| text.to_owned());
    }
    project
        .tree
        .insert(FOLDER_FILE.to_owned(), Room::at("teams/etl").note());
    project.notebook("/Workspace/Shared/team/a", "print(1)\n");
    project.live_file("/Workspace/Shared/team/lib/b.py", b"print(2)\n", None);
    project.job(
        1,
        "Common",
        json!({"tasks": [
            {"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/Shared/team/a"}},
            {"task_key": "b", "spark_python_task": {"python_file": "/Workspace/Shared/team/lib/b.py"}}]}),
    );
    project
}

#[test]
fn what_is_included_from_beside_the_bundle_is_known() {
    let mut project = etl();
    let first = project.merge_capture();
    assert_eq!(first.changes, BTreeMap::new(), "{:#?}", first.rows);
    project.lock = first.lock;
    project.edit_job(1, |settings| settings["timeout_seconds"] = json!(60));
    let captured = project.merge_capture();
    let paths: Vec<&str> = captured.changes.keys().map(String::as_str).collect();
    assert_eq!(paths, [MORE, "environments/dev/captured.lock"]);
    let text = project.text(MORE);
    assert!(text.contains("timeout_seconds: 60"), "{text}");
    for path in ["../etl/src/a.py", "../shared/b.py"] {
        assert!(text.contains(path), "{text}");
    }
    let again = project.capture();
    assert_eq!(again.changes, BTreeMap::new(), "{:#?}", again.rows);
}

#[test]
fn new_resources_are_written_into_the_bundles_own_folder() {
    let mut project = etl();
    project.job(2, "New", json!({"tasks": [{"task_key": "b", "spark_python_task": {"python_file": "/Workspace/Shared/team/lib/b.py"}}]}));
    let captured = project.merge_capture();
    assert!(
        captured.changes.contains_key("resources/new.job.yml"),
        "{:#?}",
        captured.changes.keys()
    );
    let text = project.text("resources/new.job.yml");
    assert!(text.contains("python_file: ../../shared/b.py"), "{text}");
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn captured_values_beside_the_bundle_need_a_counterpart_too() {
    let project = etl();
    let qa = parse_environment(
        "environments/qa/environment.yaml",
        "mode: promoted\nworkspaces: [{name: qa, host: \"https://qa.example.com\"}]\n",
    )
    .unwrap();
    let found = identity::variables("e", &qa, "qa", &project.tree).unwrap_err();
    assert!(found.to_string().contains("i3.xlarge"), "{found}");
}

#[test]
fn a_hand_edit_is_proposed_where_it_is_said_beside_the_bundle() {
    let project = etl();
    let change = |path: &str, before: Value, after: Option<Value>| FieldChange {
        path: path.parse().unwrap(),
        before: Some(before),
        after,
        redacted: false,
    };
    let task =
        |key: &str, path: &str| json!({"task_key": key, "notebook_task": {"notebook_path": path}});
    let changes = [
        change("timeout_seconds", json!(60), None),
        change("tasks[task_key=c]", task("c", "${files}/etl/src/a"), None),
    ];
    let variables = BTreeMap::from([("node_type_i3_xlarge".to_owned(), json!("m5"))]);
    let options = Options {
        variables,
        ..Options::default()
    };
    let key = ResourceKey::new("jobs", "common");
    let adopted = adopt(&project.tree, &key, &changes, "qa", &options).unwrap();
    assert_eq!(adopted.notes, [""; 0]);
    let text = String::from_utf8(adopted.changes[MORE].clone().unwrap()).unwrap();
    let written: Value = crate::yaml_edit::read(&text).unwrap();
    let job = &written["resources"]["jobs"]["common"];
    assert_eq!(job["timeout_seconds"], 60);
    assert_eq!(job["tasks"][2], task("c", "../etl/src/a.py"));
    // And the bundle is the same with it as before.
    let mut tree = project.tree.clone();
    tree.insert(MORE.to_owned(), SourceBytes::plain(text.into_bytes()));
    crate::bundle::resolve(&tree, "qa", &options.variables).unwrap();
}
