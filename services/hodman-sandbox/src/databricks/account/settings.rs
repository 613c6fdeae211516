//! The switch that has the lists of who may reach the account console heeded. Nobody is kept out by it here.

use axum::Router;
use serde_json::{Value, json};

use super::Account;
use crate::databricks::call::{Call, Shared, delete, get, patch};
use crate::databricks::error::ApiError;

const FIELD: &str = "acct_ip_acl_enable";

/// The switch: none as long as nobody set it, and how often it was set.
#[derive(Debug, Default)]
pub(super) struct IpAccess {
    value: Option<bool>,
    version: u64,
}

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let one = format!("{root}/settings/types/{FIELD}/names/default");
    Router::new()
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(reset))
}

fn etag(switch: &IpAccess) -> String {
    format!("v-{}", switch.version)
}

/// It is on where nobody said otherwise.
fn shown(switch: &IpAccess) -> Value {
    json!({"etag": etag(switch), "setting_name": "default", FIELD: {"value": switch.value.unwrap_or(true)}})
}

fn show(account: &mut Account, _call: &Call) -> Result<Value, ApiError> {
    Ok(shown(&account.ip_access))
}

/// The refusal tells the etag that would have been right.
fn check(switch: &IpAccess, given: Option<&str>) -> Result<(), ApiError> {
    let right = etag(switch);
    if given == Some(right.as_str()) {
        return Ok(());
    }
    let message = "The etag is not that of the setting. Use the one in the details.";
    Err(ApiError::new(409, "ABORTED", message).with_info("ETAG_MISMATCH", &json!({"etag": right})))
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let setting = call.body.get("setting");
    let setting = setting.ok_or_else(|| ApiError::invalid("Missing required field: setting"))?;
    if !call.flag("allow_missing") {
        return Err(ApiError::invalid("allow_missing must be true."));
    }
    let mask = call.required_text("field_mask")?;
    if mask != format!("{FIELD}.value") && mask != FIELD {
        return Err(ApiError::invalid(format!("Invalid field mask: {mask}")));
    }
    let value = setting.pointer(&format!("/{FIELD}/value"));
    let value = value.and_then(Value::as_bool);
    let value = value.ok_or_else(|| ApiError::invalid(format!("{FIELD}.value must be said.")))?;
    check(
        &account.ip_access,
        setting.get("etag").and_then(Value::as_str),
    )?;
    account.ip_access.value = Some(value);
    account.ip_access.version += 1;
    Ok(shown(&account.ip_access))
}

/// Back to what it is where nobody said anything.
fn reset(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    check(&account.ip_access, call.query("etag"))?;
    account.ip_access.value = None;
    account.ip_access.version += 1;
    Ok(json!({"etag": etag(&account.ip_access)}))
}
