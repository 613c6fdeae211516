//! References that Git has stay, whatever people change around them in the workspace.

use serde_json::{Value, json};

use super::project::Project;
use crate::bundle::{ResourceKey, resolve};
use crate::capture::*;

const FILE: &str = "resources/load.job.yml";

const ROOT: &str = "bundle:
  name: shop
include: [resources/*.yml]
variables:
  n: {default: 3}
  v: {default: \"1\"}
targets:
  dev:
    mode: development
    presets: {name_prefix: \"\"}
  prod:
    variables: {n: 7}
";

const JOB: &str = "resources:
  jobs:
    load:
      name: load
      max_concurrent_runs: ${var.n}
      tasks:
        - task_key: t
          spark_python_task:
            python_file: dbfs:/load.py
            parameters: [\"--env\", \"${bundle.target}\", \"--n\", \"1\"]
          libraries:
            - pypi:
                package: shop==${var.v} # ours
";

/// The job as dev has it, known by the last capture.
fn project(root: &str) -> Project {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |_| root.into());
    project.rewrite(FILE, |_| JOB.into());
    let task = json!({"task_key": "t",
        "spark_python_task": {"python_file": "dbfs:/load.py", "parameters": ["--env", "dev", "--n", "1"]},
        "libraries": [{"pypi": {"package": "shop==1"}}]});
    project.job(
        1,
        "load",
        json!({"max_concurrent_runs": 3, "tasks": [task]}),
    );
    project.lock = project.capture().lock;
    project
}

/// The pull request, merged; a second one would be empty.
fn merged(project: &mut Project) -> Captured {
    let captured = project.merge_capture();
    let again = project.capture();
    assert_eq!(again.changes, BTreeMap::new(), "{:#?}", again.rows);
    captured
}

fn task<'v>(settings: &'v mut Value, field: &str) -> &'v mut Value {
    &mut settings["tasks"][0][field]
}

/// The job in production.
fn prod(project: &Project) -> Value {
    let bundle = resolve(&project.tree, "prod", &BTreeMap::new()).unwrap();
    Value::clone(&bundle.resources[&ResourceKey::new("jobs", "load")].config)
}

fn told(captured: &Captured, words: &str) -> bool {
    captured.rows.iter().any(|row| row.detail.contains(words))
}

#[test]
fn a_list_keeps_the_references_of_the_items_that_stay() {
    let mut project = project(ROOT);
    project.edit_job(1, |settings| {
        task(settings, "spark_python_task")["parameters"] = json!(["--env", "dev", "--n", "2"]);
        *task(settings, "libraries") =
            json!([{"pypi": {"package": "other"}}, {"pypi": {"package": "shop==1"}}]);
    });
    let captured = merged(&mut project);
    let text = project.text(FILE);
    assert!(text.contains("${bundle.target}"), "{text}");
    assert!(text.contains("shop==${var.v}"), "{text}");
    let task = &prod(&project)["tasks"][0];
    assert_eq!(
        task["spark_python_task"]["parameters"],
        json!(["--env", "prod", "--n", "2"])
    );
    assert_eq!(task["libraries"][0]["pypi"]["package"], "other");
    assert!(!told(&captured, "fixed value"), "{:#?}", captured.rows);
}

#[test]
fn a_value_in_the_place_of_a_variable_is_said_for_dev_alone() {
    let mut project = project(ROOT);
    project.edit_job(1, |settings| settings["max_concurrent_runs"] = json!(5));
    let captured = merged(&mut project);
    assert!(project.text(FILE).contains("max_concurrent_runs: ${var.n}"));
    let root = project.text("databricks.yml");
    assert!(
        root.contains("          max_concurrent_runs: 5\n"),
        "{root}"
    );
    assert_eq!(prod(&project)["max_concurrent_runs"], json!(7));
    assert!(told(&captured, "stays `${var.n}`"), "{:#?}", captured.rows);
    // Once it is said there, it is changed there.
    project.edit_job(1, |settings| settings["max_concurrent_runs"] = json!(6));
    merged(&mut project);
    assert!(
        project
            .text("databricks.yml")
            .contains("max_concurrent_runs: 6")
    );
}

#[test]
fn a_reference_that_cannot_stay_is_told() {
    let mut without = project(
        "bundle: {name: shop}\ninclude: [resources/*.yml]\nvariables: {n: {default: 3}, v: {default: \"1\"}}\n",
    );
    without.edit_job(1, |settings| settings["max_concurrent_runs"] = json!(5));
    let captured = merged(&mut without);
    assert!(without.text(FILE).contains("max_concurrent_runs: 5"));
    assert!(
        told(
            &captured,
            "`${var.n}` in `max_concurrent_runs` is a fixed value now"
        ),
        "{:#?}",
        captured.rows
    );
    let mut project = project(ROOT);
    project.edit_job(1, |settings| {
        task(settings, "spark_python_task")["parameters"] = json!(["--env", "new", "--n", "1"]);
    });
    let captured = merged(&mut project);
    assert!(
        told(
            &captured,
            "`${bundle.target}` in `tasks[task_key=t].spark_python_task.parameters` is a fixed value now"
        ),
        "{:#?}",
        captured.rows
    );
}

const ADDED: &str = "    resources:
      jobs:
        load:
          tasks:
            - task_key: t
              spark_python_task:
                parameters: [\"--more\"]
  prod:
";

/// Dev's target adds one more parameter.
fn added() -> Project {
    let root = ROOT.replace("  prod:\n", ADDED);
    let mut project = project(&root);
    project.edit_job(1, |settings| {
        task(settings, "spark_python_task")["parameters"] =
            json!(["--env", "dev", "--n", "1", "--more"]);
    });
    project.lock = project.capture().lock;
    project
}

#[test]
fn a_list_that_the_target_adds_to_is_changed_by_the_part_that_changed() {
    for (parameters, there, in_prod) in [
        (
            json!(["--env", "dev", "--n", "1", "--more", "--x"]),
            "[\"--more\", \"--x\"]",
            json!(["--env", "prod", "--n", "1"]),
        ),
        (
            json!(["--env", "dev", "--n", "2", "--more"]),
            "[\"--more\"]",
            json!(["--env", "prod", "--n", "2"]),
        ),
    ] {
        let mut project = added();
        project.edit_job(1, |settings| {
            task(settings, "spark_python_task")["parameters"] = parameters.clone();
        });
        merged(&mut project);
        let root: Value = crate::yaml_edit::read(&project.text("databricks.yml")).unwrap();
        let said =
            root.pointer("/targets/dev/resources/jobs/load/tasks/0/spark_python_task/parameters");
        let there: Value = serde_json::from_str(there).unwrap();
        assert_eq!(said, Some(&there), "{parameters}");
        let task = &prod(&project)["tasks"][0];
        assert_eq!(task["spark_python_task"]["parameters"], in_prod);
        let dev = resolve(&project.tree, "dev", &BTreeMap::new()).unwrap();
        let dev = &dev.resources[&ResourceKey::new("jobs", "load")].config;
        assert_eq!(
            dev["tasks"][0]["spark_python_task"]["parameters"],
            parameters
        );
    }
}

#[test]
fn a_list_that_neither_part_can_say_stays_and_is_told() {
    let mut project = added();
    project.edit_job(1, |settings| {
        task(settings, "spark_python_task")["parameters"] = json!(["--n", "5"]);
    });
    let captured = project.capture();
    assert_eq!(captured.changes, BTreeMap::new());
    assert!(told(&captured, "so it stays"), "{:#?}", captured.rows);
}
