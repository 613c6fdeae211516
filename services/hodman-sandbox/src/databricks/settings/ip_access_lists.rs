//! IP access lists.

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::table::overlay;
use crate::databricks::world::World;

const WHAT: &str = "IP access list";
const ROOT: &str = "/api/2.0/ip-access-lists";
const MOST_ADDRESSES: usize = 1000;

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, put(replace))
        .route(&one, patch(change))
        .route(&one, delete(remove))
}

fn addresses(row: &Map<String, Value>) -> usize {
    row.get("ip_addresses")
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

/// The row with what the service keeps about it, if it fits into the workspace's quota.
fn settled(
    world: &World,
    mut row: Map<String, Value>,
    id: &str,
    call: &Call,
) -> Result<Map<String, Value>, ApiError> {
    if !matches!(
        row.get("list_type").and_then(Value::as_str),
        Some("ALLOW" | "BLOCK")
    ) {
        return Err(ApiError::invalid("list_type must be ALLOW or BLOCK."));
    }
    let others = world
        .ip_access_lists
        .rows()
        .filter(|other| other.get("list_id").and_then(Value::as_str) != Some(id));
    if others.map(addresses).sum::<usize>() + addresses(&row) > MOST_ADDRESSES {
        return Err(ApiError::new(
            400,
            "QUOTA_EXCEEDED",
            format!("A workspace has at most {MOST_ADDRESSES} IP addresses."),
        ));
    }
    row.insert("list_id".into(), json!(id));
    row.insert("address_count".into(), json!(addresses(&row)));
    row.entry("enabled").or_insert(json!(true));
    row.entry("created_at").or_insert(json!(call.now));
    row.insert("updated_at".into(), json!(call.now));
    Ok(row)
}

fn answer(row: Map<String, Value>) -> Value {
    json!({ "ip_access_list": row })
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    call.required_text("label")?;
    let id = uuid::Uuid::new_v4().to_string();
    let row = settled(world, call.body.clone(), &id, call)?;
    world.ip_access_lists.insert(&id, row.clone());
    Ok(answer(row))
}

fn replace(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    call.required_text("label")?;
    let created = world
        .ip_access_lists
        .get(WHAT, id)?
        .get("created_at")
        .cloned();
    let mut row = call.body.clone();
    row.insert("created_at".into(), created.unwrap_or_default());
    let row = settled(world, row, id, call)?;
    world.ip_access_lists.insert(id, row.clone());
    Ok(answer(row))
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let mut row = world.ip_access_lists.get(WHAT, id)?.clone();
    overlay(&mut row, &call.body);
    let row = settled(world, row, id, call)?;
    world.ip_access_lists.insert(id, row.clone());
    Ok(answer(row))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(answer(
        world.ip_access_lists.get(WHAT, call.param("id"))?.clone(),
    ))
}

fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"ip_access_lists": world.ip_access_lists.list()}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    world.ip_access_lists.remove(WHAT, call.param("id"))?;
    Ok(json!({}))
}
