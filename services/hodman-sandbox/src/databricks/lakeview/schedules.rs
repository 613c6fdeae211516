//! When a dashboard is refreshed.

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, delete, get, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::paging::{PAGES, iso};
use crate::databricks::table::fill;
use crate::databricks::world::World;

pub(super) fn router() -> Router<Shared<World>> {
    let all = format!("{}/{{id}}/schedules", super::routes::ROOT);
    let one = format!("{all}/{{schedule}}");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&one, get(show))
        .route(&one, put(replace))
        .route(&one, delete(remove))
}

fn checked(call: &Call) -> Result<Map<String, Value>, ApiError> {
    if !call.body.get("cron_schedule").is_some_and(Value::is_object) {
        return Err(ApiError::invalid("Missing required field: cron_schedule"));
    }
    let mut row = call.body.clone();
    fill(&mut row, "pause_status", json!("UNPAUSED"));
    Ok(row)
}

fn stamp(row: &mut Map<String, Value>, call: &Call, id: &str, created: Value, version: u64) {
    row.insert("dashboard_id".into(), json!(call.param("id")));
    row.insert("schedule_id".into(), json!(id));
    row.insert("create_time".into(), created);
    row.insert("update_time".into(), json!(iso(call.now)));
    row.insert("etag".into(), json!(version.to_string()));
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut row = checked(call)?;
    let id = uuid::Uuid::new_v4().simple().to_string();
    stamp(&mut row, call, &id, json!(iso(call.now)), 1);
    let dashboard = world.dashboards.active(call.param("id"))?;
    dashboard.schedules.insert(id, row.clone());
    Ok(Value::Object(row))
}

fn existing<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Map<String, Value>, ApiError> {
    let id = call.param("schedule");
    let dashboard = world.dashboards.active(call.param("id"))?;
    dashboard
        .schedules
        .get_mut(id)
        .ok_or_else(|| ApiError::missing(format!("Unable to find schedule [scheduleId={id}]")))
}

/// A full replacement; with an `etag`, only of the version it names.
fn replace(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut new = checked(call)?;
    let row = existing(world, call)?;
    let etag = row.get("etag").and_then(Value::as_str).unwrap_or_default();
    if call.text("etag").is_some_and(|expected| expected != etag) {
        return Err(ApiError::new(
            409,
            "ABORTED",
            "The schedule was modified since it was read.",
        ));
    }
    let version = etag.parse().unwrap_or(0) + 1;
    let created = row.get("create_time").cloned().unwrap_or_default();
    stamp(&mut new, call, call.param("schedule"), created, version);
    row.clone_from(&new);
    Ok(Value::Object(new))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(existing(world, call)?.clone()))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let dashboard = world.dashboards.active(call.param("id"))?;
    let all = dashboard.schedules.values().cloned().map(Value::Object);
    PAGES.answer(call, "schedules", all.collect())
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    existing(world, call)?;
    let dashboard = world.dashboards.active(call.param("id"))?;
    dashboard.schedules.remove(call.param("schedule"));
    Ok(json!({}))
}
