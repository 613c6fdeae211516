//! IP access lists of the account console. Nobody is kept out by them.

use axum::Router;
use serde_json::{Map, Value, json};

use super::Account;
use crate::databricks::call::{Call, Shared, delete, get, patch, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::settings::ip_access_lists::ranges;
use crate::databricks::table::{fill, overlay};

const WHAT: &str = "IP access list";
const MOST_ADDRESSES: usize = 1000;

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/ip-access-lists");
    let one = format!("{all}/{{id}}");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&one, get(show))
        .route(&one, put(replace))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

fn addresses(row: &Map<String, Value>) -> usize {
    let list = row.get("ip_addresses").and_then(Value::as_array);
    list.map_or(0, Vec::len)
}

/// Checks the row, adds what the service keeps about it, and keeps it.
fn keep(
    account: &mut Account,
    id: &str,
    mut row: Map<String, Value>,
    now: i64,
) -> Result<Value, ApiError> {
    let kind = row.get("list_type").and_then(Value::as_str);
    if !matches!(kind, Some("ALLOW" | "BLOCK")) {
        return Err(ApiError::invalid("list_type must be ALLOW or BLOCK."));
    }
    ranges::check(&row)?;
    let rows = account.ip_access_lists.rows();
    let others = rows.filter(|other| other.get("list_id").and_then(Value::as_str) != Some(id));
    if others.map(addresses).sum::<usize>() + addresses(&row) > MOST_ADDRESSES {
        let message = format!("An account has at most {MOST_ADDRESSES} IP addresses.");
        return Err(ApiError::new(400, "QUOTA_EXCEEDED", message));
    }
    row.insert("list_id".into(), json!(id));
    row.insert("address_count".into(), json!(addresses(&row)));
    row.insert("updated_at".into(), json!(now));
    fill(&mut row, "enabled", json!(true));
    fill(&mut row, "created_at", json!(now));
    account.ip_access_lists.insert(id, row.clone());
    Ok(json!({ "ip_access_list": row }))
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    call.required_text("label")?;
    let id = uuid::Uuid::new_v4().to_string();
    let mut row = call.body.clone();
    // A new list holds; only a change switches it off.
    row.remove("enabled");
    keep(account, &id, row, call.now)
}

fn replace(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    call.required_text("label")?;
    let before = account.ip_access_lists.get(WHAT, id)?;
    let created = before.get("created_at").cloned().unwrap_or_default();
    if !call.body.contains_key("enabled") {
        return Err(ApiError::invalid("Missing required field: enabled"));
    }
    let mut row = call.body.clone();
    row.insert("created_at".into(), created);
    keep(account, id, row, call.now)
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let mut row = account.ip_access_lists.get(WHAT, id)?.clone();
    overlay(&mut row, &call.body);
    keep(account, id, row, call.now)
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let row = account.ip_access_lists.get(WHAT, call.param("id"))?;
    Ok(json!({ "ip_access_list": row }))
}

fn list(account: &mut Account, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"ip_access_lists": account.ip_access_lists.list()}))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    account.ip_access_lists.remove(WHAT, call.param("id"))?;
    Ok(json!({}))
}
