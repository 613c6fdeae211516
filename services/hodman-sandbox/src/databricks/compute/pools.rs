//! Instance pools. Their names are unique; only some fields can be edited.

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::fill;
use crate::databricks::world::World;

const WHAT: &str = "Instance pool";

const EDITABLE: [&str; 5] = [
    "instance_pool_name",
    "min_idle_instances",
    "max_capacity",
    "idle_instance_autotermination_minutes",
    "custom_tags",
];

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/instance-pools/create", post(create))
        .route("/api/2.0/instance-pools/edit", post(edit))
        .route("/api/2.0/instance-pools/delete", post(remove))
        .route("/api/2.0/instance-pools/get", get(show))
        .route("/api/2.0/instance-pools/list", get(list))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("instance_pool_name")?;
    call.required_text("node_type_id")?;
    world
        .pools
        .must_be_unique(WHAT, "instance_pool_name", name, None)?;
    let id = format!("pool-{:08x}", world.next_id());
    let mut row = call.body.clone();
    fill_editable(&mut row);
    fill(&mut row, "enable_elastic_disk", json!(false));
    row.insert("instance_pool_id".into(), json!(id));
    row.insert("state".into(), json!("ACTIVE"));
    row.insert(
        "stats".into(),
        json!({"used_count": 0, "idle_count": 0, "pending_used_count": 0, "pending_idle_count": 0}),
    );
    row.insert(
        "default_tags".into(),
        json!({"Vendor": "Databricks", "DatabricksInstancePoolId": id}),
    );
    world.pools.insert(&id, row);
    world
        .permissions
        .created("instance-pools", &id, &call.caller, None, &world.directory)?;
    Ok(json!({"instance_pool_id": id}))
}

fn fill_editable(row: &mut Map<String, Value>) {
    fill(row, "min_idle_instances", json!(0));
    fill(row, "idle_instance_autotermination_minutes", json!(60));
}

/// Sets the few fields that can change, and those among them that are left out back to their defaults. Everything else
/// that the body says is ignored, but for another node type, which is refused.
fn edit(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_text("instance_pool_id")?;
    let name = call.required_text("instance_pool_name")?;
    world
        .pools
        .must_be_unique(WHAT, "instance_pool_name", name, Some(id))?;
    let row = world.pools.get_mut(WHAT, id)?;
    let node_type = call.required_text("node_type_id")?;
    if row.get("node_type_id").and_then(Value::as_str) != Some(node_type) {
        return Err(ApiError::invalid(format!(
            "The node type of instance pool {id} cannot be changed."
        )));
    }
    for field in EDITABLE {
        match call.body.get(field).filter(|value| !value.is_null()) {
            Some(value) => drop(row.insert(field.into(), value.clone())),
            None => drop(row.remove(field)),
        }
    }
    fill_editable(row);
    Ok(json!({}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_text("instance_pool_id")?;
    world.pools.remove(WHAT, id)?;
    world.permissions.forget("instance-pools", id);
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world
            .pools
            .get(WHAT, call.query("instance_pool_id").unwrap_or_default())?
            .clone(),
    ))
}

fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"instance_pools": world.pools.list()}))
}
