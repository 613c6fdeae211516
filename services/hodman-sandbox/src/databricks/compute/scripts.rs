//! Global init scripts.

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::{fill, overlay};
use crate::databricks::world::World;

const WHAT: &str = "Global init script";
const LARGEST: usize = 64 * 1024;

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/global-init-scripts", get(list))
        .route("/api/2.0/global-init-scripts", post(create))
        .route("/api/2.0/global-init-scripts/{id}", get(show))
        .route("/api/2.0/global-init-scripts/{id}", patch(change))
        .route("/api/2.0/global-init-scripts/{id}", delete(remove))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    call.required_text("name")?;
    check(call.required_text("script")?)?;
    let id = format!("{:016X}", world.next_id());
    let mut row = call.body.clone();
    fill(&mut row, "enabled", json!(false));
    row.remove("position");
    row.insert("script_id".into(), json!(id));
    row.insert("created_by".into(), json!(call.caller.login));
    row.insert("created_at".into(), json!(call.now));
    row.insert("updated_by".into(), json!(call.caller.login));
    row.insert("updated_at".into(), json!(call.now));
    world.init_scripts.insert(&id, row);
    place(world, Some(&id), call.body.get("position"));
    Ok(json!({"script_id": id}))
}

/// Base64 of at most 64 KiB.
fn check(script: &str) -> Result<(), ApiError> {
    let text = STANDARD
        .decode(script)
        .map_err(|_| ApiError::invalid("The script is not base64."))?;
    if text.len() > LARGEST {
        return Err(ApiError::invalid(format!(
            "A global init script has at most {LARGEST} bytes."
        )));
    }
    Ok(())
}

/// Ids in the order in which the scripts run.
fn ordered(world: &World) -> Vec<String> {
    let mut all: Vec<(u64, String)> = world
        .init_scripts
        .rows()
        .map(|row| {
            let position = row.get("position").and_then(Value::as_u64);
            let id = row.get("script_id").and_then(Value::as_str);
            (
                position.unwrap_or(u64::MAX),
                id.unwrap_or_default().to_owned(),
            )
        })
        .collect();
    all.sort();
    all.into_iter().map(|(_, id)| id).collect()
}

/// Numbers the scripts from 0 without gaps; `moved` comes to `position`, or to the end when that is no number or too large.
fn place(world: &mut World, moved: Option<&str>, position: Option<&Value>) {
    let mut order = ordered(world);
    if let Some(moved) = moved {
        order.retain(|id| id != moved);
        let wanted = position
            .and_then(Value::as_u64)
            .and_then(|position| usize::try_from(position).ok());
        let at = wanted.unwrap_or(order.len()).min(order.len());
        order.insert(at, moved.to_owned());
    }
    for (position, id) in order.iter().enumerate() {
        if let Ok(row) = world.init_scripts.get_mut(WHAT, id) {
            row.insert("position".into(), json!(position));
        }
    }
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    if let Some(script) = call.text("script") {
        check(script)?;
    }
    let row = world.init_scripts.get_mut(WHAT, call.param("id"))?;
    let mut given = call.body.clone();
    let position = given.remove("position");
    overlay(row, &given);
    row.insert("updated_by".into(), json!(call.caller.login));
    row.insert("updated_at".into(), json!(call.now));
    if position.is_some() {
        place(world, Some(call.param("id")), position.as_ref());
    }
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world.init_scripts.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world.init_scripts.remove(WHAT, call.param("id"))?;
    place(world, None, None);
    Ok(json!({}))
}

/// In the order in which they run, without their text.
fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    let scripts: Vec<Value> = ordered(world)
        .iter()
        .filter_map(|id| world.init_scripts.get(WHAT, id).ok())
        .map(|row| {
            Value::Object(
                row.iter()
                    .filter(|(key, _)| *key != "script")
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
            )
        })
        .collect();
    Ok(json!({ "scripts": scripts }))
}
