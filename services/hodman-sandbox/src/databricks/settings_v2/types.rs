//! `settings/types/{type}/names/default`.

use axum::Router;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

const PATH: &str = "/api/2.0/settings/types/{type}/names/default";

/// Field of the value, and the value of a workspace where nobody set it.
fn default_of(kind: &str) -> Option<(&'static str, Value)> {
    Some(match kind {
        "default_namespace_ws" => ("namespace", json!({"value": "hive_metastore"})),
        "default_warehouse_id" => ("string_val", json!({"value": ""})),
        "restrict_workspace_admins" => {
            ("restrict_workspace_admins", json!({"status": "ALLOW_ALL"}))
        }
        "automatic_cluster_update" => (
            "automatic_cluster_update_workspace",
            json!({"can_toggle": true, "enabled": false}),
        ),
        "shield_csp_enablement_ws_db" => (
            "compliance_security_profile_workspace",
            json!({"is_enabled": false, "compliance_standards": []}),
        ),
        "shield_esm_enablement_ws_db" => (
            "enhanced_security_monitoring_workspace",
            json!({"is_enabled": false}),
        ),
        "aibi_dash_embed_ws_acc_policy" => (
            "aibi_dashboard_embedding_access_policy",
            json!({"access_policy_type": "ALLOW_APPROVED_DOMAINS"}),
        ),
        "aibi_dash_embed_ws_apprvd_domains" => (
            "aibi_dashboard_embedding_approved_domains",
            json!({"approved_domains": []}),
        ),
        "disable_legacy_access" => ("disable_legacy_access", json!({"value": false})),
        "disable_legacy_dbfs" => ("disable_legacy_dbfs", json!({"value": false})),
        "dashboard_email_subscriptions"
        | "sql_results_download"
        | "llm_proxy_partner_powered"
        | "enable-export-notebook"
        | "enable-notebook-table-clipboard"
        | "enable-results-downloading" => ("boolean_val", json!({"value": true})),
        _ => return None,
    })
}

/// What cannot be switched off again.
const FOR_LIFE: [&str; 2] = ["shield_csp_enablement_ws_db", "shield_esm_enablement_ws_db"];

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route(PATH, get(show))
        .route(PATH, patch(change))
        .route(PATH, delete(reset))
}

fn known(call: &Call) -> Result<(&'static str, Value), ApiError> {
    let kind = call.param("type");
    default_of(kind)
        .ok_or_else(|| ApiError::missing(format!("There is no setting of the type {kind}.")))
}

fn etag(world: &World, kind: &str) -> String {
    let version = world.typed_settings.versions.get(kind).copied();
    format!("v-{}", version.unwrap_or(0))
}

fn shown(world: &World, kind: &str, field: &str, default: Value) -> Value {
    let value = world.typed_settings.values.get(kind).cloned();
    json!({
        "etag": etag(world, kind),
        "setting_name": "default",
        field: value.unwrap_or(default),
    })
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (field, default) = known(call)?;
    Ok(shown(world, call.param("type"), field, default))
}

/// The refusal tells the etag that would have been right.
fn check_etag(world: &World, kind: &str, given: Option<&str>) -> Result<(), ApiError> {
    let right = etag(world, kind);
    match given {
        Some(given) if given == right => Ok(()),
        Some(_) => Err(ApiError::new(
            409,
            "ABORTED",
            "The setting was changed since it was read: the etag is not its present one.",
        )
        .with_info("ETAG_MISMATCH", &json!({ "etag": right }))),
        None => Err(ApiError::new(
            409,
            "ABORTED",
            "The etag is missing. Use the one in the details.",
        )
        .with_info("ETAG_MISSING", &json!({ "etag": right }))),
    }
}

/// Takes `setting.etag`; those settings that have none in their API need none.
fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (field, default) = known(call)?;
    let kind = call.param("type");
    let setting = call.body.get("setting");
    let setting = setting.ok_or_else(|| ApiError::invalid("Missing required field: setting"))?;
    if !call.flag("allow_missing") {
        return Err(ApiError::invalid("allow_missing must be true."));
    }
    let mask = call.required_text("field_mask")?;
    if mask
        .split(',')
        .any(|part| part.split('.').next() != Some(field))
    {
        return Err(ApiError::invalid(format!("Invalid field mask: {mask}")));
    }
    let given = setting.get("etag").and_then(Value::as_str);
    if !kind.contains('-') && (given.is_some() || world.typed_settings.versions.contains_key(kind))
    {
        check_etag(world, kind, given)?;
    }
    let value = setting.get(field).cloned().unwrap_or_default();
    let off = value.get("is_enabled") == Some(&json!(false));
    let on = world.typed_settings.values.get(kind);
    if FOR_LIFE.contains(&kind)
        && off
        && on.is_some_and(|value| value.get("is_enabled") == Some(&json!(true)))
    {
        return Err(ApiError::invalid(format!("{field} cannot be disabled.")));
    }
    let settings = &mut world.typed_settings;
    settings.values.insert(kind.to_owned(), value);
    *settings.versions.entry(kind.to_owned()).or_default() += 1;
    Ok(shown(world, kind, field, default))
}

/// Back to the default.
fn reset(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    known(call)?;
    let kind = call.param("type");
    check_etag(world, kind, call.query("etag"))?;
    let settings = &mut world.typed_settings;
    if settings.values.remove(kind).is_none() {
        return Err(ApiError::missing(format!("The setting {kind} is not set."))
            .with_info("SETTING_NOT_FOUND", &json!({"etag": etag(world, kind)})));
    }
    *settings.versions.entry(kind.to_owned()).or_default() += 1;
    Ok(json!({"etag": etag(world, kind)}))
}
