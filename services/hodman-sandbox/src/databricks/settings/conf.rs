//! `workspace-conf`: values are strings, a key that was never set is null.

use axum::Router;
use serde_json::{Map, Value, json};

use super::ip_access_lists;
use crate::databricks::call::{Call, Shared, get, patch};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

const PATH: &str = "/api/2.0/workspace-conf";

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route(PATH, get(show))
        .route(PATH, patch(change))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let keys = call
        .query("keys")
        .filter(|keys| !keys.is_empty())
        .ok_or_else(|| ApiError::invalid("Missing required field: keys"))?;
    let values: Map<String, Value> = keys
        .split(',')
        .map(|key| (key.to_owned(), json!(world.conf.get(key))))
        .collect();
    Ok(Value::Object(values))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    for (key, value) in &call.body {
        let text = value
            .as_str()
            .ok_or_else(|| ApiError::invalid(format!("The value of {key} must be a string.")))?;
        if key == ip_access_lists::SWITCH && text == "true" {
            ip_access_lists::check_switch(world)?;
        }
        world.conf.insert(key.clone(), text.to_owned());
    }
    Ok(json!({}))
}
