//! The workspace's model registry: models without versions, as nothing is trained here.

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::paging::{Paging, like};
use crate::databricks::table::object;
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/mlflow/registered-models";

const PAGES: Paging = Paging {
    size: "max_results",
    default: 100,
    most: 1000,
};

pub(super) fn router() -> Router<Shared<World>> {
    let path = |name: &str| format!("{ROOT}/{name}");
    Router::new()
        .route(&path("create"), post(create))
        .route(&path("get"), get(show))
        .route(
            "/api/2.0/mlflow/databricks/registered-models/get",
            get(show_with_id),
        )
        .route(&path("update"), patch(update))
        .route(&path("rename"), post(rename))
        .route(&path("delete"), delete(remove))
        .route(&path("list"), get(list))
        .route(&path("search"), get(list))
        .route(&path("set-tag"), post(set_tag))
        .route(&path("delete-tag"), delete(delete_tag))
        .route(&path("get-latest-versions"), post(latest))
}

fn absent(name: &str) -> ApiError {
    ApiError::missing(format!("RegisteredModel '{name}' does not exist."))
}

/// Without its id, which only Databricks' own call shows.
fn plain(row: &Map<String, Value>) -> Value {
    let mut row = row.clone();
    row.remove("id");
    Value::Object(row)
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("name")?;
    if world.models.contains(name) {
        return Err(ApiError::exists(format!(
            "Registered Model (name={name}) already exists."
        )));
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let mut row = object(json!({
        "name": name,
        "id": id,
        "user_id": call.caller.login,
        "creation_timestamp": call.now,
        "last_updated_timestamp": call.now,
    }));
    for field in ["description", "tags"] {
        if let Some(value) = call.body.get(field) {
            row.insert(field.into(), value.clone());
        }
    }
    let view = plain(&row);
    world.models.insert(name, row);
    world.permissions.created(
        "registered-models",
        &id,
        &call.caller,
        None,
        &world.directory,
    )?;
    Ok(json!({ "registered_model": view }))
}

fn row<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Map<String, Value>, ApiError> {
    world
        .models
        .get_mut("RegisteredModel", name)
        .map_err(|_| absent(name))
}

fn queried(call: &Call) -> Result<&str, ApiError> {
    call.query("name")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ApiError::invalid("Missing required field: name"))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(json!({"registered_model": plain(row(world, queried(call)?)?)}))
}

fn show_with_id(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut view = row(world, queried(call)?)?.clone();
    view.insert("permission_level".into(), json!("CAN_MANAGE"));
    Ok(json!({ "registered_model_databricks": view }))
}

fn update(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = row(world, call.required_text("name")?)?;
    if let Some(description) = call.body.get("description") {
        row.insert("description".into(), description.clone());
    }
    row.insert("last_updated_timestamp".into(), json!(call.now));
    Ok(json!({"registered_model": plain(row)}))
}

fn rename(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (name, new) = (call.required_text("name")?, call.required_text("new_name")?);
    if world.models.contains(new) {
        return Err(ApiError::exists(format!(
            "Registered Model (name={new}) already exists."
        )));
    }
    let mut row = row(world, name)?.clone();
    row.insert("name".into(), json!(new));
    row.insert("last_updated_timestamp".into(), json!(call.now));
    world.models.remove("RegisteredModel", name)?;
    let view = plain(&row);
    world.models.insert(new, row);
    Ok(json!({ "registered_model": view }))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = queried(call)?;
    let id = row(world, name)?.get("id").cloned().unwrap_or_default();
    world.models.remove("RegisteredModel", name)?;
    world
        .permissions
        .forget("registered-models", id.as_str().unwrap_or_default());
    Ok(json!({}))
}

/// A search filters by `name = '…'` or `name LIKE '…'`.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let filter = call.query("filter").unwrap_or_default();
    let wanted = filter
        .split_once('\'')
        .and_then(|(_, rest)| rest.trim_end().strip_suffix('\''));
    if wanted.is_none() && !filter.is_empty() {
        return Err(ApiError::invalid(format!("Invalid filter: {filter}")));
    }
    let found = world.models.rows().filter(|row| {
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        wanted.is_none_or(|wanted| like(wanted, name))
    });
    PAGES.answer(call, "registered_models", found.map(plain).collect())
}

/// The tags without the one of this key, and with `new`.
fn retag(row: &mut Map<String, Value>, key: &str, new: Option<Value>) {
    let mut tags = match row.remove("tags") {
        Some(Value::Array(tags)) => tags,
        _ => Vec::new(),
    };
    tags.retain(|tag| tag.get("key").and_then(Value::as_str) != Some(key));
    tags.extend(new);
    if !tags.is_empty() {
        row.insert("tags".into(), json!(tags));
    }
}

fn set_tag(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let key = call.required_text("key")?;
    let tag = json!({"key": key, "value": call.text("value").unwrap_or_default()});
    retag(row(world, call.required_text("name")?)?, key, Some(tag));
    Ok(json!({}))
}

fn delete_tag(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let key = call.query("key").unwrap_or_default();
    retag(row(world, queried(call)?)?, key, None);
    Ok(json!({}))
}

/// A model that nothing was logged to has no versions.
fn latest(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    row(world, call.required_text("name")?)?;
    Ok(json!({"model_versions": []}))
}
