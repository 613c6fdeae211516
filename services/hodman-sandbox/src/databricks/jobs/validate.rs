//! What the service refuses when a job is saved.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::databricks::compute::apply_policy;
use crate::databricks::error::ApiError;
use crate::databricks::table::Table;

/// Checks settings before they are kept.
pub(super) fn check(settings: &Map<String, Value>, policies: &Table) -> Result<(), ApiError> {
    check_clusters(settings, policies)?;
    let tasks = list(settings, "tasks");
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for task in tasks {
        let key = text(task, "task_key")
            .ok_or_else(|| ApiError::invalid("Missing required field: tasks.task_key"))?;
        check_key(key)?;
        for at in ["/new_cluster", "/for_each_task/task/new_cluster"] {
            if let Some(spec) = task.pointer(at) {
                check_size(spec, policies)?;
            }
        }
        let kinds = task
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(field, _)| field.ends_with("_task"))
            .count();
        if kinds != 1 {
            return Err(ApiError::invalid(format!(
                "Task '{key}' must specify exactly one task type, it specifies {kinds}."
            )));
        }
        let depends = task
            .get("depends_on")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let depends = depends
            .filter_map(|dependency| text(dependency, "task_key"))
            .collect();
        if graph.insert(key, depends).is_some() {
            return Err(ApiError::invalid(format!(
                "Duplicate task key '{key}'. Task keys must be unique."
            )));
        }
    }
    check_graph(&graph)?;
    check_code(settings)?;
    check_cluster_references(settings)?;
    check_timers(settings)
}

fn check_clusters(settings: &Map<String, Value>, policies: &Table) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for cluster in list(settings, "job_clusters") {
        let key = text(cluster, "job_cluster_key").ok_or_else(|| {
            ApiError::invalid("Missing required field: job_clusters.job_cluster_key")
        })?;
        let Some(spec) = cluster.get("new_cluster") else {
            return Err(ApiError::invalid(format!(
                "Missing required field: job_clusters.new_cluster of '{key}'"
            )));
        };
        check_size(spec, policies)?;
        if !seen.insert(key) {
            return Err(ApiError::invalid(format!(
                "Duplicate job cluster key '{key}'. Job cluster keys must be unique."
            )));
        }
    }
    Ok(())
}

/// Every cluster has a size, perhaps from its policy.
fn check_size(spec: &Value, policies: &Table) -> Result<(), ApiError> {
    let mut spec = spec.as_object().cloned().unwrap_or_default();
    spec.retain(|_, value| !value.is_null());
    let policy = spec.get("policy_id").and_then(Value::as_str);
    if let Some(policy) = policy.and_then(|id| policies.get("Policy", id).ok()) {
        let defaults = spec.get("apply_policy_default_values") == Some(&Value::Bool(true));
        apply_policy(&mut spec, policy, defaults)?;
    }
    let sized = ["num_workers", "autoscale"];
    if sized.iter().any(|field| spec.contains_key(*field))
        || spec.get("is_single_node") == Some(&Value::Bool(true))
    {
        return Ok(());
    }
    Err(ApiError::invalid(
        "Cluster validation error: Missing required field: settings.cluster_spec.new_cluster.size",
    ))
}

/// Code that is in Git is named as seen from the repository's root, code in the workspace from the workspace's.
fn check_code(settings: &Map<String, Value>) -> Result<(), ApiError> {
    let from_git = settings.get("git_source").is_some_and(Value::is_object);
    for task in list(settings, "tasks") {
        for (spec, field) in [
            ("/notebook_task", "notebook_path"),
            ("/sql_task/file", "path"),
            ("/dbt_task", "project_directory"),
        ] {
            let Some(spec) = task.pointer(spec) else {
                continue;
            };
            let in_git = match text(spec, "source") {
                Some(source) => source == "GIT",
                None => from_git,
            };
            let path = text(spec, field).unwrap_or_default();
            if in_git && path.starts_with('/') {
                return Err(ApiError::invalid(format!(
                    "Invalid {field}: {path}. Only relative paths are currently supported for remote repositories. \
                     Paths must not begin with '/'."
                )));
            }
        }
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if key.is_empty() || key.len() > 100 || !key.chars().all(legal) {
        return Err(ApiError::invalid(format!(
            "The task key '{key}' is invalid. It must be 1 to 100 alphanumeric characters, '-' and '_'."
        )));
    }
    Ok(())
}

/// Every dependency exists and none leads back to itself.
fn check_graph(graph: &BTreeMap<&str, Vec<&str>>) -> Result<(), ApiError> {
    for (key, depends) in graph {
        if let Some(unknown) = depends
            .iter()
            .find(|dependency| !graph.contains_key(*dependency))
        {
            return Err(ApiError::invalid(format!(
                "Invalid dependency graph, task '{key}' depends on task '{unknown}' which does not exist."
            )));
        }
    }
    if order(graph).len() < graph.len() {
        return Err(ApiError::invalid(
            "Invalid dependency graph, it contains a cycle.",
        ));
    }
    Ok(())
}

/// Tasks in an order in which each comes after those it depends on; tasks of a cycle are left out.
pub(super) fn order<'a>(graph: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<&'a str> {
    let mut order: Vec<&str> = Vec::new();
    loop {
        let ready: Vec<&str> = graph
            .iter()
            .filter(|(key, depends)| {
                !order.contains(key) && depends.iter().all(|dependency| order.contains(dependency))
            })
            .map(|(key, _)| *key)
            .collect();
        if ready.is_empty() {
            return order;
        }
        order.extend(ready);
    }
}

fn check_cluster_references(settings: &Map<String, Value>) -> Result<(), ApiError> {
    let defined: BTreeSet<&str> = list(settings, "job_clusters")
        .iter()
        .filter_map(|cluster| text(cluster, "job_cluster_key"))
        .collect();
    for task in list(settings, "tasks") {
        if let Some(key) = text(task, "job_cluster_key").filter(|key| !defined.contains(key)) {
            return Err(ApiError::invalid(format!(
                "Job cluster '{key}' is not defined in field 'job_clusters'."
            )));
        }
    }
    Ok(())
}

fn check_timers(settings: &Map<String, Value>) -> Result<(), ApiError> {
    if let Some(schedule) = settings.get("schedule") {
        let cron = text(schedule, "quartz_cron_expression").unwrap_or_default();
        if !(6..=7).contains(&cron.split_whitespace().count()) {
            return Err(ApiError::invalid(format!(
                "Invalid quartz cron expression: '{cron}'."
            )));
        }
        if text(schedule, "timezone_id").is_none() {
            return Err(ApiError::invalid(
                "Missing required field: schedule.timezone_id",
            ));
        }
    }
    let concurrent = settings
        .get("max_concurrent_runs")
        .and_then(Value::as_i64)
        .unwrap_or(1);
    if !(0..=1000).contains(&concurrent) {
        return Err(ApiError::invalid(
            "max_concurrent_runs must be between 0 and 1000.",
        ));
    }
    Ok(())
}

pub(super) fn list<'a>(settings: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    settings
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
