use std::collections::BTreeMap;

use serde_json::json;

use super::super::resolve;
use super::{NOTEBOOK, errors_in, job, tree};

const ROOT: &str = "bundle: {name: d}\ninclude: [resources/*.yml]\ntargets: {qa: }\n";

fn files<'a>(tasks: &'a str, root: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("databricks.yml", root),
        ("resources/j.yml", tasks),
        ("src/load.py", NOTEBOOK),
        ("src/main.py", "print(1)\n"),
        ("src/q.sql", "select 1\n"),
        ("src/book.ipynb", "{}"),
        ("src/prep.designer.ipynb", "{}"),
        ("dbt/dbt_project.yml", "name: x\n"),
        ("dist/a-1.whl", "w"),
        ("dist/b-1.whl", "w"),
        ("requirements.txt", "x\n"),
    ]
}

#[test]
fn relative_paths_come_to_lie_below_the_folder_of_the_files() {
    let yaml = r#"resources:
  jobs:
    j:
      environments: [{environment_key: e, spec: {dependencies: [requests, ../dist/a-1.whl, -r ../requirements.txt, /Volumes/x.whl]}}]
      tasks:
        - {task_key: a, notebook_task: {notebook_path: ../src/load.py}, libraries: [{whl: "../dist/*.whl"}, {jar: "s3://b/x.jar"}, {pypi: {package: p}}]}
        - {task_key: b, notebook_task: {notebook_path: "${workspace.file_path}/src/load"}}
        - {task_key: c, notebook_task: {notebook_path: ../src/book.ipynb}}
        - {task_key: d, spark_python_task: {python_file: ../src/main.py}, libraries: [{requirements: ../requirements.txt}]}
        - {task_key: e, sql_task: {file: {path: ../src/q.sql}}}
        - {task_key: f, dbt_task: {project_directory: ../dbt}}
        - {task_key: g, for_each_task: {inputs: "[]", task: {task_key: h, notebook_task: {notebook_path: ../src/load.py}}}}
        - {task_key: i, notebook_task: {notebook_path: /Workspace/Shared/x}}
        - {task_key: k, notebook_task: {notebook_path: src/load, source: GIT}}
        - {task_key: l, dbt_task: {project_directory: ""}}
        - {task_key: m, notebook_task: {notebook_path: ../src/prep.designer.ipynb}}
"#;
    let bundle = resolve(&tree(&files(yaml, ROOT)), "qa", &BTreeMap::new())
        .unwrap_or_else(|found| panic!("{found}"));
    let job = job(&bundle, "j");
    // The workspace keeps the whole name of a file of Designer.
    assert_eq!(
        job["tasks"][10]["notebook_task"]["notebook_path"],
        "${files}/src/prep.designer.ipynb"
    );
    assert_eq!(
        job["environments"][0]["spec"]["dependencies"],
        json!([
            "requests",
            "${files}/dist/a-1.whl",
            "-r ${files}/requirements.txt",
            "/Volumes/x.whl"
        ])
    );
    let tasks = &job["tasks"];
    assert_eq!(
        tasks[0]["notebook_task"]["notebook_path"],
        "${files}/src/load"
    );
    assert_eq!(
        tasks[0]["libraries"],
        json!([{"whl": "${files}/dist/a-1.whl"}, {"whl": "${files}/dist/b-1.whl"}, {"jar": "s3://b/x.jar"}, {"pypi": {"package": "p"}}])
    );
    assert_eq!(
        tasks[1]["notebook_task"]["notebook_path"],
        "${files}/src/load"
    );
    assert_eq!(
        tasks[2]["notebook_task"]["notebook_path"],
        "${files}/src/book"
    );
    assert_eq!(
        tasks[3]["spark_python_task"]["python_file"],
        "${files}/src/main.py"
    );
    assert_eq!(
        tasks[3]["libraries"],
        json!([{"requirements": "${files}/requirements.txt"}])
    );
    assert_eq!(tasks[4]["sql_task"]["file"]["path"], "${files}/src/q.sql");
    assert_eq!(tasks[5]["dbt_task"]["project_directory"], "${files}/dbt");
    assert_eq!(
        tasks[6]["for_each_task"]["task"]["notebook_task"]["notebook_path"],
        "${files}/src/load"
    );
    assert_eq!(
        tasks[7]["notebook_task"]["notebook_path"],
        "/Workspace/Shared/x"
    );
    assert_eq!(tasks[8]["notebook_task"]["notebook_path"], "src/load");
}

