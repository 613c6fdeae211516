//! Metastores and their assignment to workspaces.

use axum::Router;
use serde_json::{Map, Value, json};

use super::objects::check_required;
use super::{Account, Kind};
use crate::databricks::call::{Call, Shared, delete, get, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::table::overlay;

const WHAT: &str = "Metastore";

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
        .route(&assignment, put(assign))
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
    let mut row = inner(call, "metastore_info");
    check_required(Kind::Metastore, &row)?;
    let id = uuid::Uuid::new_v4().to_string();
    row.insert("metastore_id".into(), json!(id));
    row.insert("owner".into(), json!(call.caller.login));
    row.insert("created_at".into(), json!(call.now));
    account.table(Kind::Metastore).insert(&id, row.clone());
    Ok(json!({ "metastore_info": row }))
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let row = account
        .table(Kind::Metastore)
        .get(WHAT, call.param("metastore"))?;
    Ok(json!({ "metastore_info": row }))
}

fn list(account: &mut Account, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"metastores": account.table(Kind::Metastore).list()}))
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let row = account
        .table(Kind::Metastore)
        .get_mut(WHAT, call.param("metastore"))?;
    overlay(row, &inner(call, "metastore_info"));
    Ok(json!({ "metastore_info": row }))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("metastore");
    account.table(Kind::Metastore).remove(WHAT, id)?;
    account
        .assignments
        .retain(|_, assignment| assignment.get("metastore_id") != Some(&json!(id)));
    Ok(json!({}))
}

fn assign(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let (workspace, metastore) = (call.param("id"), call.param("metastore"));
    let number = account
        .workspaces
        .get("Workspace", workspace)?
        .get("workspace_id")
        .cloned();
    account.table(Kind::Metastore).get(WHAT, metastore)?;
    let mut assignment = inner(call, "metastore_assignment");
    assignment.insert("metastore_id".into(), json!(metastore));
    assignment.insert("workspace_id".into(), number.unwrap_or_default());
    account.assignments.insert(workspace.to_owned(), assignment);
    Ok(json!({}))
}

fn assigned(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let workspace = call.param("id");
    let assignment = account.assignments.get(workspace);
    let assignment = assignment
        .ok_or_else(|| ApiError::missing(format!("Workspace {workspace} has no metastore.")))?;
    Ok(json!({ "metastore_assignment": assignment }))
}

fn unassign(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let workspace = call.param("id");
    let gone = account.assignments.remove(workspace);
    gone.map(|_| json!({}))
        .ok_or_else(|| ApiError::missing(format!("Workspace {workspace} has no metastore.")))
}

fn workspaces(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = json!(call.param("metastore"));
    let ids: Vec<&Value> = account
        .assignments
        .values()
        .filter(|assignment| assignment.get("metastore_id") == Some(&id))
        .filter_map(|assignment| assignment.get("workspace_id"))
        .collect();
    Ok(json!({ "workspace_ids": ids }))
}
