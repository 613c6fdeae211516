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
        json!({
            "name": "shop",
            "target": "qa",
            "environment": "qa",
            "git": {"bundle_root_path": "."},
        })
    );
    let notebook = &job["tasks"][0]["notebook_task"]["notebook_path"];
    let files = "/Workspace/Users/ada@example.com/.bundle/shop/qa/files";
    assert_eq!(*notebook, format!("{files}/src/load"));
    assert_eq!(json["variables"]["catalog"]["value"], "qa");
    assert_eq!(out(&done), out(&bundle(&dir, &arguments)));
}

/// A captured value, and what a module gives.
const BOUND: &str = r#"bundle: {name: shop}
variables:
  warehouse: {description: "identity.warehouses: Shared (as captured)"}
  cluster: {description: from a module}
targets: {dev: , qa: , prod: }
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - {task_key: load, existing_cluster_id: "${var.cluster}", notebook_task: {notebook_path: src/load.py}}
        - {task_key: report, sql_task: {warehouse_id: "${var.warehouse}", query: {query_id: q}}}
"#;

const MODULE: &str = "\
engine: native
resources:
  clusters: {shared: {cluster_name: shared, spark_version: 15.4.x-scala2.12, node_type_id: m5d.large, num_workers: 1}}
outputs: {id: {value: \"${resources.clusters.shared.id}\"}}
";

#[test]
fn variables_have_the_values_of_the_environments_that_get_the_target() {
    let dir = folder(BOUND);
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let module = "modules: {cluster: {module: shared}}\n";
    let given = "variables: {cluster: \"${modules.cluster.outputs.id}\"}\n";
    let workspaces = |env: &str| format!("workspaces: [{{name: {env}, host: \"https://h\"}}]\n");
    write("modules/shared/module.yaml", MODULE);
    let dev = format!(
        "mode: free-form\n{}variables: {{cluster: 0101-dev}}\n",
        workspaces("dev")
    );
    write("environments/dev/environment.yaml", &dev);
    let qa = format!(
        "mode: promoted\nidentity: {{warehouses: {{Shared: QA}}}}\n{module}{given}{}",
        workspaces("qa")
    );
    write("environments/qa/environment.yaml", &qa);
    let prod = format!(
        "mode: promoted\nbundle_target: prod\nidentity: {{warehouses: {{\"*\": \"*\"}}}}\n{module}{given}{}",
        workspaces("eu")
    );
    write("environments/eu/environment.yaml", &prod);

    let clean = bundle(&dir, &["lint"]);
    assert_eq!(code(&clean), 0, "{}{}", out(&clean), err(&clean));
    let job = |arguments: &[&str]| {
        let done = bundle(&dir, &[&["resolve", "--json"], arguments].concat());
        assert_eq!(code(&done), 0, "{}", err(&done));
        let json: Value = serde_json::from_str(&out(&done)).expect("JSON");
        let tasks = json["resources"]["jobs"]["nightly"]["tasks"].clone();
        let warehouse = tasks[1]["sql_task"]["warehouse_id"].clone();
        (tasks[0]["existing_cluster_id"].clone(), warehouse)
    };
    let module = json!("${resources.clusters.cluster-shared.id}");
    let shown = [
        (
            job(&["--target", "dev"]),
            json!("0101-dev"),
            json!("Shared"),
        ),
        (job(&["--target", "qa"]), module.clone(), json!("QA")),
        (
            job(&["--environment", "eu"]),
            module.clone(),
            json!("Shared"),
        ),
        (
            job(&["--target", "qa", "--var", "warehouse=w"]),
            module,
            json!("w"),
        ),
    ];
    for ((cluster, warehouse), wanted, named) in shown {
        assert_eq!((cluster, warehouse), (wanted, named));
    }
    write(
        "environments/us/environment.yaml",
        &prod.replace("eu", "us"),
    );
    let several = bundle(&dir, &["resolve", "--target", "prod"]);
    assert_eq!(code(&several), 2);
    assert!(err(&several).contains("--environment"), "{}", err(&several));
    write(
        "environments/qa/environment.yaml",
        &qa.replace("Shared: QA", "Other: QA"),
    );
    let closed = bundle(&dir, &["lint"]);
    assert_eq!(code(&closed), 1, "{}", out(&closed));
    assert!(
        out(&closed).contains("no counterpart for `Shared`"),
        "{}",
        out(&closed)
    );
    // A file that is not understood is said like everything else, and a bundle is not resolved beside it.
    write(
        "environments/us/environment.yaml",
        "mode: promoted\nworkspace: []\n",
    );
    let broken = bundle(&dir, &["lint"]);
    assert_eq!(code(&broken), 1, "{}", err(&broken));
    let first = "error: environments/us/environment.yaml:2:1: ";
    assert!(out(&broken).starts_with(first), "{}", out(&broken));
    let refused = bundle(&dir, &["resolve", "--target", "qa"]);
    assert_eq!(code(&refused), 2);
    assert!(
        err(&refused).contains("us/environment.yaml:2:1"),
        "{}",
        err(&refused)
    );
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

/// A bundle in `team/etl` of a repository that uses `team/shared`.
fn in_a_repository() -> TempDir {
    let dir = TempDir::new().expect("a directory");
    let put = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, text).expect("a file");
    };
    for folder in ["objects", "refs"] {
        std::fs::create_dir_all(dir.path().join(".git").join(folder)).expect("folders");
    }
    put(".git/HEAD", "ref: refs/heads/main\n");
    put(".git/config", "[core]\n\trepositoryformatversion = 0\n");
    let root = "bundle: {name: etl}\nsync: {paths: [., ../shared]}\nresources: {jobs: {j: {name: j, tasks: [{task_key: t, spark_python_task: {python_file: ../shared/lib.py}}]}}}\n";
    put("team/etl/databricks.yml", root);
    put("team/etl/src/a.py", "");
    put("team/other/databricks.yml", "bundle: {name: other}\n");
    dir
}

#[test]
fn files_beside_the_bundle_are_read_as_far_as_the_repository_goes() {
    let dir = in_a_repository();
    let shared = dir.path().join("team/shared");
    std::fs::create_dir(&shared).expect("a folder");
    std::fs::write(shared.join("lib.py"), "").expect("a file");
    let path = dir.path().join("team/etl");
    let path = path.to_str().expect("text");
    let arguments = [
        "bundle",
        "resolve",
        "--user",
        "ada@example.com",
        "--path",
        path,
    ];
    let done = run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(code(&done), 0, "{}", err(&done));
    let json: Value = serde_json::from_str(&out(&done)).expect("JSON");
    assert_eq!(json["sync"], json!({"paths": ["etl", "shared"]}));
    assert_eq!(
        json["bundle"]["git"],
        json!({"actual_branch": "main", "branch": "main", "bundle_root_path": "team/etl"})
    );
    let task = &json["resources"]["jobs"]["j"]["tasks"][0]["spark_python_task"];
    let files = "/Workspace/Users/ada@example.com/.bundle/etl/default/files";
    assert_eq!(task["python_file"], format!("{files}/shared/lib.py"));
    let table = out(&run(&arguments));
    assert!(table.ends_with("2 files to upload\n"), "{table}");
}

#[test]
fn a_link_out_of_the_repository_is_refused() {
    let dir = in_a_repository();
    let elsewhere = TempDir::new().expect("a directory");
    std::fs::write(elsewhere.path().join("lib.py"), "").expect("a file");
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("team/shared")).expect("a link");
    let path = dir.path().join("team/etl");
    let refused = run(&["bundle", "resolve", "--path", path.to_str().expect("text")]);
    assert_eq!(code(&refused), 2);
    let said = err(&refused);
    assert!(
        said.contains("/team/shared is a link, which may lead anywhere")
            && said.contains("hint: put the files themselves into the repository"),
        "{said}"
    );
}
