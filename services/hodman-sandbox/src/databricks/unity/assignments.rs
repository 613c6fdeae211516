//! Metastores as a workspace sees them, and their assignment.

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Value, json};

use super::desk::{Desk, serves, serves_all};
use super::metastores::Metastores;
use super::pages::paged;
use super::{ROOT, fields};
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    let all = format!("{ROOT}/metastores");
    let one = format!("{all}/{{id}}");
    let summary = format!("{ROOT}/metastore_summary");
    let current = format!("{ROOT}/current-metastore-assignment");
    let assignment = format!("{ROOT}/workspaces/{{id}}/metastore");
    Router::new()
        .route(&all, serves_all(MethodFilter::GET, list))
        .route(&all, serves_all(MethodFilter::POST, create))
        .route(&one, serves_all(MethodFilter::GET, show))
        .route(&one, serves_all(MethodFilter::PATCH, change))
        .route(&one, serves_all(MethodFilter::DELETE, remove))
        .route(&summary, serves(MethodFilter::GET, show_own))
        .route(&current, serves_all(MethodFilter::GET, current_assignment))
        .route(&assignment, serves_all(MethodFilter::PUT, assign))
        .route(&assignment, serves_all(MethodFilter::PATCH, assign))
        .route(&assignment, serves_all(MethodFilter::DELETE, unassign))
}

fn list(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    paged(metastores.rows(), "metastores", call)
}

fn create(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    let mut body = call.body.clone();
    body.retain(|key, _| fields::METASTORE.contains(&key.as_str()));
    let row = metastores.create(&body, &call.caller.login, call.now)?;
    Ok(Value::Object(row))
}

fn show(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    let row = metastores.row(call.param("id"))?;
    Ok(Value::Object(row.clone()))
}

fn change(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    let mut body = call.body.clone();
    body.retain(|key, _| fields::METASTORE_UPDATE.contains(&key.as_str()));
    let row = metastores.change(call.param("id"), &body, &call.caller.login, call.now)?;
    Ok(Value::Object(row))
}

fn remove(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    metastores.remove(call.param("id"), call.query_is_true("force"))?;
    Ok(json!({}))
}

fn show_own(desk: &mut Desk<'_>, _call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(desk.metastore.own.row.clone()))
}

fn current_assignment(
    metastores: &mut Metastores,
    workspace: u64,
    _call: &Call,
) -> Result<Value, ApiError> {
    metastores.of(workspace)?;
    Ok(metastores.assignment(workspace).unwrap_or_default())
}

fn workspace(call: &Call) -> Result<u64, ApiError> {
    let text = call.param("id");
    text.parse()
        .map_err(|_| ApiError::invalid(format!("'{text}' is not a workspace id.")))
}

/// The workspace is not looked up: it may be one that this host does not know.
fn assign(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    let workspace = workspace(call)?;
    let current = metastores.assignment(workspace);
    let current = current.and_then(|current| Some(current["metastore_id"].as_str()?.to_owned()));
    let id = call.text("metastore_id").map(str::to_owned).or(current);
    let id = id.ok_or_else(|| ApiError::invalid("Missing required field: metastore_id"))?;
    metastores.assign(workspace, &id, call.text("default_catalog_name"))?;
    Ok(json!({}))
}

fn unassign(metastores: &mut Metastores, _: u64, call: &Call) -> Result<Value, ApiError> {
    let workspace = workspace(call)?;
    let current = metastores.assignment(workspace);
    let is_current = |row: &Value| row["metastore_id"].as_str() == call.query("metastore_id");
    if !current.as_ref().is_some_and(is_current) {
        let message = format!("Workspace {workspace} does not have that metastore assigned.");
        return Err(ApiError::new(404, "METASTORE_DOES_NOT_EXIST", message));
    }
    metastores.unassign(workspace);
    Ok(json!({}))
}
