//! Alerts of the second version.

use axum::Router;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::saved_sql::SavedSql;
use crate::databricks::table::object;
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/alerts";

const KIND: SavedSql = SavedSql {
    what: "Alert",
    wrapper: None,
    fields: &[
        "custom_description",
        "custom_summary",
        "custom_template_format",
        "display_name",
        "evaluation",
        "parameters",
        "parent_path",
        "query_text",
        "run_as",
        "run_as_user_name",
        "schedule",
        "warehouse_id",
    ],
    required: &[
        "display_name",
        "query_text",
        "warehouse_id",
        "evaluation",
        "schedule",
    ],
    permissions: "alertsv2",
    trashed: "DELETED",
    list: "alerts",
    unlisted: &[],
    table: |world| &mut world.alerts_v2,
};

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(trash))
}

/// What the service adds to what was asked for: the state, and who it runs as.
fn shown(world: &World, row: Value) -> Value {
    let mut row = object(row);
    let owner = row.get("owner_user_name").and_then(Value::as_str);
    let (field, login) = world.directory.principal(owner.unwrap_or_default());
    let run_as = row.get("run_as").cloned();
    let run_as = run_as.unwrap_or_else(|| json!({ field: login }));
    row.insert("effective_run_as".into(), run_as);
    if let Some(Value::Object(evaluation)) = row.get_mut("evaluation") {
        evaluation.insert("state".into(), json!("UNKNOWN"));
    }
    if let Some(Value::Object(schedule)) = row.get_mut("schedule") {
        schedule.entry("pause_status").or_insert(json!("UNPAUSED"));
    }
    Value::Object(row)
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = KIND.create(world, call, object(json!({})))?;
    Ok(shown(world, row))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = KIND.show(world, call)?;
    Ok(shown(world, row))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = KIND.change(world, call, call.query("update_mask"), &[])?;
    Ok(shown(world, row))
}

/// Into the trash, or with `purge` away for good.
fn trash(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    if call.query_is_true("purge") {
        let id = call.param("id");
        world.alerts_v2.remove(KIND.what, id)?;
        world.permissions.forget(KIND.permissions, id);
        return Ok(json!({}));
    }
    KIND.trash(world, call)
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut answer = KIND.list(world, call)?;
    if let Some(Value::Array(alerts)) = answer.get_mut(KIND.list) {
        for alert in alerts {
            *alert = shown(world, alert.take());
        }
    }
    Ok(answer)
}
