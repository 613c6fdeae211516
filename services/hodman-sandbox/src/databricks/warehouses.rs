//! SQL warehouses. Their names are unique; an edit sets what it leaves out back to the default.

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::{Call, Shared, delete, get, post};
use super::error::ApiError;
use super::table::fill;
use super::world::World;

const WHAT: &str = "SQL warehouse";
const ROOT: &str = "/api/2.0/sql/warehouses";

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&format!("{ROOT}/{{id}}"), get(show))
        .route(&format!("{ROOT}/{{id}}"), delete(remove))
        .route(&format!("{ROOT}/{{id}}/edit"), post(edit))
        .route(&format!("{ROOT}/{{id}}/start"), post(start))
        .route(&format!("{ROOT}/{{id}}/stop"), post(stop))
}

fn filled(call: &Call) -> Result<Map<String, Value>, ApiError> {
    let mut row = call.body.clone();
    fill(&mut row, "cluster_size", json!("Medium"));
    fill(&mut row, "auto_stop_mins", json!(120));
    fill(&mut row, "min_num_clusters", json!(1));
    fill(&mut row, "max_num_clusters", json!(1));
    fill(&mut row, "enable_photon", json!(true));
    fill(&mut row, "enable_serverless_compute", json!(false));
    fill(&mut row, "warehouse_type", json!("CLASSIC"));
    fill(&mut row, "spot_instance_policy", json!("COST_OPTIMIZED"));
    fill(&mut row, "channel", json!({"name": "CHANNEL_NAME_CURRENT"}));
    let stop = row
        .get("auto_stop_mins")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    if stop != 0 && stop < 10 {
        return Err(ApiError::invalid(
            "auto_stop_mins must be 0 or at least 10.",
        ));
    }
    Ok(row)
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut row = filled(call)?;
    world
        .warehouses
        .must_be_unique(WHAT, "name", call.required_text("name")?, None)?;
    let id = format!("{:016x}", world.next_id());
    row.insert("id".into(), json!(id));
    row.insert("creator_name".into(), json!(call.caller.login));
    row.insert("state".into(), json!("RUNNING"));
    row.insert("num_clusters".into(), json!(1));
    world.warehouses.insert(&id, row);
    world
        .permissions
        .created("warehouses", &id, &call.caller, None, &world.directory)?;
    Ok(json!({"id": id}))
}

fn edit(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let mut new = filled(call)?;
    let row = world.warehouses.get(WHAT, id)?;
    for kept in ["id", "creator_name", "state", "num_clusters"] {
        if let Some(value) = row.get(kept) {
            new.insert(kept.into(), value.clone());
        }
    }
    let name = row.get("name").cloned().unwrap_or_default();
    fill(&mut new, "name", name);
    let name = new
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    world
        .warehouses
        .must_be_unique(WHAT, "name", &name, Some(id))?;
    *world.warehouses.get_mut(WHAT, id)? = new;
    Ok(json!({}))
}

fn set_state(
    world: &mut World,
    call: &Call,
    state: &str,
    clusters: u32,
) -> Result<Value, ApiError> {
    let row = world.warehouses.get_mut(WHAT, call.param("id"))?;
    row.insert("state".into(), json!(state));
    row.insert("num_clusters".into(), json!(clusters));
    Ok(json!({}))
}

fn start(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    set_state(world, call, "RUNNING", 1)
}

fn stop(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    set_state(world, call, "STOPPED", 0)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world.warehouses.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"warehouses": world.warehouses.list()}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    world.warehouses.remove(WHAT, id)?;
    world.permissions.forget("warehouses", id);
    Ok(json!({}))
}
