//! What the service adds to the settings of a job that does not say it.

use serde_json::{Map, Value, json};

use crate::databricks::clusters::fill_new_cluster;
use crate::databricks::error::ApiError;
use crate::databricks::table::fill;
use crate::databricks::tokens::Caller;

/// Top-level settings the service knows. It drops others without a word, as protobuf's JSON mapping does.
const KNOWN: [&str; 26] = [
    "budget_policy_id",
    "continuous",
    "deployment",
    "description",
    "edit_mode",
    "email_notifications",
    "environments",
    "format",
    "git_source",
    "health",
    "job_clusters",
    "max_concurrent_runs",
    "name",
    "notification_settings",
    "parameters",
    "parent_path",
    "performance_target",
    "queue",
    "run_as",
    "schedule",
    "tags",
    "tasks",
    "timeout_seconds",
    "trigger",
    "usage_policy_id",
    "webhook_notifications",
];

/// Settings as the service keeps them.
pub(super) fn filled(
    given: &Map<String, Value>,
    owner: &Caller,
) -> Result<Map<String, Value>, ApiError> {
    let mut settings: Map<String, Value> = given
        .iter()
        .filter(|(key, value)| KNOWN.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    settings.insert("format".into(), json!("MULTI_TASK"));
    fill(&mut settings, "name", json!("Untitled"));
    fill(&mut settings, "max_concurrent_runs", json!(1));
    fill(&mut settings, "timeout_seconds", json!(0));
    fill(&mut settings, "email_notifications", json!({}));
    fill(&mut settings, "webhook_notifications", json!({}));
    let kind = if owner.service_principal {
        "service_principal_name"
    } else {
        "user_name"
    };
    fill(&mut settings, "run_as", json!({ kind: owner.login }));
    for timer in ["schedule", "trigger", "continuous"] {
        if let Some(Value::Object(timer)) = settings.get_mut(timer) {
            fill(timer, "pause_status", json!("UNPAUSED"));
        }
    }
    // An empty list is no list.
    settings.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    let from_git = settings.contains_key("git_source");
    for task in elements(&mut settings, "tasks") {
        fill_task(task, from_git);
    }
    for cluster in elements(&mut settings, "job_clusters") {
        if let Some(Value::Object(spec)) = cluster.get_mut("new_cluster") {
            fill_new_cluster(spec);
        }
    }
    Ok(settings)
}

fn fill_task(task: &mut Map<String, Value>, from_git: bool) {
    fill(task, "run_if", json!("ALL_SUCCESS"));
    fill(task, "timeout_seconds", json!(0));
    fill(task, "email_notifications", json!({}));
    fill(task, "webhook_notifications", json!({}));
    for at in ["/notebook_task", "/dbt_task", "/sql_task/file"] {
        let spec = at.split('/').skip(1).try_fold(&mut *task, |map, key| {
            map.get_mut(key).and_then(Value::as_object_mut)
        });
        if let Some(spec) = spec {
            fill(
                spec,
                "source",
                json!(if from_git { "GIT" } else { "WORKSPACE" }),
            );
        }
    }
    if let Some(Value::Object(spec)) = task.get_mut("new_cluster") {
        fill_new_cluster(spec);
    }
    task.retain(|key, value| {
        key != "depends_on" || value.as_array().is_none_or(|list| !list.is_empty())
    });
}

fn elements<'a>(
    settings: &'a mut Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    settings
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}
