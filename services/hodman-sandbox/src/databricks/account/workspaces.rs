//! Workspaces of the account: made asynchronously, changed by an update mask.

use axum::Router;
use serde_json::{Map, Value, json};

use super::attach::{attach_network, check_change, detach_all, settle};
use super::objects::in_capitals;
use super::{Account, Kind};
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::clock::Progress;
use crate::databricks::error::ApiError;

const WHAT: &str = "Workspace";
const STORAGE_KEY: &str = "storage_customer_managed_key_id";

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

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("workspace_name")?;
    check_references(account, &call.body)?;
    account.last_id += 1;
    let id = 8_000_000_000_000_000 + account.last_id;
    let mut row = call.body.clone();
    let deployment = match (
        call.text("deployment_name"),
        account.switches.prefix.as_str(),
    ) {
        (None, _) | (Some("EMPTY"), "") => format!("dbc-{id:x}"),
        (Some("EMPTY"), prefix) => prefix.to_owned(),
        (Some(name), "") => name.to_owned(),
        (Some(name), prefix) => format!("{prefix}-{name}"),
    };
    account
        .workspaces
        .must_be_unique(WHAT, "deployment_name", &deployment, None)?;
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
    in_capitals(&mut row, "pricing_tier");
    attach_network(account, &id.to_string(), &row)?;
    if !account.switches.failures.is_empty() {
        let reason = account.switches.failures.remove(0);
        account.failing.insert(id.to_string(), reason);
    }
    account.workspaces.insert(&id.to_string(), row.clone());
    account.enter_creator(id, &call.caller.login);
    provision(account, &id.to_string(), call.now);
    Ok(Value::Object(row))
}

fn provision(account: &mut Account, id: &str, now: i64) {
    let slow = account.switches.slow;
    account.slowness.insert(id.to_owned(), slow);
    let start = Progress::start(now);
    account.provisioning.insert(id.to_owned(), start);
}

/// The next state, when the one it is in is over.
fn advance(account: &mut Account, id: &str, now: i64) -> Result<(), ApiError> {
    let over = account
        .provisioning
        .get_mut(id)
        .is_some_and(|progress| progress.read(account.pace, now));
    if !over {
        return Ok(());
    }
    if let Some(left) = account.slowness.get_mut(id).filter(|left| **left > 0) {
        *left -= 1;
        return Ok(());
    }
    account.provisioning.remove(id);
    account.slowness.remove(id);
    settle(account, id)
}

/// What was asked for and shows only after some looks.
fn catch_up(account: &mut Account, id: &str) -> Result<(), ApiError> {
    let one_look = |left: &mut u32| {
        *left = left.saturating_sub(1);
        *left == 0
    };
    if account.leaving.get_mut(id).is_some_and(one_look) {
        take_away(account, id)?;
    }
    if account
        .late_keys
        .get_mut(id)
        .is_some_and(|(_, left)| one_look(left))
        && let Some((key, _)) = account.late_keys.remove(id)
    {
        let row = account.workspaces.get_mut(WHAT, id)?;
        row.insert(STORAGE_KEY.into(), key);
    }
    Ok(())
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    catch_up(account, call.param("id"))?;
    advance(account, call.param("id"), call.now)?;
    Ok(Value::Object(
        account.workspaces.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let under_way: Vec<String> = account.provisioning.keys().cloned().collect();
    for id in under_way {
        advance(account, &id, call.now)?;
    }
    Ok(json!(account.workspaces.list()))
}

/// Only the fields of `update_mask`; an empty `custom_tags` is ignored. With a network of the customer's own the workspace
/// stays RUNNING, with a managed one it is provisioned again. Refused while compute runs there.
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
    let before = account.workspaces.get(WHAT, id)?;
    check_change(before, &row)?;
    let failed = before.get("workspace_status") == Some(&json!("FAILED"));
    let key = before.get(STORAGE_KEY).cloned();
    account.before.insert(id.to_owned(), before.clone());
    if !failed {
        account.must_be_drained(id, call.now)?;
    }
    if account.switches.reverts > 0 {
        account.switches.reverts -= 1;
        return Ok(Value::Object(row));
    }
    // A running workspace goes back to the network it had, without a word.
    let works = attach_network(account, id, &row)?;
    if !works && !failed {
        return Ok(Value::Object(row));
    }
    if failed || !row.contains_key("network_id") {
        row.insert("workspace_status".into(), json!("PROVISIONING"));
        row.insert(
            "workspace_status_message".into(),
            json!("Workspace resources are being set up."),
        );
        account.failing.remove(id);
        if !account.switches.failed_changes.is_empty() {
            let reason = account.switches.failed_changes.remove(0);
            account.failing.insert(id.to_owned(), reason);
        }
        provision(account, id, call.now);
    }
    let looks = account.switches.late_keys;
    if looks > 0
        && row.get(STORAGE_KEY) != key.as_ref()
        && let Some(wanted) = row.remove(STORAGE_KEY)
    {
        account.late_keys.insert(id.to_owned(), (wanted, looks));
        row.extend(key.map(|key| (STORAGE_KEY.to_owned(), key)));
    }
    account.workspaces.insert(id, row.clone());
    Ok(Value::Object(row))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    account.workspaces.get(WHAT, id)?;
    match account.switches.slow_removals {
        0 => take_away(account, id)?,
        looks => drop(account.leaving.insert(id.to_owned(), looks)),
    }
    Ok(json!({}))
}

/// What was changed last of the workspace of that name is taken back, without a word; whether there was anything.
pub(super) fn go_back(account: &mut Account, name: &str) -> bool {
    let found = account.workspaces.find("workspace_name", &json!(name));
    let id = found.unwrap_or_default().to_owned();
    let (Some(mut before), Ok(now)) = (
        account.before.remove(&id),
        account.workspaces.get(WHAT, &id),
    ) else {
        return false;
    };
    for field in ["workspace_status", "workspace_status_message"] {
        let value = now.get(field).cloned().unwrap_or_default();
        before.insert(field.to_owned(), value);
    }
    account.workspaces.insert(&id, before);
    true
}

fn take_away(account: &mut Account, id: &str) -> Result<(), ApiError> {
    account.before.remove(id);
    account.leaving.remove(id);
    account.late_keys.remove(id);
    account.workspaces.remove(WHAT, id)?;
    detach_all(account, id);
    account.provisioning.remove(id);
    account.failing.remove(id);
    account.close(id);
    account.policies.remove(id);
    account.assignments.retain(|(of, _), _| of != id);
    account
        .metastores
        .lock()
        .unassign(id.parse().unwrap_or_default());
    Ok(())
}
