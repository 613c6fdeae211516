//! Metastores and their assignment to workspaces.

use axum::Router;
use serde_json::{Map, Value, json};

use super::Account;
use crate::databricks::call::{Call, Shared, delete, get, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::unity::fields::{METASTORE, METASTORE_UPDATE};

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/metastores");
    let one = format!("{all}/{{metastore}}");
    let assignment = format!("{root}/workspaces/{{id}}/metastores/{{metastore}}");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&one, get(show))
        .route(&one, put(change))
        .route(&one, delete(remove))
        .route(&format!("{one}/workspaces"), get(workspaces))
        .route(
            &format!("{root}/workspaces/{{id}}/metastore"),
            get(assigned),
        )
        .route(&assignment, post(assign))
        .route(&assignment, put(reassign))
        .route(&assignment, delete(unassign))
}

/// Bodies carry the object below a name of its own.
fn inner(call: &Call, name: &str) -> Map<String, Value> {
    call.body
        .get(name)
        .and_then(Value::as_object)
        .unwrap_or(&call.body)
        .clone()
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let mut fields = inner(call, "metastore_info");
    fields.retain(|field, _| METASTORE.contains(&field.as_str()));
    let mut metastores = account.metastores.lock();
    let row = metastores.create(&fields, &call.caller.login, call.now)?;
    Ok(json!({ "metastore_info": row }))
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let metastores = account.metastores.lock();
    let row = metastores.row(call.param("metastore"))?;
    Ok(json!({ "metastore_info": row }))
}

fn list(account: &mut Account, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"metastores": account.metastores.lock().rows()}))
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let mut fields = inner(call, "metastore_info");
    // A name is given in a workspace only.
    fields.retain(|field, _| field != "new_name" && METASTORE_UPDATE.contains(&field.as_str()));
    let id = call.param("metastore");
    let mut metastores = account.metastores.lock();
    let row = metastores.change(id, &fields, &call.caller.login, call.now)?;
    Ok(json!({ "metastore_info": row }))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let mut metastores = account.metastores.lock();
    metastores.remove(call.param("metastore"), call.query_is_true("force"))?;
    Ok(json!({}))
}

/// Number of the workspace in the path.
fn workspace(call: &Call) -> Result<u64, ApiError> {
    let id = call.param("id");
    id.parse()
        .map_err(|_| ApiError::missing(format!("Workspace {id} does not exist.")))
}

fn assign(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    account.workspaces.get("Workspace", call.param("id"))?;
    let fields = inner(call, "metastore_assignment");
    let catalog = fields.get("default_catalog_name").and_then(Value::as_str);
    let mut metastores = account.metastores.lock();
    metastores.assign(workspace(call)?, call.param("metastore"), catalog)?;
    Ok(json!({}))
}

/// Only the default catalog may change.
fn reassign(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let workspace = workspace(call)?;
    let assigned = account.metastores.lock().assignment(workspace);
    let assigned = assigned.ok_or_else(|| none_assigned(workspace))?;
    if assigned["metastore_id"].as_str() != Some(call.param("metastore")) {
        let message = format!("Workspace {workspace} is assigned to another metastore.");
        return Err(ApiError::invalid(message));
    }
    assign(account, call)
}

fn assigned(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let workspace = workspace(call)?;
    let assignment = account.metastores.lock().assignment(workspace);
    assignment
        .map(|assignment| json!({ "metastore_assignment": assignment }))
        .ok_or_else(|| none_assigned(workspace))
}

fn unassign(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let workspace = workspace(call)?;
    if account.metastores.lock().unassign(workspace) {
        Ok(json!({}))
    } else {
        Err(none_assigned(workspace))
    }
}

fn none_assigned(workspace: u64) -> ApiError {
    ApiError::missing(format!("Workspace {workspace} has no metastore."))
}

fn workspaces(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let metastores = account.metastores.lock();
    Ok(json!({"workspace_ids": metastores.workspaces_of(call.param("metastore"))}))
}
