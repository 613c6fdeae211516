//! What a bundle uses beside its own folder, in the same repository.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    FOLDER_FILE, Form, Options, Room, Surroundings, asked_outside, inputs, resolve, resolve_with,
    validated,
};
use super::{NOTEBOOK, job, tree};
use crate::files::Tree;

const ROOT: &str = r#"bundle: {name: d}
include: [../common/*.yml]
sync: {paths: [src, ../shared], exclude: ["*.log", "../shared/tmp/"]}
targets: {qa: }
resources:
  jobs:
    own:
      tasks:
        - {task_key: a, notebook_task: {notebook_path: src/a.py}}
        - {task_key: b, spark_python_task: {python_file: ../shared/b.py, parameters: ["${workspace.file_path}/shared"]}}
        - {task_key: c, spark_python_task: {python_file: "${workspace.file_path}/shared/b.py"}}
"#;

const COMMON: &str = r#"resources:
  jobs:
    common:
      tasks:
        - {task_key: a, spark_python_task: {python_file: ../shared/b.py}}
        - {task_key: b, notebook_task: {notebook_path: ../etl/src/a.py}}
"#;

/// A bundle in `teams/etl`.
fn etl(root: &str) -> Tree {
    let mut tree = tree(&[
        ("databricks.yml", root),
        ("src/a.py", NOTEBOOK),
        ("src/x.log", ""),
        ("environments/qa/environment.yaml", ""),
        ("@up/common/more.yml", COMMON),
        ("@up/shared/b.py", ""),
        ("@up/shared/c.log", ""),
        ("@up/shared/tmp/x", ""),
        ("@up/shared/environments", ""),
        ("@up/shared/.git/config", ""),
    ]);
    tree.insert(FOLDER_FILE.to_owned(), Room::at("teams/etl").note());
    tree
}

#[test]
fn paths_that_lead_up_are_those_of_the_repository() {
    let room = Room::at("teams/etl");
    let join = |folder: &str, relative: &str| room.join(folder, relative);
    assert_eq!(join("", "../shared").as_deref(), Some("@up/shared"));
    assert_eq!(join("src", "../../../x").as_deref(), Some("@up/@up/x"));
    assert_eq!(join("@up/common", "../etl/src").as_deref(), Some("src"));
    assert_eq!(join("", "../etl").as_deref(), Some(""));
    assert_eq!(join("", "../../../x"), None);
    assert_eq!(Room::default().join("", "../x"), None);
    assert_eq!(room.outer("@up/@up/x/y").as_deref(), Some("x/y"));
    assert_eq!(room.outer("@up/@up/@up/x"), None);
    assert_eq!(room.outer("").as_deref(), Some("teams/etl"));
    assert_eq!(room.inner("teams/shared/x"), "@up/shared/x");
    assert_eq!(room.inner("teams/etl/src"), "src");
}

#[test]
fn files_lie_below_the_folder_that_holds_all_of_them() {
    let qa = resolve(&etl(ROOT), "qa", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
    let files: Vec<&str> = qa.files.keys().map(String::as_str).collect();
    assert_eq!(
        files,
        [
            "etl/src/a.py",
            "shared/b.py",
            "shared/c.log",
            "shared/environments"
        ]
    );
    let tasks = &job(&qa, "own")["tasks"];
    let path = &tasks[0]["notebook_task"]["notebook_path"];
    assert_eq!(*path, "${files}/etl/src/a");
    let file = |task: &serde_json::Value| task["spark_python_task"]["python_file"].clone();
    assert_eq!(file(&tasks[1]), "${files}/shared/b.py");
    assert_eq!(file(&tasks[2]), "${files}/shared/b.py");
    let given = &tasks[1]["spark_python_task"]["parameters"][0];
    assert_eq!(*given, "${files}/shared");
    let common = &job(&qa, "common")["tasks"];
    assert_eq!(file(&common[0]), "${files}/shared/b.py");
    let path = &common[1]["notebook_task"]["notebook_path"];
    assert_eq!(*path, "${files}/etl/src/a");
    let found = &qa.resources[&"jobs.common".parse().unwrap()].file;
    assert_eq!(found, "@up/common/more.yml");
}

#[test]
fn a_package_holds_what_lies_outside_and_where_the_bundle_is() {
    let all = inputs(&etl(ROOT)).unwrap();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(
        all,
        [
            "@folder",
            "@up/common/more.yml",
            "@up/shared/b.py",
            "@up/shared/c.log",
            "@up/shared/environments",
            "databricks.yml",
            "src/a.py",
        ]
    );
    let nothing = inputs(&etl("bundle: {name: d}\n")).unwrap();
    let nothing: Vec<&str> = nothing.iter().map(String::as_str).collect();
    assert_eq!(nothing, ["databricks.yml", "src/a.py", "src/x.log"]);
}

#[test]
fn what_is_asked_for_is_known_before_it_is_read() {
    let room = Room::at("teams/etl");
    let asked = |files: &Tree| -> BTreeSet<String> { asked_outside(files, &room) };
    let own = tree(&[("databricks.yml", ROOT)]);
    let paths = |all: &[&str]| all.iter().map(|path| (*path).to_owned()).collect();
    let expected: BTreeSet<String> = paths(&["teams/common", "teams/shared"]);
    assert_eq!(asked(&own), expected);
    let plain = "bundle: {name: d}\ninclude: [../vars.yml]\n";
    let mut files = tree(&[("databricks.yml", plain)]);
    assert_eq!(asked(&files), paths(&["teams/vars.yml"]));
    // What is found there may ask for more, seen from where it lies.
    let more =
        "targets: {qa: {sync: {paths: [shared, \"../../../x\"], include: [\"../lib/**/*.py\"]}}}\n";
    files.extend(tree(&[("@up/vars.yml", more)]));
    assert_eq!(
        asked(&files),
        paths(&["lib", "teams/shared", "teams/vars.yml"])
    );
    assert_eq!(asked_outside(&own, &Room::default()), BTreeSet::new());
}

