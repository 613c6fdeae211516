//! Notification destinations. Addresses are answered; URLs and keys go in and are only said to be set.

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::{Call, Shared, delete, get, patch, post};
use super::error::ApiError;
use super::paging::PAGES;
use super::table::object;
use super::world::World;

const WHAT: &str = "Notification destination";
const ROOT: &str = "/api/2.0/notification-destinations";

/// Key of the configuration, and the type that follows from it.
const TYPES: [(&str, &str); 7] = [
    ("databricks_app_slack", "DATABRICKS_APP_SLACK"),
    ("databricks_app_teams", "DATABRICKS_APP_TEAMS"),
    ("email", "EMAIL"),
    ("generic_webhook", "WEBHOOK"),
    ("microsoft_teams", "MICROSOFT_TEAMS"),
    ("pagerduty", "PAGERDUTY"),
    ("slack", "SLACK"),
];

pub(crate) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

/// The one configuration that was given, without what must not be shown, and its type.
fn settled(config: &Map<String, Value>) -> Result<(&'static str, Value), ApiError> {
    let mut given = TYPES.iter().filter(|(key, _)| config.contains_key(*key));
    let (Some((key, kind)), None) = (given.next(), given.next()) else {
        return Err(ApiError::invalid(
            "config must have exactly one kind of destination.",
        ));
    };
    let shown: Map<String, Value> = config[*key]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, value)| match value {
            Value::String(_) => (format!("{field}_set"), json!(true)),
            value => (field.clone(), value.clone()),
        })
        .collect();
    Ok((kind, json!({ *key: shown })))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("display_name")?;
    let config = call.body.get("config").and_then(Value::as_object);
    let config = config.ok_or_else(|| ApiError::invalid("Missing required field: config"))?;
    let (kind, config) = settled(config)?;
    let id = uuid::Uuid::new_v4().to_string();
    let row = object(json!({
        "id": id,
        "display_name": name,
        "destination_type": kind,
        "config": config,
    }));
    world.destinations.insert(&id, row.clone());
    Ok(Value::Object(row))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let settled = match call.body.get("config") {
        Some(Value::Object(config)) => Some(settled(config)?),
        _ => None,
    };
    let row = world.destinations.get_mut(WHAT, call.param("id"))?;
    if let Some((kind, config)) = settled {
        row.insert("destination_type".into(), json!(kind));
        row.insert("config".into(), config);
    }
    if let Some(name) = call.text("display_name") {
        row.insert("display_name".into(), json!(name));
    }
    Ok(Value::Object(row.clone()))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = world.destinations.get(WHAT, call.param("id"))?;
    Ok(Value::Object(row.clone()))
}

/// Without the configurations.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let short = world.destinations.rows().map(|row| {
        let mut row = row.clone();
        row.remove("config");
        Value::Object(row)
    });
    PAGES.answer(call, "results", short.collect())
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world.destinations.remove(WHAT, call.param("id"))?;
    Ok(json!({}))
}
