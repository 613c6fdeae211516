//! Delivery of audit and billing logs: made, read and switched off, never deleted.

use axum::Router;
use chrono::DateTime;
use serde_json::{Value, json};

use super::{Account, Kind};
use crate::databricks::call::{Call, Shared, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::fill;

const WHAT: &str = "Log delivery configuration";
const WRAPPER: &str = "log_delivery_configuration";

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/log-delivery");
    let one = format!("{all}/{{id}}");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let fields = call.body.get(WRAPPER).and_then(Value::as_object);
    let fields =
        fields.ok_or_else(|| ApiError::invalid(format!("Missing required field: {WRAPPER}")))?;
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| ApiError::invalid(format!("Missing required field: {name}")))
    };
    match (text("log_type")?, text("output_format")?) {
        ("AUDIT_LOGS", "JSON") | ("BILLABLE_USAGE", "CSV") => {}
        (kind, format) => {
            let message = format!("{kind} cannot be delivered as {format}.");
            return Err(ApiError::invalid(message));
        }
    }
    let filter = fields.get("workspace_ids_filter").and_then(Value::as_array);
    if let Some(other) = filter.into_iter().flatten().find(|id| !id.is_u64()) {
        let message = format!("workspace_ids_filter must be a list of numbers, not of {other}.");
        return Err(ApiError::malformed(message));
    }
    for kind in [Kind::Credentials, Kind::Storage] {
        let id = text(kind.id_field())?;
        account.table(kind).get(kind.word(), id)?;
    }
    let id = uuid::Uuid::new_v4().to_string();
    let mut row = fields.clone();
    for (field, value) in [
        ("config_id", json!(id)),
        ("account_id", json!(account.id)),
        ("status", json!("ENABLED")),
        ("creation_time", json!(call.now)),
        ("update_time", json!(call.now)),
        (
            "log_delivery_status",
            json!({"status": "CREATED", "message": "Log delivery has not been attempted yet."}),
        ),
    ] {
        row.insert(field.to_owned(), value);
    }
    if fields.get("log_type") == Some(&json!("BILLABLE_USAGE")) {
        let now = DateTime::from_timestamp_millis(call.now).unwrap_or_default();
        fill(
            &mut row,
            "delivery_start_time",
            json!(now.format("%Y-%m").to_string()),
        );
    }
    account.log_deliveries.insert(&id, row.clone());
    Ok(json!({ WRAPPER: row }))
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let row = account.log_deliveries.get(WHAT, call.param("id"))?;
    Ok(json!({ WRAPPER: row }))
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let rows = account.log_deliveries.rows().filter(|row| {
        ["status", "credentials_id", "storage_configuration_id"]
            .iter()
            .all(|field| {
                call.query(field)
                    .is_none_or(|wanted| row.get(*field).and_then(Value::as_str) == Some(wanted))
            })
    });
    Ok(json!({"log_delivery_configurations": rows.collect::<Vec<_>>()}))
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let status = call.required_text("status")?;
    if !["ENABLED", "DISABLED"].contains(&status) {
        let message = format!("{status} is not a status of a log delivery.");
        return Err(ApiError::invalid(message));
    }
    let row = account.log_deliveries.get_mut(WHAT, call.param("id"))?;
    row.insert("status".into(), json!(status));
    row.insert("update_time".into(), json!(call.now));
    Ok(json!({}))
}