#[test]
fn a_job_with_its_own_git_source_keeps_its_paths() {
    let yaml = "resources: {jobs: {j: {git_source: {git_url: u}, tasks: [{task_key: a, notebook_task: {notebook_path: x/y}}, {task_key: b, notebook_task: {notebook_path: ../src/load.py, source: WORKSPACE}}, {task_key: c, alert_task: {workspace_path: ../src/q.sql}}]}}}\n";
    let bundle = resolve(&tree(&files(yaml, ROOT)), "qa", &BTreeMap::new()).unwrap();
    assert_eq!(
        job(&bundle, "j")["tasks"][0]["notebook_task"]["notebook_path"],
        "x/y"
    );
    assert_eq!(
        job(&bundle, "j")["tasks"][1]["notebook_task"]["notebook_path"],
        "${files}/src/load"
    );
    assert_eq!(
        job(&bundle, "j")["tasks"][2]["alert_task"]["workspace_path"],
        "${files}/src/q.sql"
    );
}

#[test]
fn paths_that_lead_nowhere_are_errors() {
    let with = |task: &str| {
        let yaml = format!("resources:\n  jobs:\n    j:\n      tasks:\n        - {task}\n");
        errors_in(&files(&yaml, ROOT))
    };
    let cases = [
        (
            "notebook_task: {notebook_path: ../src/laod.py}",
            ":5:42: `../src/laod.py` leads to `src/laod.py`, and no such file is uploaded (hint: did you mean `src/load.py`?)",
        ),
        (
            "notebook_task: {notebook_path: ../src/load}",
            ":5:42: `../src/load` leads to `src/load`, and no such file is uploaded (hint: did you mean `src/load.py`?)",
        ),
        (
            "notebook_task: {notebook_path: ../src/main.py}",
            ":5:42: `src/main.py` is not a notebook (hint: a notebook begins with the line `# Databricks notebook source`, or is an .ipynb file)",
        ),
        (
            "spark_python_task: {python_file: ../src/load.py}",
            ":5:44: `src/load.py` is a notebook, and a file is wanted here (hint: remove its first line, or use `notebook_task`)",
        ),
        (
            "spark_python_task: {python_file: ../../x.py}",
            ":5:44: `../../x.py` leads to ",
        ),
        (
            "dbt_task: {project_directory: ../nowhere}",
            ":5:41: `../nowhere` leads to `nowhere`, and no such folder is uploaded",
        ),
        (
            "libraries: [{whl: ../dist/*.zip}]",
            ":5:29: `../dist/*.zip` matches no file that is uploaded",
        ),
        (
            "libraries: [{jar: ../dist/x.jar}]",
            ":5:29: `../dist/x.jar` leads to `dist/x.jar`, and no such file is uploaded",
        ),
    ];
    for (task, expected) in cases {
        let shown = with(task);
        let expected = if task.contains("../../x.py") {
            "resources/j.yml:5:44: `../../x.py` leads out of what is uploaded (hint: name its folder under `sync.paths`: `[., ../shared]`)".to_owned()
        } else {
            format!("resources/j.yml{expected}")
        };
        assert!(shown.starts_with(&expected), "{task}: {shown}");
    }
}

#[test]
fn a_path_to_a_file_that_is_not_uploaded_is_an_error() {
    let yaml = "resources: {jobs: {j: {tasks: [{task_key: a, notebook_task: {notebook_path: ../src/load.py}}]}}}\n";
    let root = format!("{ROOT}sync: {{exclude: [src/load.py]}}\n");
    let shown = errors_in(&files(yaml, &root));
    assert!(shown.contains("resources/j.yml:1:77: `../src/load.py` leads to `src/load.py`, and no such file is uploaded"), "{shown}");
}
