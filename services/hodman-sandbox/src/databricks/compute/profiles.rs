//! Instance profiles, known by their ARN.

use axum::Router;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::overlay;
use crate::databricks::world::World;

const WHAT: &str = "Instance profile";

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/instance-profiles/add", post(add))
        .route("/api/2.0/instance-profiles/edit", post(edit))
        .route("/api/2.0/instance-profiles/remove", post(remove))
        .route("/api/2.0/instance-profiles/list", get(list))
}

fn add(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let arn = call.required_text("instance_profile_arn")?;
    if world.instance_profiles.contains(arn) {
        return Err(ApiError::exists(format!(
            "Instance profile '{arn}' already exists"
        )));
    }
    let mut row = call.body.clone();
    row.remove("skip_validation");
    row.insert(
        "is_meta_instance_profile".into(),
        json!(call.flag("is_meta_instance_profile")),
    );
    world.instance_profiles.insert(arn, row);
    Ok(json!({}))
}

fn edit(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = world
        .instance_profiles
        .get_mut(WHAT, call.required_text("instance_profile_arn")?)?;
    overlay(row, &call.body);
    Ok(json!({}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world
        .instance_profiles
        .remove(WHAT, call.required_text("instance_profile_arn")?)?;
    Ok(json!({}))
}

fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"instance_profiles": world.instance_profiles.list()}))
}
