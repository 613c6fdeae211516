//! Git credentials: the token goes in and is never answered.

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::overlay;
use crate::databricks::world::World;

const WHAT: &str = "Git credential";
const ROOT: &str = "/api/2.0/git-credentials";

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

fn without_token(call: &Call) -> Map<String, Value> {
    let mut row = call.body.clone();
    row.remove("personal_access_token");
    let given = row.get("git_provider").and_then(Value::as_str);
    if let Some(known) = given.and_then(super::repos::known_provider) {
        row.insert("git_provider".into(), json!(known));
    }
    row
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    call.required_text("git_provider")?;
    let id = world.next_id();
    let mut row = without_token(call);
    row.insert("credential_id".into(), json!(id));
    world.git_credentials.insert(&id.to_string(), row.clone());
    Ok(Value::Object(row))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    overlay(
        world.git_credentials.get_mut(WHAT, call.param("id"))?,
        &without_token(call),
    );
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world.git_credentials.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"credentials": world.git_credentials.list()}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world.git_credentials.remove(WHAT, call.param("id"))?;
    Ok(json!({}))
}