#[test]
fn nothing_outside_of_the_repository_is_reached() {
    let refused = |sync: &str| {
        let root = format!("bundle: {{name: d}}\ntargets: {{qa: }}\nsync: {sync}\n");
        resolve(&etl(&root), "qa", &BTreeMap::new())
            .unwrap_err()
            .to_string()
    };
    let hint = "(hint: a package is made of what one repository holds: put the files there)";
    assert_eq!(
        refused("{paths: [., ../../../x]}"),
        format!("databricks.yml:3:19: `../../../x` leads out of the repository {hint}")
    );
    assert_eq!(
        refused("{paths: [., ../sharde]}"),
        "databricks.yml:3:19: `../sharde` under `sync.paths` holds no file"
    );
}

#[test]
fn what_is_not_uploaded_cannot_be_used() {
    let root = "bundle: {name: d}\ntargets: {qa: }\nresources: {jobs: {j: {tasks: [{task_key: t, spark_python_task: {python_file: ../shared/b.py}}]}}}\n";
    assert_eq!(
        resolve(&etl(root), "qa", &BTreeMap::new())
            .unwrap_err()
            .to_string(),
        "databricks.yml:3:79: `../shared/b.py` leads out of what is uploaded (hint: name its folder under `sync.paths`: `[., ../shared]`)"
    );
}

/// acceptance/bundle/sync-paths-dotdot and bundle/config/mutator/sync_infer_root.go of the Databricks CLI: lines are seen from
/// where the uploaded files begin.
#[test]
fn it_is_shown_as_the_cli_shows_it() {
    let options = Options {
        form: Form::Validated,
        ..Options::default()
    };
    let qa = resolve_with(&etl(ROOT), "qa", &options).unwrap();
    let out = validated(&qa, &Surroundings::default());
    assert_eq!(
        out["sync"],
        serde_json::json!({
            "paths": ["etl/src", "shared"],
            "exclude": ["etl/*.log", "shared/tmp"],
        })
    );
    assert_eq!(out["include"], serde_json::json!(["../common/more.yml"]));
}
