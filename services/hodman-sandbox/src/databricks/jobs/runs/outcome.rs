//! What the tasks of a run come to: a notebook that is missing or that raises fails, everything else succeeds.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::validate::{list, order, text};
use super::Run;
use crate::databricks::world::World;

/// End of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// `result_state`.
    pub(super) result: &'static str,
    /// `termination_details.code`.
    pub(super) code: &'static str,
    /// The service could not even start it: `life_cycle_state` is `INTERNAL_ERROR`.
    pub(super) internal_error: bool,
    pub(super) message: String,
    /// What the task left behind: `dbutils.notebook.exit("…")`, or the text of what it raised.
    pub(super) output: String,
}

impl Outcome {
    fn success(output: String) -> Self {
        Self {
            result: "SUCCESS",
            code: "SUCCESS",
            internal_error: false,
            message: String::new(),
            output,
        }
    }

    fn raised(error: &str) -> Self {
        Self {
            result: "FAILED",
            code: "RUN_EXECUTION_ERROR",
            internal_error: false,
            message: "Workload failed, see run output for details".to_owned(),
            output: error.to_owned(),
        }
    }

    fn not_found(message: String) -> Self {
        Self {
            result: "FAILED",
            code: "RESOURCE_NOT_FOUND",
            internal_error: true,
            output: message.clone(),
            message,
        }
    }

    fn not_run(result: &'static str) -> Self {
        let message = if result == "EXCLUDED" {
            "Run condition was not met."
        } else {
            "An upstream task failed."
        };
        Self {
            result,
            code: result,
            internal_error: false,
            message: message.to_owned(),
            output: String::new(),
        }
    }

    pub(super) fn failed(&self) -> bool {
        matches!(self.result, "FAILED" | "UPSTREAM_FAILED")
    }
}

/// Decides every task in the order of dependencies.
pub(super) fn decide(world: &World, run: &mut Run) {
    let graph: BTreeMap<&str, Vec<&str>> = list(&run.settings, "tasks")
        .iter()
        .filter_map(|task| Some((text(task, "task_key")?, dependencies(task))))
        .collect();
    let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
    for (position, key) in order(&graph).into_iter().enumerate() {
        let Some(task) = run.task_settings(key) else {
            continue;
        };
        let upstream: Vec<&Outcome> = graph[key]
            .iter()
            .filter_map(|dependency| outcomes.get(*dependency))
            .collect();
        let outcome = match (&run.failure, unmet(task, &upstream)) {
            (Some(reason), _) if position == 0 => Outcome::raised(reason),
            (_, Some(result)) => Outcome::not_run(result),
            _ => outcome_of(world, run, task),
        };
        outcomes.insert(key.to_owned(), outcome);
    }
    for task in &mut run.tasks {
        task.outcome = outcomes.remove(&task.key);
    }
}

fn dependencies(task: &Value) -> Vec<&str> {
    let depends = task
        .get("depends_on")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    depends
        .filter_map(|dependency| text(dependency, "task_key"))
        .collect()
}

/// Why a task does not run, by its `run_if`.
fn unmet(task: &Value, upstream: &[&Outcome]) -> Option<&'static str> {
    if upstream.is_empty() {
        return None;
    }
    let all_success = upstream.iter().all(|outcome| outcome.result == "SUCCESS");
    let any_success = upstream.iter().any(|outcome| outcome.result == "SUCCESS");
    let any_failed = upstream.iter().any(|outcome| outcome.failed());
    let all_failed = upstream.iter().all(|outcome| outcome.failed());
    match text(task, "run_if").unwrap_or("ALL_SUCCESS") {
        "ALL_DONE" => None,
        "AT_LEAST_ONE_SUCCESS" => (!any_success).then_some("UPSTREAM_FAILED"),
        "NONE_FAILED" => any_failed.then_some("UPSTREAM_FAILED"),
        "ALL_FAILED" => (!all_failed).then_some("EXCLUDED"),
        "AT_LEAST_ONE_FAILED" => (!any_failed).then_some("EXCLUDED"),
        _ if any_failed => Some("UPSTREAM_FAILED"),
        _ => (!all_success).then_some("EXCLUDED"),
    }
}

fn outcome_of(world: &World, run: &Run, task: &Value) -> Outcome {
    if let Some(id) = text(task, "existing_cluster_id").filter(|id| !world.clusters.contains(id)) {
        return Outcome::not_found(format!("Cluster {id} does not exist"));
    }
    if let Some(notebook) = task
        .get("notebook_task")
        .filter(|notebook| text(notebook, "source") != Some("GIT"))
    {
        let path = text(notebook, "notebook_path").unwrap_or_default();
        return match world.files.notebook_source(path) {
            Some(source) => run_source(&source),
            None => Outcome::not_found(format!(
                "Unable to access the notebook \"{path}\". Either it does not exist, or the identity used to run this job, \
                 {}, lacks the required permissions.",
                run.run_as
            )),
        };
    }
    if let Some(script) = task
        .get("spark_python_task")
        .filter(|script| text(script, "source") != Some("GIT"))
    {
        let path = text(script, "python_file").unwrap_or_default();
        return match world.files.content(path) {
            Some(bytes) => run_source(&String::from_utf8_lossy(&bytes)),
            // Only files of the workspace can be looked up; volumes and buckets are not part of the sandbox.
            None if path.starts_with("/Workspace/") => {
                Outcome::not_found(format!("Cannot read the python file {path}."))
            }
            None => Outcome::success(String::new()),
        };
    }
    let called = task
        .get("run_job_task")
        .and_then(|called| called.get("job_id"))
        .and_then(Value::as_u64);
    match called.map(|id| world.jobs.get(id)) {
        Some(Err(refused)) => Outcome::not_found(refused.message),
        _ => Outcome::success(String::new()),
    }
}

/// The only "execution" there is: a line that raises, or a notebook's exit value.
fn run_source(source: &str) -> Outcome {
    for line in source.lines().map(str::trim) {
        if let Some(raised) = line.strip_prefix("raise ") {
            return Outcome::raised(raised);
        }
        if let Some(exit) = line.strip_prefix("dbutils.notebook.exit(") {
            return Outcome::success(
                exit.trim_end_matches(')')
                    .trim_matches(['"', '\''])
                    .to_owned(),
            );
        }
    }
    Outcome::success(String::new())
}
