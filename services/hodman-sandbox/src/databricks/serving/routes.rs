//! The calls on serving endpoints.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{Endpoint, Pending, config};
use crate::databricks::call::{Call, Shared, delete, get, patch, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/serving-endpoints";

/// Fields of a create that are kept as they are.
const KEPT: [&str; 8] = [
    "ai_gateway",
    "budget_policy_id",
    "description",
    "email_notifications",
    "rate_limits",
    "route_optimized",
    "tags",
    "telemetry_config",
];

pub(crate) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{name}}");
    let part = |name: &str| format!("{one}/{name}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, delete(remove))
        .route(&part("config"), put(update))
        .route(&part("tags"), patch(tag))
        .route(&part("ai-gateway"), put(set_gateway))
        .route(&part("rate-limits"), put(set_rate_limits))
        .route(&part("notifications"), patch(set_notifications))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("name")?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.len() > 63 || !name.chars().all(legal) {
        return Err(ApiError::invalid(format!(
            "Endpoint name '{name}' must have at most 63 letters, digits, dashes and underscores."
        )));
    }
    if world.serving.rows.contains_key(name) {
        return Err(ApiError::exists(format!(
            "Endpoint with name '{name}' already exists."
        )));
    }
    let mut more: Map<String, Value> = Map::new();
    for field in KEPT {
        if let Some(value) = call.body.get(field).filter(|value| !value.is_null()) {
            more.insert(field.to_owned(), value.clone());
        }
    }
    let login = &call.caller.login;
    let pending = match call.body.get("config") {
        Some(Value::Object(given)) => {
            let mut config = config::settled(given, 1, login, call.now)?;
            config::name_tables(&mut config, name);
            let fault = world.jobs.failing.remove(name);
            Some(Pending::new(config, call.now, fault))
        }
        _ => None,
    };
    let endpoint = Endpoint {
        id: uuid::Uuid::new_v4().simple().to_string(),
        name: name.to_owned(),
        creator: login.clone(),
        created: call.now,
        updated: call.now,
        config: None,
        version: 1,
        pending,
        more,
    };
    world.permissions.created(
        "serving-endpoints",
        &endpoint.id,
        &call.caller,
        None,
        &world.directory,
    )?;
    let view = endpoint.view();
    world.serving.rows.insert(name.to_owned(), endpoint);
    Ok(view)
}

fn existing<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Endpoint, ApiError> {
    let pace = world.pace;
    world.serving.get_mut(call.param("name"), pace, call.now)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(existing(world, call)?.view())
}

/// The old configuration serves until the new one does; one change at a time.
fn update(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let endpoint = existing(world, call)?;
    if endpoint.is_updating() {
        return Err(ApiError::conflict(format!(
            "Endpoint {} is currently being updated. Wait until the update has ended.",
            endpoint.name
        )));
    }
    let version = endpoint.version + 1;
    config::say_scaling(&call.body)?;
    let mut config = config::settled(&call.body, version, &call.caller.login, call.now)?;
    config::name_tables(&mut config, call.param("name"));
    let fault = world.jobs.failing.remove(call.param("name"));
    let endpoint = existing(world, call)?;
    endpoint.version = version;
    endpoint.pending = Some(Pending::new(config, call.now, fault));
    endpoint.updated = call.now;
    Ok(endpoint.view())
}

/// Answers all tags.
fn tag(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let endpoint = existing(world, call)?;
    let mut tags = endpoint
        .more
        .get("tags")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let given = |name: &str| {
        call.body
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    for key in given("delete_tags") {
        tags.retain(|tag| tag.get("key") != Some(key));
    }
    for tag in given("add_tags") {
        tags.retain(|old| old.get("key") != tag.get("key"));
        tags.push(tag.clone());
    }
    endpoint.more.insert("tags".into(), json!(tags));
    endpoint.updated = call.now;
    Ok(json!({ "tags": tags }))
}

fn set(world: &mut World, call: &Call, field: &str, value: Value) -> Result<(), ApiError> {
    let endpoint = existing(world, call)?;
    endpoint.more.insert(field.to_owned(), value);
    endpoint.updated = call.now;
    Ok(())
}

/// A full replacement.
fn set_gateway(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let gateway = Value::Object(call.body.clone());
    set(world, call, "ai_gateway", gateway.clone())?;
    Ok(gateway)
}

fn set_rate_limits(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let limits = call.body.get("rate_limits").cloned().unwrap_or(json!([]));
    set(world, call, "rate_limits", limits.clone())?;
    Ok(json!({ "rate_limits": limits }))
}

fn set_notifications(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let value = call
        .body
        .get("email_notifications")
        .cloned()
        .unwrap_or(json!({}));
    set(world, call, "email_notifications", value.clone())?;
    Ok(json!({"name": call.param("name"), "email_notifications": value}))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (pace, mut found) = (world.pace, Vec::new());
    for endpoint in world.serving.rows.values_mut() {
        endpoint.advance(pace, call.now);
        found.push(endpoint.short());
    }
    Ok(json!({ "endpoints": found }))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = existing(world, call)?.id.clone();
    world.serving.rows.remove(call.param("name"));
    world.permissions.forget("serving-endpoints", &id);
    Ok(json!({}))
}
