//! Global init scripts.

use axum::Router;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::{fill, overlay};
use crate::databricks::world::World;

const WHAT: &str = "Global init script";

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
    call.required_text("script")?;
    let id = format!("{:016X}", world.next_id());
    let mut row = call.body.clone();
    fill(&mut row, "enabled", json!(false));
    fill(
        &mut row,
        "position",
        json!(world.init_scripts.rows().count()),
    );
    row.insert("script_id".into(), json!(id));
    row.insert("created_by".into(), json!(call.caller.login));
    row.insert("created_at".into(), json!(call.now));
    row.insert("updated_by".into(), json!(call.caller.login));
    row.insert("updated_at".into(), json!(call.now));
    world.init_scripts.insert(&id, row);
    Ok(json!({"script_id": id}))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = world.init_scripts.get_mut(WHAT, call.param("id"))?;
    overlay(row, &call.body);
    row.insert("updated_by".into(), json!(call.caller.login));
    row.insert("updated_at".into(), json!(call.now));
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world.init_scripts.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world.init_scripts.remove(WHAT, call.param("id"))?;
    Ok(json!({}))
}

/// Listed without their text.
fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    let scripts: Vec<Value> = world
        .init_scripts
        .rows()
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
