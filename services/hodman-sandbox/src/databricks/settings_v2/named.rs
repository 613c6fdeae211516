//! `settings/{name}` of version 2.1: settings that have a name instead of a type.

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, get, patch};
use crate::databricks::error::ApiError;
use crate::databricks::paging::PAGES;
use crate::databricks::world::World;

/// Name, field of the value, and the default.
const SETTINGS: [(&str, &str, &str); 5] = [
    (
        "dashboard_email_subscriptions",
        "boolean_val",
        r#"{"value":true}"#,
    ),
    ("default_warehouse_id", "string_val", r#"{"value":""}"#),
    (
        "llm_proxy_partner_powered",
        "boolean_val",
        r#"{"value":true}"#,
    ),
    (
        "restrict_workspace_admins",
        "restrict_workspace_admins",
        r#"{"status":"ALLOW_ALL"}"#,
    ),
    ("sql_results_download", "boolean_val", r#"{"value":true}"#),
];

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.1/settings-metadata", get(list))
        .route("/api/2.1/settings/{name}", get(show))
        .route("/api/2.1/settings/{name}", patch(change))
}

fn known(name: &str) -> Result<(&'static str, Value), ApiError> {
    let found = SETTINGS.iter().find(|(known, ..)| *known == name);
    let (_, field, default) =
        found.ok_or_else(|| ApiError::missing(format!("There is no setting {name}.")))?;
    Ok((field, serde_json::from_str(default).unwrap_or_default()))
}

/// What was set, and what holds.
fn shown(world: &World, name: &str) -> Result<Value, ApiError> {
    let (field, default) = known(name)?;
    let mut view = Map::from_iter([("name".to_owned(), json!(name))]);
    let set = world.typed_settings.named.get(name);
    if let Some(value) = set {
        view.insert(field.to_owned(), value.clone());
    }
    view.insert(
        format!("effective_{field}"),
        set.cloned().unwrap_or(default),
    );
    Ok(Value::Object(view))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    shown(world, call.param("name"))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.param("name");
    let (field, _) = known(name)?;
    let value = call.body.get(field).cloned();
    let value =
        value.ok_or_else(|| ApiError::invalid(format!("Missing required field: {field}")))?;
    world.typed_settings.named.insert(name.to_owned(), value);
    shown(world, name)
}

fn list(_world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let all = SETTINGS
        .iter()
        .map(|(name, field, _)| json!({"name": name, "type": field}));
    PAGES.answer(call, "settings_metadata", all.collect())
}
