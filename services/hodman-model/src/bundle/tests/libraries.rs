//! Libraries go with the bundle whatever `sync` says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{
    FOLDER_FILE, Form, Options, ResolvedBundle, Room, asked_outside, builds, inputs, resolve,
    resolve_with,
};
use super::{NOTEBOOK, job, tree};
use crate::files::Tree;

const WHEELS: [&str; 2] = [
    "sales-1.9.0-py3-none-any.whl",
    "sales-1.10.0-py3-none-any.whl",
];

fn beside(root: &str) -> Tree {
    let mut files = tree(&[("databricks.yml", root), ("src/a.py", NOTEBOOK)]);
    for folder in ["dist", "@up/lib"] {
        for wheel in WHEELS {
            files.extend(tree(&[(&format!("{folder}/{wheel}"), "w")]));
        }
    }
    files.extend(tree(&[
        ("dist/notes.txt", "n"),
        ("@up/lib/setup.py", "s"),
        ("@up/other/x.py", "x"),
    ]));
    files.insert(FOLDER_FILE.to_owned(), Room::at("teams/etl").note());
    files
}

fn with(folder: &str) -> Tree {
    beside(
        &r#"bundle: {name: d}
sync: {paths: [src], exclude: ["*.whl"]}
targets: {qa: }
resources:
  jobs:
    j:
      environments: [{environment_key: e, spec: {dependencies: [requests, "<folder>/*.whl[dev]"]}}]
      tasks:
        - {task_key: t, notebook_task: {notebook_path: src/a.py}, libraries: [{whl: "<folder>/*.whl"}, {whl: "<folder>/sales-1.9.0-py3-none-any.whl"}]}
  pipelines:
    p: {name: p, environment: {dependencies: ["<folder>/sales*.whl"]}}
"#
        .replace("<folder>", folder),
    )
}

fn libraries(qa: &ResolvedBundle) -> [Value; 3] {
    let job = job(qa, "j");
    let pipeline = &qa.resources[&"pipelines.p".parse().unwrap()].config;
    [
        job["tasks"][0]["libraries"].clone(),
        job["environments"][0]["spec"]["dependencies"].clone(),
        pipeline["environment"]["dependencies"].clone(),
    ]
}

#[test]
fn the_newest_wheel_is_the_library_wherever_it_lies() {
    for (folder, placed, stored) in [
        ("./dist", "dist", "dist"),
        ("../lib", ".internal/up/lib", "@up/lib"),
    ] {
        let files = with(folder);
        let qa = resolve(&files, "qa", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
        let [old, new] = WHEELS.map(|wheel| format!("${{files}}/{placed}/{wheel}"));
        assert_eq!(
            libraries(&qa),
            [
                json!([{"whl": new}, {"whl": old}]),
                json!(["requests", format!("{new}[dev]")]),
                json!([new])
            ]
        );
        let mut uploaded: Vec<String> = WHEELS.map(|wheel| format!("{placed}/{wheel}")).to_vec();
        uploaded.push("src/a.py".to_owned());
        uploaded.sort();
        assert_eq!(qa.files.keys().cloned().collect::<Vec<_>>(), uploaded);
        let inputs = inputs(&files).unwrap();
        for wheel in WHEELS {
            assert!(inputs.contains(&format!("{stored}/{wheel}")), "{wheel}");
        }
        assert!(!inputs.contains("@up/lib/setup.py") && !inputs.contains("dist/notes.txt"));
    }
    let asked = asked_outside(&with("../lib"), &Room::at("teams/etl"));
    assert!(asked.contains("teams/lib"), "{asked:?}");
}

#[test]
fn libraries_are_shown_where_they_are() {
    let options = Options {
        form: Form::Validated,
        ..Options::default()
    };
    let qa = resolve_with(&with("../lib"), "qa", &options).unwrap();
    assert_eq!(
        libraries(&qa),
        [
            json!([{"whl": "../lib/*.whl"}, {"whl": "../lib/sales-1.9.0-py3-none-any.whl"}]),
            json!(["requests", "../lib/*.whl[dev]"]),
            json!(["../lib/sales*.whl"])
        ]
    );
}

#[test]
fn a_library_that_is_nowhere_is_told_with_what_helps() {
    let missing = |library: &str| {
        let root = format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nresources: {{jobs: {{j: {{tasks: [{{task_key: t, libraries: [{{whl: {library}}}]}}]}}}}}}\n"
        );
        resolve(&beside(&root), "qa", &BTreeMap::new())
            .unwrap_err()
            .to_string()
    };
    let hint =
        "(hint: libraries are files of the repository: commit it, or let `artifacts` build it)";
    assert_eq!(
        missing("./gone/*.whl"),
        format!("databricks.yml:3:64: `./gone/*.whl` matches no file that is uploaded {hint}")
    );
    assert!(missing("../gone/x.whl").contains(hint));
    assert!(missing("../../../x.whl").contains("`../../../x.whl` leads out of the repository"));
}

#[test]
fn an_artifact_may_lie_beside_the_bundle() {
    let files = beside(
        "bundle: {name: d}\nartifacts: {lib: {type: whl, path: ../lib, build: make}}\ntargets: {qa: }\nresources: {jobs: {j: {tasks: [{task_key: t, libraries: [{whl: ../lib/*.whl}]}]}}}\n",
    );
    let commands = builds(&files).unwrap();
    assert_eq!(commands[0].folder, "@up/lib");
    assert!(inputs(&files).unwrap().contains("@up/lib/setup.py"));
    let asked = asked_outside(&files, &Room::at("teams/etl"));
    assert!(asked.contains("teams/lib"), "{asked:?}");
}

#[test]
fn what_an_ai_runtime_task_runs_is_a_file_of_the_bundle() {
    let with = |code: &str| {
        let root = format!(
            "bundle: {{name: d}}\ntargets: {{qa: }}\nresources: {{jobs: {{j: {{git_source: {{git_url: u}}, tasks: [{{task_key: t, ai_runtime_task: {{experiment: e, code_source_path: {code}, deployments: [{{command_path: src/run.sh}}]}}}}]}}}}}}\n"
        );
        let mut files = beside(&root);
        files.extend(tree(&[("src/run.sh", "true\n"), ("code.tgz", "t")]));
        resolve(&files, "qa", &BTreeMap::new())
    };
    let qa = with("code.tgz").unwrap_or_else(|found| panic!("{found}"));
    let task = &job(&qa, "j")["tasks"][0]["ai_runtime_task"];
    assert_eq!(task["code_source_path"], "${files}/code.tgz");
    assert_eq!(
        task["deployments"][0]["command_path"],
        "${files}/src/run.sh"
    );
    assert_eq!(
        with("./src").unwrap_err().to_string(),
        "databricks.yml:3:123: `src` is a folder, and hodman packs none (hint: commit an archive of it, such as `code.tar.gz`, or let `artifacts` build one)"
    );
}
