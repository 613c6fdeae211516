//! `hodman bundle`, on files alone.

use super::{code, err, out, run};
use serde_json::{Value, json};
use tempfile::TempDir;

const ROOT: &str = r#"bundle: {name: shop}
variables:
  catalog: {default: dev}
  warehouse: {lookup: {warehouse: Shared}}
targets:
  dev: {default: true}
  qa: {variables: {catalog: qa}}
resources:
  jobs:
    nightly:
      name: "nightly of ${workspace.current_user.userName}"
      permissions: [{level: CAN_VIEW, group_name: ops}]
      tasks:
        - task_key: load
          notebook_task: {notebook_path: src/load.py, base_parameters: {catalog: "${var.catalog}"}}
        - task_key: report
          sql_task: {warehouse_id: "${var.warehouse}", query: {query_id: q}}
"#;

fn folder(root: &str) -> TempDir {
    let dir = TempDir::new().expect("a directory");
    std::fs::create_dir(dir.path().join("src")).expect("src");
    std::fs::write(dir.path().join("databricks.yml"), root).expect("the bundle");
    let notebook = "# Databricks notebook source\n";
    std::fs::write(dir.path().join("src/load.py"), notebook).expect("the notebook");
    dir
}

fn bundle(dir: &TempDir, arguments: &[&str]) -> std::process::Output {
    let path = dir.path().to_str().expect("text");
    run(&[&["bundle"], arguments, &["--path", path]].concat())
}

#[test]
fn a_target_is_resolved_to_the_form_that_bundles_validate_to() {
    let dir = folder(ROOT);
    let arguments = [
        "resolve",
        "--target",
        "qa",
        "--user",
        "ada@example.com",
        "--json",
    ];
    let done = bundle(&dir, &arguments);
    assert_eq!(code(&done), 0, "{}", err(&done));
    let json: Value = serde_json::from_str(&out(&done)).expect("JSON");
    let job = &json["resources"]["jobs"]["nightly"];
    assert_eq!(job["name"], "nightly of ada@example.com");
    assert_eq!(
        job["permissions"],
        json!([
            {"level": "CAN_VIEW", "group_name": "ops"},
            {"level": "IS_OWNER", "user_name": "ada@example.com"},
        ])
    );
    assert_eq!(
        job["tasks"][0]["notebook_task"]["base_parameters"]["catalog"],
        "qa"
    );
    assert_eq!(
        job["tasks"][1]["sql_task"]["warehouse_id"],
        "${lookup.warehouse.Shared}"
    );
    assert_eq!(
        json["bundle"],
        json!({"name": "shop", "target": "qa", "environment": "qa"})
    );
    let notebook = &job["tasks"][0]["notebook_task"]["notebook_path"];
    let files = "/Workspace/Users/ada@example.com/.bundle/shop/qa/files";
    assert_eq!(*notebook, format!("{files}/src/load"));
    assert_eq!(json["variables"]["catalog"]["value"], "qa");
    assert_eq!(out(&done), out(&bundle(&dir, &arguments)));
}

#[test]
fn without_json_it_is_a_table_and_without_a_target_the_default_one() {
    let dir = folder(ROOT);
    let done = bundle(&dir, &["resolve", "--var", "warehouse=w1"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    let text = out(&done);
    assert!(text.starts_with("shop, target dev\n"), "{text}");
    assert!(
        text.contains("jobs.nightly") && text.contains("databricks.yml:10"),
        "{text}"
    );
    let unknown = bundle(&dir, &["resolve", "--target", "qq"]);
    assert_eq!(code(&unknown), 2);
    assert!(
        err(&unknown).contains("there is no target `qq`"),
        "{}",
        err(&unknown)
    );
    assert_eq!(code(&bundle(&dir, &["resolve", "--var", "catalog"])), 2);
}

#[test]
fn lint_says_where_and_ends_with_one_on_errors() {
    let dir = folder(ROOT);
    let clean = bundle(&dir, &["lint"]);
    assert_eq!(code(&clean), 0, "{}", out(&clean));
    assert!(
        out(&clean).ends_with("0 errors, 0 warnings\n"),
        "{}",
        out(&clean)
    );
    let dir = folder(&ROOT.replace("src/load.py", "src/laod.py"));
    let broken = bundle(&dir, &["lint"]);
    assert_eq!(code(&broken), 1);
    let text = out(&broken);
    assert!(
        text.contains("error: databricks.yml:15:") && text.contains("did you mean `src/load.py`?"),
        "{text}"
    );
    let found: Value =
        serde_json::from_str(&out(&bundle(&dir, &["lint", "--json"]))).expect("JSON");
    assert_eq!(
        (&found[0]["rule"], &found[0]["line"]),
        (&json!("resolve"), &json!(15))
    );
}
