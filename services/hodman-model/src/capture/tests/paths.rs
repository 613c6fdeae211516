//! What a capture writes relative to its files leads back to where they are uploaded.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::project::Project;
use crate::bundle::{ResourceKey, Room, resolve};
use crate::capture::paths::{DEPENDENCIES, FOLDERS, REPO, captured_at, each_path, relative};
use crate::files::{SourceBytes, Tree};
use crate::kinds::pattern::{Keep, Pattern};
use crate::kinds::{KINDS, Kind};

const YAML: &str = "resources/it.yml";
/// What lies at each path in the workspace: one of them is a file, one a folder, one a notebook.
const FILE: &str = "/Workspace/Shared/team/box/it.whl";
const FOLDER: &str = "/Workspace/Shared/team/box";
const NOTEBOOK: &str = "/Workspace/Shared/team/box/run";
/// The fields that lead to folders.
const TO_FOLDERS: &[&str] = &[
    "project_directory",
    "profiles_directory",
    "root_path",
    "source_code_path",
];

/// Every pattern of a kind that capture makes relative.
fn patterns(kind: &dyn Kind) -> Vec<(String, &'static str)> {
    let rules = kind.rules();
    let notebooks = rules
        .notebook_paths
        .iter()
        .map(|at| (at.to_string(), NOTEBOOK));
    let files = rules.file_paths.iter().map(ToString::to_string);
    let of_kind = |table: &[(&str, &[&str])]| -> Vec<String> {
        let of_kind = table.iter().filter(|(name, _)| *name == kind.name());
        of_kind.map(|(_, path)| path.join(".")).collect()
    };
    let folders = of_kind(FOLDERS);
    let dependencies = of_kind(DEPENDENCIES).into_iter().map(|path| {
        let path = path.replace("environments.", "environments.*.");
        format!("{path}.*")
    });
    let files = files.chain(folders).chain(dependencies).map(|path| {
        let folder = TO_FOLDERS.iter().any(|field| path.ends_with(field));
        (path, if folder { FOLDER } else { FILE })
    });
    notebooks.chain(files).collect()
}

/// A config in which nothing but `path` says something.
fn config(path: &[&str], value: &str) -> Value {
    match path {
        [] => json!(value),
        ["*", rest @ ..] => json!([config(rest, value)]),
        [key, rest @ ..] => json!({*key: config(rest, value)}),
    }
}

#[test]
fn every_path_that_is_captured_leads_back_to_the_uploaded_files() {
    let sources = BTreeMap::from([
        (
            "/Shared/team/box/it.whl".to_owned(),
            "src/box/it.whl".to_owned(),
        ),
        (
            "/Shared/team/box/run".to_owned(),
            "src/box/run.py".to_owned(),
        ),
    ]);
    let tree = |resource: &str| -> Tree {
        let files = [
            (
                "databricks.yml",
                "bundle: {name: b}\ninclude: [resources/*.yml]\ntargets: {qa: }\n",
            ),
            ("src/box/it.whl", "w"),
            ("src/box/run.py", "# Databricks notebook source\n"),
            (YAML, resource),
        ];
        let bytes = |text: &str| SourceBytes::plain(text.as_bytes());
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), bytes(text)))
            .collect()
    };
    let mut tried = 0;
    for kind in KINDS {
        for (path, there) in patterns(*kind) {
            let name = format!("{} {path}", kind.name());
            let steps: Vec<&str> = path.split('.').collect();
            let mut config = config(&steps, there);
            let room = Room::of(&tree(""));
            each_path(*kind, &mut config, &mut |notebook, value| {
                let at = captured_at(&sources, value.as_str().unwrap(), notebook);
                let at = at.unwrap_or_else(|| panic!("{name}: not captured"));
                let place = at.strip_prefix(REPO).unwrap();
                *value = Value::String(relative(&room, YAML, place));
            });
            let yaml = json!({"resources": {kind.name(): {"it": config}}}).to_string();
            assert!(yaml.contains("\"../src/box"), "{name}: {yaml}");
            let bundle = resolve(&tree(&yaml), "qa", &BTreeMap::new())
                .unwrap_or_else(|found| panic!("{name}: {found}"));
            let mut config =
                (*bundle.resources[&ResourceKey::new(kind.name(), "it")].config).clone();
            let wanted = there.replace("/Workspace/Shared/team", "${files}/src");
            let mut found = Vec::new();
            Pattern::new(&path).visit(&mut config, &mut |value| {
                found.push(value.clone());
                Keep::Yes
            });
            assert_eq!(found, [json!(wanted)], "{name}");
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn what_the_cli_leaves_alone_stays_where_it_is_absolute_or_means_something_else() {
    let yaml = "resources:
  clusters:
    c:
      init_scripts:
        - workspace: {destination: /Workspace/Shared/init.sh}
        - workspace: {destination: \"${workspace.file_path}/src/init.sh\"}
        - s3: {destination: s3://b/init.sh}
  jobs:
    j:
      tasks:
        - {task_key: a, dbt_task: {project_directory: ../src, profiles_directory: profiles, commands: [dbt run]}}
        - {task_key: b, dbt_task: {project_directory: ../src, profiles_directory: ./profiles, commands: [dbt run]}}
        - {task_key: c, gen_ai_compute_task: {training_script_path: train.py, source: GIT}}
";
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}targets: {{qa: }}\n")
    });
    project.rewrite("resources/x.yml", |_| yaml.to_owned());
    project.rewrite("src/init.sh", |_| "true\n".to_owned());
    let bundle = resolve(&project.tree, "qa", &BTreeMap::new()).unwrap();
    let config = |key: ResourceKey| (*bundle.resources[&key].config).clone();
    assert_eq!(
        config(ResourceKey::new("clusters", "c"))["init_scripts"],
        json!([{"workspace": {"destination": "/Workspace/Shared/init.sh"}},
               {"workspace": {"destination": "${files}/src/init.sh"}},
               {"s3": {"destination": "s3://b/init.sh"}}])
    );
    let tasks = &config(ResourceKey::new("jobs", "j"))["tasks"];
    assert_eq!(tasks[0]["dbt_task"]["profiles_directory"], "profiles");
    assert_eq!(tasks[1]["dbt_task"]["profiles_directory"], "./profiles");
    assert_eq!(
        tasks[2]["gen_ai_compute_task"]["training_script_path"],
        "train.py"
    );
    project.rewrite("resources/x.yml", |text| {
        text.replace("/Workspace/Shared/init.sh", "../src/nowhere.sh")
    });
    let errors = resolve(&project.tree, "qa", &BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert!(
        errors.contains(
            "`../src/nowhere.sh` leads to `src/nowhere.sh`, and no such file is uploaded"
        ),
        "{errors}"
    );
}

#[test]
fn an_init_script_of_a_captured_cluster_runs_from_the_uploaded_files() {
    let mut project = super::started();
    project.live_file("/Workspace/Shared/team/init.sh", b"true\n", None);
    project.cluster(
        "c-2",
        "With script",
        json!({"spark_version": "15", "num_workers": 1,
        "init_scripts": [{"workspace": {"destination": "/Workspace/Shared/team/init.sh"}}]}),
    );
    project.merge_capture();
    project.rewrite("databricks.yml", |text| {
        format!("{text}targets: {{qa: }}\n")
    });
    let bundle = resolve(&project.tree, "qa", &BTreeMap::new()).unwrap();
    let config = &bundle.resources[&ResourceKey::new("clusters", "with_script")].config;
    assert_eq!(
        config["init_scripts"][0]["workspace"]["destination"],
        "${files}/src/init.sh"
    );
}
