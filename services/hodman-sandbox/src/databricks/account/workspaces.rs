//! Workspaces of the account: made asynchronously, changed by an update mask.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{Account, Kind};
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::clock::Progress;
use crate::databricks::error::ApiError;

const WHAT: &str = "Workspace";

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/workspaces");
    let one = format!("{all}/{{id}}");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

/// Every object the workspace names exists.
fn check_references(account: &mut Account, row: &Map<String, Value>) -> Result<(), ApiError> {
    for kind in Kind::ALL {
        for field in kind.references() {
            if let Some(id) = row
                .get(*field)
                .and_then(Value::as_str)
                .filter(|id| !id.is_empty())
            {
                account.table(kind).get(kind.word(), id).map_err(|_| {
                    ApiError::malformed(format!("{} with id {id} does not exist.", kind.word()))
                })?;
            }
        }
    }
    Ok(())
}

/// A network is checked when it is attached, not when it is made.
fn attach_network(
    account: &mut Account,
    id: &str,
    row: &Map<String, Value>,
) -> Result<(), ApiError> {
    if let Some(network) = row.get("network_id").and_then(Value::as_str) {
        let network = account
            .table(Kind::Network)
            .get_mut(Kind::Network.word(), network)?;
        network.insert("vpc_status".into(), json!("VALID"));
        network.insert(
            "workspace_id".into(),
            json!(id.parse::<u64>().unwrap_or_default()),
        );
    }
    Ok(())
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("workspace_name")?;
    check_references(account, &call.body)?;
    account.last_id += 1;
    let id = 8_000_000_000_000_000 + account.last_id;
    let mut row = call.body.clone();
    let deployment = call
        .text("deployment_name")
        .filter(|deployment| *deployment != "EMPTY");
    let deployment = deployment.map_or_else(|| format!("dbc-{id:x}"), str::to_owned);
    row.insert("workspace_id".into(), json!(id));
    row.insert("workspace_name".into(), json!(name));
    row.insert("deployment_name".into(), json!(deployment));
    row.insert("account_id".into(), json!(account.id));
    row.insert("creation_time".into(), json!(call.now));
    row.insert("workspace_status".into(), json!("PROVISIONING"));
    row.insert(
        "workspace_status_message".into(),
        json!("Workspace resources are being set up."),
    );
    attach_network(account, &id.to_string(), &row)?;
    account.workspaces.insert(&id.to_string(), row.clone());
    account
        .provisioning
        .insert(id.to_string(), Progress::start(call.now));
    Ok(Value::Object(row))
}

fn advance(account: &mut Account, id: &str, now: i64) -> Result<(), ApiError> {
    let over = account
        .provisioning
        .get_mut(id)
        .is_some_and(|progress| progress.read(account.pace, now));
    if over {
        account.provisioning.remove(id);
        let row = account.workspaces.get_mut(WHAT, id)?;
        row.insert("workspace_status".into(), json!("RUNNING"));
        row.insert(
            "workspace_status_message".into(),
            json!("Workspace is running."),
        );
    }
    Ok(())
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    advance(account, call.param("id"), call.now)?;
    Ok(Value::Object(
        account.workspaces.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn list(account: &mut Account, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!(account.workspaces.list()))
}

/// Only the fields of `update_mask`; an empty `custom_tags` is ignored. With a network of the customer's own the workspace
/// stays RUNNING, with a managed one it is provisioned again.
fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let mask = call
        .query("update_mask")
        .ok_or_else(|| ApiError::invalid("Missing required field: update_mask"))?;
    let mut row = account.workspaces.get(WHAT, id)?.clone();
    for (field, value) in &call.body {
        let masked = mask == "*" || mask.split(',').any(|name| name.trim() == field);
        let empty_tags = field == "custom_tags" && value.as_object().is_some_and(Map::is_empty);
        if masked && !empty_tags {
            row.insert(field.clone(), value.clone());
        }
    }
    check_references(account, &row)?;
    attach_network(account, id, &row)?;
    if !row.contains_key("network_id") {
        row.insert("workspace_status".into(), json!("PROVISIONING"));
        account
            .provisioning
            .insert(id.to_owned(), Progress::start(call.now));
    }
    account.workspaces.insert(id, row.clone());
    Ok(Value::Object(row))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    account.workspaces.remove(WHAT, id)?;
    account.provisioning.remove(id);
    account
        .metastores
        .lock()
        .unassign(id.parse().unwrap_or_default());
    Ok(json!({}))
}
