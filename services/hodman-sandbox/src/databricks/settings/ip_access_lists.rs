//! IP access lists. Nobody is kept out by them; a list that would keep its caller out is refused once they hold.

pub(in crate::databricks) mod ranges;

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::table::overlay;
use crate::databricks::world::World;

const WHAT: &str = "IP access list";
const ROOT: &str = "/api/2.0/ip-access-lists";
const MOST_ADDRESSES: usize = 1000;
/// Key of the workspace's configuration under which the lists hold.
pub(super) const SWITCH: &str = "enableIpAccessLists";

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
    ranges::check(&row)?;
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
    row.entry("created_by")
        .or_insert(json!(caller_id(world, call)));
    row.insert("updated_by".into(), json!(caller_id(world, call)));
    if world.conf.get(SWITCH).map(String::as_str) == Some("true") {
        let others = world
            .ip_access_lists
            .rows()
            .filter(|other| other.get("list_id").and_then(Value::as_str) != Some(id));
        ranges::check_caller(others.chain([&row]))?;
    }
    Ok(row)
}

/// SCIM id of the caller as a number.
fn caller_id(world: &World, call: &Call) -> u64 {
    let me = world.directory.me(&call.caller.login).ok();
    let id = me
        .as_ref()
        .and_then(|me| me.get("id")?.as_str()?.parse().ok());
    id.unwrap_or_default()
}

/// The lists are switched on only where they let their caller in.
pub(super) fn check_switch(world: &World) -> Result<(), ApiError> {
    ranges::check_caller(world.ip_access_lists.rows())
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
    if !call.body.contains_key("enabled") {
        return Err(ApiError::invalid("Missing required field: enabled"));
    }
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
