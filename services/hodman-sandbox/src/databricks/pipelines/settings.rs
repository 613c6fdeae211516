//! What the service makes of a pipeline's settings.

use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::table::fill;

/// Fields of a create or an edit that are no settings.
const OUTSIDE: [&str; 6] = [
    "allow_duplicate_names",
    "dry_run",
    "expected_last_modified",
    "pipeline_id",
    "run_as",
    "access_control_list",
];

/// Settings that a pipeline keeps for life; another value needs another pipeline.
const FIXED: [(&str, &[&str]); 3] = [
    ("storage", &[]),
    (
        "ingestion_definition",
        &[
            "connection_name",
            "ingestion_gateway_id",
            "ingest_from_uc_foreign_catalog",
        ],
    ),
    (
        "gateway_definition",
        &[
            "connection_id",
            "connection_name",
            "gateway_storage_catalog",
            "gateway_storage_schema",
        ],
    ),
];

/// The body as the settings of pipeline `id`, checked and filled.
pub(super) fn settled(body: &Map<String, Value>, id: &str) -> Result<Map<String, Value>, ApiError> {
    let mut spec: Map<String, Value> = body
        .iter()
        .filter(|(key, value)| !OUTSIDE.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let has = |key: &str| spec.get(key).is_some_and(|value| value != "");
    if has("catalog") && has("storage") {
        return Err(ApiError::invalid(
            "Pipeline settings may not have both 'catalog' and 'storage'.",
        ));
    }
    if has("schema") && has("target") {
        return Err(ApiError::invalid(
            "Pipeline settings may not have both 'schema' and 'target'.",
        ));
    }
    if !has("catalog") {
        fill(&mut spec, "storage", json!(format!("dbfs:/pipelines/{id}")));
    }
    spec.insert("id".into(), json!(id));
    spec.insert("pipeline_type".into(), json!("WORKSPACE"));
    fill(&mut spec, "channel", json!("CURRENT"));
    fill(&mut spec, "edition", json!("ADVANCED"));
    for flag in ["continuous", "development", "photon", "serverless"] {
        fill(&mut spec, flag, json!(false));
    }
    if let Some(Value::Array(clusters)) = spec.get_mut("clusters") {
        for cluster in clusters.iter_mut().filter_map(Value::as_object_mut) {
            fill(cluster, "label", json!("default"));
            if let Some(Value::Object(scale)) = cluster.get_mut("autoscale") {
                rewrite(scale, "mode", str::to_uppercase);
            }
        }
    }
    rewrite(&mut spec, "catalog", str::to_lowercase);
    rewrite(&mut spec, "channel", str::to_uppercase);
    rewrite(&mut spec, "edition", str::to_uppercase);
    let own = ["catalog", "schema"].map(|field| (field, spec.get(field).cloned()));
    if let Some(Value::Object(log)) = spec.get_mut("event_log") {
        for (field, value) in own {
            fill(log, field, value.unwrap_or(json!("main")));
        }
    }
    if let Some(Value::Object(ingestion)) = spec.get_mut("ingestion_definition") {
        ingestion.insert("source_type".into(), json!("SQLSERVER"));
    }
    Ok(spec)
}

/// The service keeps one spelling of `field`.
fn rewrite(map: &mut Map<String, Value>, field: &str, form: fn(&str) -> String) {
    if let Some(Value::String(text)) = map.get_mut(field) {
        *text = form(text);
    }
}

/// Refuses an edit of what cannot be edited. A field that only one of the two has is not looked at.
pub(super) fn keep_fixed(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Result<(), ApiError> {
    for (field, parts) in FIXED {
        let at = |spec: &Map<String, Value>, part: Option<&str>| match part {
            None => spec.get(field).cloned(),
            Some(part) => spec.get(field).and_then(|value| value.get(part)).cloned(),
        };
        let parts: Vec<Option<&str>> = if parts.is_empty() {
            vec![None]
        } else {
            parts.iter().map(|part| Some(*part)).collect()
        };
        for part in parts {
            if old.contains_key(field) && new.contains_key(field) && at(old, part) != at(new, part)
            {
                return Err(ApiError::invalid(format!(
                    "The {} of a pipeline cannot be changed after it was created.",
                    part.unwrap_or(field)
                )));
            }
        }
    }
    if old.contains_key("storage") && new.contains_key("catalog") {
        return Err(ApiError::invalid(
            "A pipeline with a storage location cannot be moved into a catalog.",
        ));
    }
    Ok(())
}
