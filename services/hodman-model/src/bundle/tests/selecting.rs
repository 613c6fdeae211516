use std::collections::BTreeMap;

use super::super::{Language, inputs, resolve};
use super::{NOTEBOOK, errors_in, tree};

const FILES: [(&str, &str); 14] = [
    ("resources/a.yml", ""),
    ("src/nb.py", NOTEBOOK),
    ("src/lib.py", ""),
    ("src/tmp/x.log", ""),
    ("docs/readme.md", ""),
    ("modules/net/main.tf", ""),
    ("environments/dev/environment.yaml", ""),
    ("environments/dev/captured.lock", ""),
    (".github/workflows/ci.yml", ""),
    (".gitignore", ""),
    ("src/.gitignore", ""),
    (".databricks/x", ""),
    ("srcs/no.py", ""),
    ("data/only_prod.csv", ""),
];

fn with(sync: &str) -> Vec<(&'static str, String)> {
    let root = format!("bundle: {{name: d}}\ninclude: [resources/*.yml]\n{sync}\n");
    let mut files: Vec<(&str, String)> = FILES
        .iter()
        .map(|(path, text)| (*path, (*text).to_owned()))
        .collect();
    files.push(("databricks.yml", root));
    files
}

fn chosen(sync: &str) -> (Vec<String>, Vec<String>) {
    let owned = with(sync);
    let files: Vec<(&str, &str)> = owned
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let tree = tree(&files);
    let inputs = inputs(&tree).unwrap_or_else(|found| panic!("{found}"));
    let uploaded = resolve(&tree, "qa", &BTreeMap::new())
        .unwrap_or_else(|found| panic!("{found}"))
        .files;
    (inputs.into_iter().collect(), uploaded.into_keys().collect())
}

#[test]
fn without_sync_everything_but_what_belongs_to_others_is_an_input() {
    let (inputs, uploaded) = chosen("targets: {qa: }");
    assert_eq!(
        inputs,
        [
            "data/only_prod.csv",
            "databricks.yml",
            "docs/readme.md",
            "modules/net/main.tf",
            "resources/a.yml",
            "src/lib.py",
            "src/nb.py",
            "src/tmp/x.log",
            "srcs/no.py"
        ]
    );
    assert_eq!(
        uploaded,
        [
            "data/only_prod.csv",
            "docs/readme.md",
            "src/lib.py",
            "src/nb.py",
            "src/tmp/x.log",
            "srcs/no.py"
        ]
    );
}

#[test]
fn sync_says_what_is_an_input() {
    let (inputs, uploaded) = chosen(
        "targets: {qa: }\nsync: {paths: [./src/], include: [\"docs/*.md\"], exclude: [\"*.log\"]}",
    );
    assert_eq!(
        inputs,
        [
            "databricks.yml",
            "docs/readme.md",
            "modules/net/main.tf",
            "resources/a.yml",
            "src/lib.py",
            "src/nb.py"
        ]
    );
    assert_eq!(uploaded, ["docs/readme.md", "src/lib.py", "src/nb.py"]);
}

#[test]
fn a_package_holds_what_any_target_needs_and_an_upload_what_its_own_does() {
    let targets = "targets: {qa: {sync: {exclude: [src/tmp]}}, prod: {sync: {paths: [data]}}}\nsync: {paths: [src]}";
    let (inputs, uploaded) = chosen(targets);
    assert_eq!(
        inputs,
        [
            "data/only_prod.csv",
            "databricks.yml",
            "modules/net/main.tf",
            "resources/a.yml",
            "src/lib.py",
            "src/nb.py",
            "src/tmp/x.log"
        ]
    );
    assert_eq!(uploaded, ["src/lib.py", "src/nb.py"]);
}

#[test]
fn lines_of_an_included_file_begin_in_its_folder() {
    let root = "bundle: {name: d}\ninclude: [src/*.yml]\ntargets: {qa: }\n";
    let more =
        "sync: {exclude: [\"*.log\", tmp/, \"!keep.log\", ../docs/a.md], include: [../build/x]}\n";
    let files = [
        ("databricks.yml", root),
        ("src/sync.yml", more),
        ("a.log", ""),
        ("build/x", ""),
        ("docs/a.md", ""),
        ("docs/b.md", ""),
        ("src/a.log", ""),
        ("src/keep.log", ""),
        ("src/tmp/x", ""),
        ("src/x/a.log", ""),
        ("tmp/x", ""),
    ];
    let qa =
        resolve(&tree(&files), "qa", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(
        qa.files.into_keys().collect::<Vec<_>>(),
        [
            "a.log",
            "build/x",
            "docs/b.md",
            "src/keep.log",
            "src/x/a.log",
            "tmp/x"
        ]
    );
}

#[test]
fn sync_that_cannot_be_meant_is_an_error() {
    let shown = |sync: &str| {
        let owned = with(&format!("targets: {{qa: }}\nsync: {sync}"));
        let files: Vec<(&str, &str)> = owned
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let tree = tree(&files);
        let shown = errors_in(&files);
        assert_eq!(inputs(&tree).unwrap_err().to_string(), shown);
        shown
    };
    assert_eq!(
        shown("{paths: [scr]}"),
        "databricks.yml:4:16: `scr` under `sync.paths` holds no file"
    );
    assert_eq!(
        shown("{paths: [../common]}"),
        "databricks.yml:4:16: `../common` leads out of the repository (hint: a package is made of what one repository holds: put the files there)"
    );
    assert!(
        shown("{exclude: [\"src/../../x\"]}")
            .starts_with("databricks.yml:4:18: `src/../../x` leads out of the repository")
    );
    assert_eq!(
        shown("{include: \"*.md\"}"),
        "databricks.yml:4:17: `sync.include` must be a list, found a text"
    );
    assert_eq!(
        shown("{exclude: [\"${var.x}\"]}"),
        "databricks.yml:4:18: references are not possible under `sync` (hint: a package is the same for every environment)"
    );
    assert!(shown("{exclude: [\"[\"]}").starts_with("databricks.yml:4:18: `[` is not a pattern"));
}

#[test]
fn notebooks_are_known_and_must_not_collide() {
    let root = ("databricks.yml", "bundle: {name: d}\ntargets: {qa: }\n");
    let bundle = resolve(
        &tree(&[root, ("a.py", NOTEBOOK), ("b.py", "")]),
        "qa",
        &BTreeMap::new(),
    )
    .unwrap();
    assert_eq!(bundle.files["a.py"].notebook, Some(Language::Python));
    assert_eq!(bundle.files["b.py"].notebook, None);
    let hint = "(hint: a workspace stores notebooks without their extension: rename one)";
    assert_eq!(
        errors_in(&[
            root,
            ("a.py", NOTEBOOK),
            ("a.sql", "-- Databricks notebook source\n")
        ]),
        format!("a.sql: `a.py` has the same path in a workspace, `a` {hint}")
    );
    assert_eq!(
        errors_in(&[root, ("a.py", NOTEBOOK), ("a/b.txt", "")]),
        format!("a.py: the folder `a` has the same path in a workspace {hint}")
    );
}
