//! The calls on endpoints.

use axum::Router;
use serde_json::{Value, json};

use super::Row;
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::clock::{Pace, Progress};
use crate::databricks::error::ApiError;
use crate::databricks::paging::PAGES;
use crate::databricks::table::object;
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/vector-search/endpoints";

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{name}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(remove))
        .route(&format!("{one}/budget-policy"), patch(set_budget_policy))
        .route(&format!("{one}/tags"), patch(set_tags))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("name")?;
    if !matches!(
        call.required_text("endpoint_type")?,
        "STANDARD" | "STORAGE_OPTIMIZED"
    ) {
        return Err(ApiError::invalid(
            "endpoint_type must be STANDARD or STORAGE_OPTIMIZED.",
        ));
    }
    if world.vector_search.endpoints.contains_key(name) {
        return Err(ApiError::exists(format!(
            "Vector search endpoint {name} already exists."
        )));
    }
    let id = uuid::Uuid::new_v4().to_string();
    let mut view = object(json!({
        "id": id,
        "name": name,
        "endpoint_type": call.text("endpoint_type"),
        "creator": call.caller.login,
        "creation_timestamp": call.now,
        "last_updated_timestamp": call.now,
        "last_updated_user": call.caller.login,
    }));
    if let Some(policy) = call.text("budget_policy_id") {
        view.insert("budget_policy_id".into(), json!(policy));
        view.insert("effective_budget_policy_id".into(), json!(policy));
    }
    if let Some(qps) = call.body.get("target_qps") {
        view.insert("scaling_info".into(), json!({"requested_target_qps": qps}));
    }
    let row = Row {
        view,
        coming: Some(Progress::start(call.now)),
        fault: None,
        going: None,
    };
    world.vector_search.endpoints.insert(name.to_owned(), row);
    world.permissions.created(
        "vector-search-endpoints",
        &id,
        &call.caller,
        None,
        &world.directory,
    )?;
    let indexes = world.vector_search.count(name);
    Ok(shown(existing(world, call, name)?, indexes))
}

impl super::VectorSearch {
    /// How many indexes an endpoint serves.
    fn count(&self, endpoint: &str) -> usize {
        let of = |row: &&Row| {
            let name = row.view.get("endpoint_name").and_then(Value::as_str);
            name == Some(endpoint) && row.going.is_none()
        };
        self.indexes.values().filter(of).count()
    }
}

fn absent(name: &str) -> ApiError {
    ApiError::missing(format!("Vector search endpoint {name} not found."))
}

fn existing<'a>(world: &'a mut World, _call: &Call, name: &str) -> Result<&'a mut Row, ApiError> {
    let row = world.vector_search.endpoints.get_mut(name);
    row.ok_or_else(|| absent(name))
}

fn advance(row: &mut Row, pace: Pace, now: i64) {
    if let Some(progress) = &mut row.coming
        && progress.read(pace, now)
    {
        row.coming = None;
    }
}

fn shown(row: &Row, indexes: usize) -> Value {
    let mut view = row.view.clone();
    let state = if row.coming.is_some() {
        "PROVISIONING"
    } else {
        "ONLINE"
    };
    view.insert("endpoint_status".into(), json!({"state": state}));
    view.insert("num_indexes".into(), json!(indexes));
    Value::Object(view)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (pace, name) = (world.pace, call.param("name"));
    let indexes = world.vector_search.count(name);
    let row = existing(world, call, name)?;
    advance(row, pace, call.now);
    Ok(shown(row, indexes))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (pace, mut found) = (world.pace, Vec::new());
    let names: Vec<String> = world.vector_search.endpoints.keys().cloned().collect();
    for name in names {
        let indexes = world.vector_search.count(&name);
        let row = existing(world, call, &name)?;
        advance(row, pace, call.now);
        found.push(shown(row, indexes));
    }
    PAGES.answer(call, "endpoints", found)
}

fn set(world: &mut World, call: &Call, field: &str, value: Value) -> Result<Value, ApiError> {
    let row = existing(world, call, call.param("name"))?;
    row.view.insert(field.to_owned(), value);
    row.view
        .insert("last_updated_timestamp".into(), json!(call.now));
    row.view
        .insert("last_updated_user".into(), json!(call.caller.login));
    show(world, call)
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let qps = call.body.get("target_qps").cloned().unwrap_or_default();
    set(
        world,
        call,
        "scaling_info",
        json!({"requested_target_qps": qps}),
    )
}

fn set_budget_policy(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let policy = json!(call.required_text("budget_policy_id")?);
    set(world, call, "budget_policy_id", policy.clone())?;
    set(world, call, "effective_budget_policy_id", policy.clone())?;
    Ok(json!({ "effective_budget_policy_id": policy }))
}

/// A full replacement.
fn set_tags(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let tags = call.body.get("custom_tags").cloned().unwrap_or(json!([]));
    set(world, call, "custom_tags", tags.clone())?;
    Ok(json!({"name": call.param("name"), "custom_tags": tags}))
}

/// Not while it serves an index.
fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.param("name");
    let indexes = world.vector_search.count(name);
    let id = existing(world, call, name)?.view.get("id").cloned();
    if indexes > 0 {
        return Err(ApiError::invalid(format!(
            "Vector search endpoint {name} cannot be deleted: it has {indexes} indexes."
        )));
    }
    world.vector_search.endpoints.remove(name);
    let id = id.unwrap_or_default();
    world
        .permissions
        .forget("vector-search-endpoints", id.as_str().unwrap_or_default());
    Ok(json!({}))
}
