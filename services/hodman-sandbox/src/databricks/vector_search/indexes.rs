//! The calls on indexes. They cannot be changed: another definition is another index.

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value, json};

use super::Row;
use crate::databricks::call::{Call, Shared, delete, get, post};
use crate::databricks::clock::Progress;
use crate::databricks::error::ApiError;
use crate::databricks::paging::PAGES;
use crate::databricks::table::object;
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/vector-search/indexes";

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{name}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, delete(remove))
        .route(&format!("{one}/sync"), post(sync))
}

/// The spec that the type of the index asks for, with what the service adds.
fn spec(call: &Call) -> Result<(&'static str, Map<String, Value>), ApiError> {
    let given = |key: &str| match call.body.get(key) {
        Some(Value::Object(spec)) => Ok(spec.clone()),
        _ => Err(ApiError::invalid(format!("Missing required field: {key}"))),
    };
    match call.required_text("index_type")? {
        "DELTA_SYNC" => {
            let mut spec = given("delta_sync_index_spec")?;
            if !spec.get("source_table").is_some_and(Value::is_string) {
                return Err(ApiError::invalid(
                    "Missing required field: delta_sync_index_spec.source_table",
                ));
            }
            if let Some(Value::String(table)) = spec.get_mut("source_table") {
                *table = table.to_lowercase();
            }
            let pipeline = uuid::Uuid::new_v4().to_string();
            spec.insert("pipeline_id".into(), json!(pipeline));
            spec.entry("pipeline_type").or_insert(json!("TRIGGERED"));
            Ok(("delta_sync_index_spec", spec))
        }
        "DIRECT_ACCESS" => {
            let mut spec = given("direct_access_index_spec")?;
            if let Some(Value::String(schema)) = spec.get_mut("schema_json") {
                *schema = stored(schema);
            }
            Ok(("direct_access_index_spec", spec))
        }
        other => Err(ApiError::invalid(format!(
            "index_type must be DELTA_SYNC or DIRECT_ACCESS, not {other}."
        ))),
    }
}

/// The schema as Unity Catalog keeps it: its own words for types, columns by name.
fn stored(schema: &str) -> String {
    const WORDS: [(&str, &str); 4] = [
        ("integer", "int"),
        ("long", "bigint"),
        ("short", "smallint"),
        ("byte", "tinyint"),
    ];
    let Ok(columns) = serde_json::from_str::<BTreeMap<String, String>>(schema) else {
        return schema.to_owned();
    };
    let columns: BTreeMap<String, String> = columns
        .into_iter()
        .map(|(column, kind)| {
            let word = WORDS.iter().find(|(word, _)| *word == kind);
            (column, word.map_or(kind, |(_, kept)| (*kept).to_owned()))
        })
        .collect();
    json!(columns).to_string()
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("name")?;
    if name.split('.').filter(|part| !part.is_empty()).count() != 3 {
        return Err(ApiError::invalid(format!(
            "Index name {name} must have the form catalog.schema.name."
        )));
    }
    let endpoint = call.required_text("endpoint_name")?;
    let endpoint_row = world.vector_search.endpoints.get(endpoint);
    let endpoint_row = endpoint_row.ok_or_else(|| {
        ApiError::missing(format!("Vector search endpoint {endpoint} not found."))
    })?;
    let endpoint_id = endpoint_row.view.get("id").cloned();
    refuse_if_taken(world, name, call.now)?;
    let (field, spec) = spec(call)?;
    let view = object(json!({
        "name": name,
        "endpoint_name": endpoint,
        "endpoint_id": endpoint_id,
        "index_type": call.text("index_type"),
        "primary_key": call.required_text("primary_key")?,
        "creator": call.caller.login,
        field: spec,
    }));
    let row = Row {
        view,
        coming: Some(Progress::start(call.now)),
        fault: world.jobs.failing.remove(name),
        going: None,
    };
    let shown = shown(&row);
    world.vector_search.indexes.insert(name.to_owned(), row);
    Ok(shown)
}

/// Not while another has the name, and not for a while after it went.
fn refuse_if_taken(world: &mut World, name: &str, now: i64) -> Result<(), ApiError> {
    let pace = world.pace;
    forget_gone(world, name, now);
    let search = &mut world.vector_search;
    if let Some(row) = search.indexes.get(name)
        && row.going.is_none()
    {
        return Err(ApiError::exists(format!("Index {name} already exists.")));
    }
    let free = match search.held.get_mut(name) {
        Some(progress) => progress.read(pace, now),
        None => !search.indexes.contains_key(name),
    };
    if !free {
        return Err(ApiError::invalid(format!(
            "Index {name} is currently pending deletion."
        )));
    }
    search.held.remove(name);
    Ok(())
}

/// A delete is answered at once, and the index is there until its states have gone by.
fn forget_gone(world: &mut World, name: &str, now: i64) {
    let (pace, search) = (world.pace, &mut world.vector_search);
    let going = search
        .indexes
        .get_mut(name)
        .and_then(|row| row.going.as_mut());
    if going.is_some_and(|progress| progress.read(pace, now)) {
        search.indexes.remove(name);
        search.held.insert(name.to_owned(), Progress::start(now));
    }
}

fn shown(row: &Row) -> Value {
    let (ready, state, message) = match (&row.coming, &row.fault) {
        (Some(_), _) => (
            false,
            "PROVISIONING_INITIAL_SNAPSHOT",
            "Index is being created.",
        ),
        (None, Some(fault)) => (false, "OFFLINE_FAILED", fault.as_str()),
        (None, None) => (true, "ONLINE_NO_PENDING_UPDATE", "Index is ready."),
    };
    let status = json!({"ready": ready, "detailed_state": state, "message": message, "indexed_row_count": 0});
    let mut view = row.view.clone();
    view.insert("status".into(), status);
    Value::Object(view)
}

fn existing<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Row, ApiError> {
    let (pace, name) = (world.pace, call.param("name"));
    forget_gone(world, name, call.now);
    let row = world.vector_search.indexes.get_mut(name);
    let row = row.ok_or_else(|| ApiError::missing(format!("Index {name} does not exist.")))?;
    if let Some(progress) = &mut row.coming
        && progress.read(pace, call.now)
    {
        row.coming = None;
    }
    Ok(row)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(shown(existing(world, call)?))
}

/// Of one endpoint, without specs.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let endpoint = call
        .query("endpoint_name")
        .ok_or_else(|| ApiError::invalid("Missing required field: endpoint_name"))?;
    if !world.vector_search.endpoints.contains_key(endpoint) {
        return Err(ApiError::missing(format!(
            "Vector search endpoint {endpoint} not found."
        )));
    }
    let of = |row: &&Row| row.view.get("endpoint_name").and_then(Value::as_str) == Some(endpoint);
    let short = |row: &Row| {
        let mut view = row.view.clone();
        view.retain(|key, _| !key.ends_with("_spec"));
        Value::Object(view)
    };
    let all = world.vector_search.indexes.values().filter(of).map(short);
    PAGES.answer(call, "vector_indexes", all.collect())
}

/// Only an index that follows a table can be synchronised, and only by hand where it does not by itself.
fn sync(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = existing(world, call)?;
    let kind = row.view.get("delta_sync_index_spec");
    let kind = kind.and_then(|spec| spec.get("pipeline_type"));
    if kind.and_then(Value::as_str) != Some("TRIGGERED") {
        return Err(ApiError::invalid(format!(
            "Index {} is not synchronised by calls.",
            call.param("name")
        )));
    }
    Ok(json!({}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let row = existing(world, call)?;
    row.going.get_or_insert(Progress::start(call.now));
    Ok(json!({}))
}
