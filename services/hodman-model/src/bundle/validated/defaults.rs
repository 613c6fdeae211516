//! The fields that the Databricks CLI adds to resources.

use serde_json::{Map, Value, json};

/// A kind, where a field is, and what is put there.
type Default = (&'static str, &'static [&'static str], fn() -> Value);

/// What is put there when the bundle says nothing. `*` is each item of a list. Nothing is put
/// into a mapping that is not there.
const DEFAULTS: &[Default] = &[
    ("jobs", &["name"], || json!("Untitled")),
    ("jobs", &["tasks", "*", "task_key"], || json!("")),
    ("jobs", &["job_clusters", "*", "job_cluster_key"], || {
        json!("")
    }),
    ("jobs", &["max_concurrent_runs"], || json!(1)),
    ("jobs", &["queue"], || json!({"enabled": true})),
    ("jobs", &["schedule", "pause_status"], || json!("UNPAUSED")),
    ("jobs", &["trigger", "pause_status"], || json!("UNPAUSED")),
    ("jobs", &["continuous", "pause_status"], || {
        json!("UNPAUSED")
    }),
    ("pipelines", &["edition"], || json!("ADVANCED")),
    ("pipelines", &["channel"], || json!("CURRENT")),
    ("sql_warehouses", &["auto_stop_mins"], || json!(120)),
    ("sql_warehouses", &["enable_photon"], || json!(true)),
    ("sql_warehouses", &["max_num_clusters"], || json!(1)),
    ("sql_warehouses", &["spot_instance_policy"], || {
        json!("COST_OPTIMIZED")
    }),
    ("clusters", &["autotermination_minutes"], || json!(60)),
    ("dashboards", &["embed_credentials"], || json!(false)),
    ("volumes", &["volume_type"], || json!("MANAGED")),
    ("apps", &["description"], || json!("")),
];

/// What a cluster may run, in one of its own and in one of a job.
const CLIENTS: [(&str, &[&str]); 2] = [
    ("clusters", &["workload_type", "clients"]),
    (
        "jobs",
        &[
            "job_clusters",
            "*",
            "new_cluster",
            "workload_type",
            "clients",
        ],
    ),
];

/// Adds everything to one resource; `folder` tells a path of the section `workspace`.
pub(super) fn complete(kind: &str, map: &mut Map<String, Value>, folder: &dyn Fn(&str) -> String) {
    for (_, path, value) in DEFAULTS.iter().filter(|(of, ..)| *of == kind) {
        put(map, path, &value());
    }
    for (_, path) in CLIENTS.iter().filter(|(of, _)| *of == kind) {
        for client in ["notebooks", "jobs"] {
            put(map, &[*path, &[client][..]].concat(), &json!(true));
        }
    }
    match kind {
        "jobs" => {
            if let Some(Value::Array(tasks)) = map.get_mut("tasks") {
                let key = |task: &Value| task.get("task_key").map(Value::to_string);
                tasks.sort_by_key(key);
            }
            deployment(map, folder);
            map.insert("edit_mode".to_owned(), json!("UI_LOCKED"));
            map.insert("format".to_owned(), json!("MULTI_TASK"));
        }
        "pipelines" => {
            if let Some(Value::Array(clusters)) = map.get_mut("clusters") {
                clusters.iter_mut().for_each(label);
            }
            deployment(map, folder);
        }
        "dashboards" | "alerts" => {
            put(map, &["parent_path"], &json!(folder("resource_path")));
            if kind == "dashboards" {
                below_workspace(map);
            }
        }
        _ => {}
    }
}

/// Fields that a plan keeps empty, since that takes away what was there, and that the CLI does not show then.
const SHOWN_ONLY_WITH_WORDS: [&str; 2] = ["comment", "description"];

/// Takes empty descriptions out.
pub(super) fn drop_empty(map: &mut Map<String, Value>) {
    map.retain(|field, value| *value != "" || !SHOWN_ONLY_WITH_WORDS.contains(&field.as_str()));
}

/// The label by which the CLI tells a pipeline's clusters apart.
fn label(cluster: &mut Value) {
    if let Value::Object(cluster) = cluster {
        let label = cluster.get("label").and_then(Value::as_str);
        let label = label.unwrap_or("default").to_lowercase();
        cluster.insert("label".to_owned(), label.into());
    }
}

/// Where the CLI notes what it deployed; the page of the job leads there.
fn deployment(map: &mut Map<String, Value>, folder: &dyn Fn(&str) -> String) {
    let path = format!("{}/metadata.json", folder("state_path"));
    let deployment = json!({"kind": "BUNDLE", "metadata_file_path": path});
    map.insert("deployment".to_owned(), deployment);
}

/// Dashboards are read back with `/Workspace` before their folder, whatever it begins with.
fn below_workspace(map: &mut Map<String, Value>) {
    if let Some(Value::String(path)) = map.get_mut("parent_path")
        && path != "/Workspace"
        && !path.starts_with("/Workspace/")
        && !path.starts_with("${")
    {
        let slash = if path.starts_with('/') { "" } else { "/" };
        path.insert_str(0, &format!("/Workspace{slash}"));
    }
}

fn put(map: &mut Map<String, Value>, path: &[&str], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        let found = map.entry((*first).to_owned()).or_insert(Value::Null);
        if found.is_null() {
            *found = value.clone();
        }
        return;
    }
    match (map.get_mut(*first), rest) {
        (Some(Value::Object(inner)), rest) => put(inner, rest, value),
        (Some(Value::Array(items)), ["*", rest @ ..]) => items
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|item| put(item, rest, value)),
        _ => {}
    }
}

/// Sets a value that is not there, and makes the mappings that it is in.
pub(super) fn set_if_absent(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => put(map, &[last], &value),
        [first, rest @ ..] => {
            put(map, &[first], &json!({}));
            if let Some(inner) = map.get_mut(*first).and_then(Value::as_object_mut) {
                set_if_absent(inner, rest, value);
            }
        }
    }
}
