//! What lacks a part without which it does nothing. The API would refuse the task; the rest it takes, and the Databricks CLI refuses.

use super::warning;
use crate::bundle::resolve::Inside;
use crate::diagnostic::{Diagnostic, Severity};
use crate::files::node::{Node, Yaml};

/// Tasks that run on compute, which serverless notebooks alone need not name (job_task_cluster_spec.go of the CLI).
const ON_COMPUTE: [&str; 5] = [
    "python_wheel_task",
    "dbt_task",
    "spark_jar_task",
    "spark_submit_task",
    "spark_python_task",
];

/// What says on which.
const COMPUTE: [&str; 5] = [
    "job_cluster_key",
    "environment_key",
    "existing_cluster_id",
    "new_cluster",
    "compute",
];

/// One finding for each.
pub(super) fn check(inside: &Inside) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, (place, node)) in &inside.resources {
        match key.kind.as_str() {
            "jobs" => {
                let tasks = node.get("tasks").and_then(Node::as_list);
                for task in tasks.unwrap_or_default() {
                    let inner = task.get("for_each_task").and_then(|each| each.get("task"));
                    for task in std::iter::once(task).chain(inner) {
                        of_task(task, &mut found);
                    }
                }
            }
            "dashboards" if !says(node, "warehouse_id") => {
                let message =
                    format!("`{key}` has no `warehouse_id`, and its queries no warehouse");
                found.push(warning(place, message));
            }
            "apps" if !says(node, "source_code_path") && !says(node, "git_source") => {
                let message = format!("`{key}` has no `source_code_path`, and nothing to run");
                found.push(warning(place, message).hint("or `git_source`"));
            }
            _ => {}
        }
    }
    found
}

fn of_task(task: &Node, found: &mut Vec<Diagnostic>) {
    let runs = ON_COMPUTE.iter().find(|kind| says(task, kind));
    if let Some(kind) = runs
        && !COMPUTE.iter().any(|field| says(task, field))
    {
        let message = format!("this `{kind}` has no cluster and no environment to run on");
        let mut nowhere = warning(&task.place, message);
        nowhere.severity = Severity::Error;
        found.push(nowhere.hint(
            "one of `job_cluster_key`, `environment_key`, `existing_cluster_id`, `new_cluster`",
        ));
    }
}

fn says(node: &Node, field: &str) -> bool {
    node.get(field).is_some_and(|node| match &node.value {
        Yaml::Null => false,
        Yaml::Text(text) => !text.is_empty(),
        _ => true,
    })
}
