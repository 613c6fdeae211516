//! Personal access tokens.

use axum::Router;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, delete, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::tokens::{Token, Tokens};
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/token/create", post(create))
        .route("/api/2.0/token/list", get(list_own))
        .route("/api/2.0/token/delete", post(delete_own))
        .route("/api/2.0/token-management/tokens", get(list_all))
        .route("/api/2.0/token-management/tokens/{id}", get(show))
        .route("/api/2.0/token-management/tokens/{id}", delete(revoke))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let lifetime = call
        .body
        .get("lifetime_seconds")
        .and_then(Value::as_i64)
        .filter(|seconds| *seconds > 0);
    let token = Token {
        id: hex::encode(rand::random::<[u8; 16]>()),
        caller: call.caller.clone(),
        host: Some(world.host.clone()),
        created: call.now,
        expires: lifetime.map(|seconds| call.now + seconds * 1000),
        comment: call.text("comment").unwrap_or_default().to_owned(),
        personal: true,
    };
    let info = info(&token);
    let value = world.tokens.lock().issue("dapi", token);
    Ok(json!({"token_value": value, "token_info": info}))
}

fn info(token: &Token) -> Value {
    json!({
        "token_id": token.id,
        "creation_time": token.created,
        "expiry_time": token.expires.unwrap_or(-1),
        "comment": token.comment,
    })
}

/// With the owner, as administrators see it.
fn managed(token: &Token) -> Value {
    let mut view = info(token);
    view["created_by_username"] = json!(token.caller.login);
    view
}

fn list_own(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let tokens = world.tokens.lock();
    let own: Vec<Value> = tokens
        .personal(&world.host)
        .filter(|token| token.caller == call.caller)
        .map(info)
        .collect();
    Ok(json!({ "token_infos": own }))
}

fn list_all(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    let all: Vec<Value> = world
        .tokens
        .lock()
        .personal(&world.host)
        .map(managed)
        .collect();
    Ok(json!({ "token_infos": all }))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let tokens: &Tokens = &world.tokens.lock();
    let found = tokens
        .personal(&world.host)
        .find(|token| token.id == call.param("id"))
        .map(managed);
    found
        .map(|info| json!({ "token_info": info }))
        .ok_or_else(|| absent(call.param("id")))
}

fn delete_own(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    revoke_id(world, call.required_text("token_id")?)
}

fn revoke(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    revoke_id(world, call.param("id"))
}

fn revoke_id(world: &mut World, id: &str) -> Result<Value, ApiError> {
    if world.tokens.lock().revoke(&world.host, id) {
        Ok(json!({}))
    } else {
        Err(absent(id))
    }
}

fn absent(id: &str) -> ApiError {
    ApiError::missing(format!("Token with ID {id} does not exist!"))
}
