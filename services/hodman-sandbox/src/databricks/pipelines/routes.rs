//! The calls on pipelines.

use axum::Router;
use serde_json::{Map, Value, json};

use super::updates::{State, begin, existing};
use super::{Pipeline, settings};
use crate::databricks::call::{Call, Shared, delete, get, post, put};
use crate::databricks::error::ApiError;
use crate::databricks::paging::{Paging, like};
use crate::databricks::world::World;

pub(super) const ROOT: &str = "/api/2.0/pipelines";

const PAGES: Paging = Paging {
    size: "max_results",
    default: 25,
    most: 100,
};

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, put(replace))
        .route(&one, delete(remove))
}

/// A dry run answers the settings as they would be, and makes nothing.
fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = uuid::Uuid::new_v4().to_string();
    let spec = settings::settled(&call.body, &id)?;
    if !call.flag("allow_duplicate_names") {
        world
            .pipelines
            .must_be_unique(call.text("name").unwrap_or_default(), None)?;
    }
    if call.flag("dry_run") {
        return Ok(json!({ "effective_settings": spec }));
    }
    let acl = call
        .body
        .get("access_control_list")
        .and_then(Value::as_array);
    world
        .permissions
        .created("pipelines", &id, &call.caller, acl, &world.directory)?;
    let pipeline = Pipeline {
        id: id.clone(),
        spec,
        creator: call.caller.login.clone(),
        run_as: call.body.get("run_as").cloned(),
        modified: call.now,
        updates: Vec::new(),
        events: Vec::new(),
    };
    world.pipelines.rows.insert(id.clone(), pipeline);
    keep_running(world, &id, call.now)?;
    Ok(json!({ "pipeline_id": id }))
}

/// A continuous pipeline starts by itself, unless it is in development.
fn keep_running(world: &mut World, id: &str, now: i64) -> Result<(), ApiError> {
    let spec = &world.pipelines.get_mut(id)?.spec;
    let is = |key: &str| spec.get(key) == Some(&json!(true));
    if is("continuous") && !is("development") {
        begin(world, id, "USER_ACTION", Map::new(), now)?;
    }
    Ok(())
}

/// A full replacement of the settings. One that runs without end is started anew with them.
fn replace(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    let pace = world.pace;
    let name = call.text("name").unwrap_or_default();
    let pipeline = world.pipelines.get_mut(id)?;
    pipeline.advance(pace, call.now);
    let expected = call.body.get("expected_last_modified");
    if let Some(expected) = expected.and_then(Value::as_i64)
        && pipeline.modified > expected
    {
        return Err(ApiError::conflict(format!(
            "The pipeline {id} was modified at {}, after the expected {expected}. Read it again before you change it.",
            pipeline.modified
        )));
    }
    let mut spec = settings::settled(&call.body, id)?;
    if !call.body.contains_key("storage")
        && !call.body.contains_key("catalog")
        && let Some(storage) = pipeline.spec.get("storage")
    {
        spec.insert("storage".into(), storage.clone());
    }
    settings::keep_fixed(&pipeline.spec, &spec)?;
    if name != pipeline.name() && !call.flag("allow_duplicate_names") {
        world.pipelines.must_be_unique(name, Some(id))?;
    }
    let pipeline = world.pipelines.get_mut(id)?;
    let endless = pipeline.spec.get("continuous") == Some(&json!(true));
    pipeline.spec = spec;
    if let Some(run_as) = call.body.get("run_as") {
        pipeline.run_as = Some(run_as.clone());
    }
    // Two edits within a millisecond still differ.
    pipeline.modified = call.now.max(pipeline.modified + 1);
    if endless && let Some(active) = pipeline.active() {
        active.enter(State::Canceled, call.now);
        keep_running(world, id, call.now)?;
    }
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(existing(world, call)?.view()))
}

/// Without settings: those are read one pipeline at a time.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let filter = call
        .query("filter")
        .map(str::trim)
        .filter(|filter| !filter.is_empty())
        .map(Filter::parse)
        .transpose()?;
    let (pace, now) = (world.pace, call.now);
    let mut found: Vec<Value> = Vec::new();
    for pipeline in world.pipelines.rows.values_mut() {
        pipeline.advance(pace, now);
        if filter
            .as_ref()
            .is_none_or(|filter| filter.matches(pipeline))
        {
            found.push(Value::Object(pipeline.status()));
        }
    }
    if call
        .query("order_by")
        .is_some_and(|order| order.ends_with("desc"))
    {
        found.reverse();
    }
    PAGES.answer(call, "statuses", found)
}

/// `name LIKE '…'` or `notebook='…'`.
enum Filter {
    Name(String),
    Notebook(String),
}

impl Filter {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let quoted = text
            .split_once('\'')
            .and_then(|(before, rest)| Some((before.trim(), rest.strip_suffix('\'')?)));
        match quoted {
            Some((before, value)) if before.eq_ignore_ascii_case("name like") => {
                Ok(Self::Name(value.to_owned()))
            }
            Some((before, value)) if before.replace(' ', "") == "notebook=" => {
                Ok(Self::Notebook(value.to_owned()))
            }
            _ => Err(ApiError::invalid(format!("Invalid filter: {text}"))),
        }
    }

    fn matches(&self, pipeline: &Pipeline) -> bool {
        match self {
            Self::Name(pattern) => like(pattern, pipeline.name()),
            Self::Notebook(path) => pipeline
                .spec
                .get("libraries")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .any(|library| {
                    library.pointer("/notebook/path").and_then(Value::as_str) == Some(path)
                }),
        }
    }
}

/// With all it has run. Its tables, where a catalog holds them, are not the sandbox's, and what becomes of them is the query's to say.
fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    if !matches!(call.query("cascade"), None | Some("true" | "false")) {
        return Err(ApiError::invalid("cascade must be true or false."));
    }
    let id = call.param("id");
    world.pipelines.get_mut(id)?;
    world.pipelines.rows.remove(id);
    world.permissions.forget("pipelines", id);
    Ok(json!({}))
}
