//! Private endpoint rules of network connectivity configs.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{Account, Kind};
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::paging::PAGES;

const WHAT: &str = "Private endpoint rule";

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/network-connectivity-configs/{{id}}/private-endpoint-rules");
    let one = format!("{all}/{{rule}}");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

fn config<'call>(account: &mut Account, call: &'call Call) -> Result<&'call str, ApiError> {
    let id = call.param("id");
    let kind = Kind::Connectivity;
    account.table(kind).get(kind.word(), id)?;
    Ok(id)
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let config = config(account, call)?;
    call.required_text("endpoint_service")
        .or_else(|_| call.required_text("resource_id"))?;
    let id = uuid::Uuid::new_v4().to_string();
    let mut row = call.body.clone();
    for (field, value) in [
        ("rule_id", json!(id)),
        ("network_connectivity_config_id", json!(config)),
        ("account_id", json!(account.id)),
        ("connection_state", json!("PENDING")),
        ("enabled", json!(true)),
        ("deactivated", json!(false)),
        ("creation_time", json!(call.now)),
        ("updated_time", json!(call.now)),
    ] {
        row.insert(field.to_owned(), value);
    }
    account.endpoint_rules.insert(&id, row.clone());
    Ok(Value::Object(row))
}

/// A rule that was read once is `ESTABLISHED`: the other side accepted it meanwhile.
fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    config(account, call)?;
    let row = account.endpoint_rules.get_mut(WHAT, call.param("rule"))?;
    let shown = row.clone();
    if row.get("connection_state") == Some(&json!("PENDING")) {
        row.insert("connection_state".into(), json!("ESTABLISHED"));
    }
    Ok(Value::Object(shown))
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let config = json!(config(account, call)?);
    let rows = account.endpoint_rules.rows();
    let own = rows.filter(|row| row.get("network_connectivity_config_id") == Some(&config));
    PAGES.answer(call, "items", own.cloned().map(Value::Object).collect())
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    const CHANGEABLE: [&str; 4] = ["enabled", "domain_names", "resource_names", "error_message"];
    config(account, call)?;
    let mask = call
        .query("update_mask")
        .ok_or_else(|| ApiError::invalid("Missing required field: update_mask"))?;
    let row = account.endpoint_rules.get_mut(WHAT, call.param("rule"))?;
    for field in mask.split(',') {
        if !CHANGEABLE.contains(&field) {
            return Err(ApiError::invalid(format!("{field} cannot be changed.")));
        }
        let value = call.body.get(field).cloned().unwrap_or_default();
        row.insert(field.to_owned(), value);
    }
    row.insert("updated_time".into(), json!(call.now));
    Ok(Value::Object(row.clone()))
}

/// A rule that is not established goes at once; an established one is kept, deactivated, for seven days.
fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    config(account, call)?;
    let id = call.param("rule");
    let row = account.endpoint_rules.get_mut(WHAT, id)?;
    if row.get("connection_state") == Some(&json!("ESTABLISHED")) {
        row.insert("deactivated".into(), json!(true));
        row.insert("deactivated_at".into(), json!(call.now));
        return Ok(Value::Object(row.clone()));
    }
    let row: Map<String, Value> = account.endpoint_rules.remove(WHAT, id)?;
    Ok(Value::Object(row))
}
