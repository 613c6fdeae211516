//! The calls on experiments.

use axum::Router;
use serde_json::{Value, json};

use super::Experiment;
use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::files::{Asset, normal};
use crate::databricks::paging::{Paging, like};
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/mlflow/experiments";

const PAGES: Paging = Paging {
    size: "max_results",
    default: 1000,
    most: 50_000,
};

pub(super) fn router() -> Router<Shared<World>> {
    let path = |name: &str| format!("{ROOT}/{name}");
    Router::new()
        .route(&path("create"), post(create))
        .route(&path("get"), get(show))
        .route(&path("get-by-name"), get(show_by_name))
        .route(&path("update"), post(rename))
        .route(&path("delete"), post(remove))
        .route(&path("restore"), post(restore))
        .route(&path("list"), get(list))
        .route(&path("search"), post(list))
        .route(&path("set-experiment-tag"), post(tag))
}

fn asset() -> Asset {
    Asset {
        kind: "MLFLOW_EXPERIMENT",
        resource: None,
        text: String::new(),
    }
}

/// Its name is its path in the tree. The service adds tags of its own.
fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = normal(call.required_text("name")?)?;
    let login = call.caller.login.clone();
    let id = world.files.place(&name, asset(), &login, call.now)?;
    let mut experiment = Experiment {
        id,
        name: name.clone(),
        artifact_location: call.text("artifact_location").map_or_else(
            || format!("dbfs:/databricks/mlflow-tracking/{id}"),
            str::to_owned,
        ),
        trace_location: call.body.get("trace_location").cloned().map(lower_names),
        tags: [
            ("mlflow.experimentType", "MLFLOW_EXPERIMENT"),
            ("mlflow.experiment.sourceName", name.as_str()),
            ("mlflow.ownerEmail", login.as_str()),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
        created: call.now,
        updated: call.now,
        deleted: false,
    };
    let tags = call.body.get("tags").and_then(Value::as_array);
    for tag in tags.into_iter().flatten() {
        if let (Some(key), Some(value)) = (text(tag, "key"), text(tag, "value")) {
            experiment.tags.insert(key.to_owned(), value.to_owned());
        }
    }
    world.experiments.rows.insert(id, experiment);
    let id = id.to_string();
    world
        .permissions
        .created("experiments", &id, &call.caller, None, &world.directory)?;
    Ok(json!({ "experiment_id": id }))
}

/// Names of Unity Catalog are kept in lower case.
fn lower_names(mut place: Value) -> Value {
    for name in ["catalog", "schema"] {
        if let Some(Value::String(name)) = place.pointer_mut(&format!("/uc_trace_location/{name}"))
        {
            *name = name.to_lowercase();
        }
    }
    place
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn named<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Experiment, ApiError> {
    world
        .experiments
        .get_mut(call.required_id("experiment_id")?)
}

/// One that is deleted is still shown, and says so.
fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_query_id("experiment_id")?;
    Ok(json!({"experiment": world.experiments.get_mut(id)?.view()}))
}

fn show_by_name(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.query("experiment_name").unwrap_or_default();
    let path = normal(name)?;
    let mut all = world.experiments.rows.values();
    let found = all.find(|experiment| experiment.name == path && !experiment.deleted);
    let found = found.ok_or_else(|| ApiError::missing(format!("Node {path} does not exist.")))?;
    Ok(json!({"experiment": found.view()}))
}

fn rename(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let new = normal(call.required_text("new_name")?)?;
    let experiment = world
        .experiments
        .get_mut(call.required_id("experiment_id")?)?;
    if experiment.deleted {
        return Err(ApiError::state(format!(
            "Cannot rename the deleted experiment {}.",
            experiment.id
        )));
    }
    world.files.rename(&experiment.name, &new)?;
    experiment.name = new;
    experiment.updated = call.now;
    Ok(json!({}))
}

/// Into the trash: its place goes, it is still read by its id.
fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let experiment = named(world, call)?;
    experiment.deleted = true;
    experiment.updated = call.now;
    let path = experiment.name.clone();
    world.files.vacate(&path);
    Ok(json!({}))
}

fn restore(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let experiment = world
        .experiments
        .get_mut(call.required_id("experiment_id")?)?;
    if experiment.deleted {
        let login = &call.caller.login;
        world
            .files
            .replace(&experiment.name, asset(), experiment.id, login, call.now)?;
        experiment.deleted = false;
        experiment.updated = call.now;
    }
    Ok(json!({}))
}

fn tag(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let key = call.required_text("key")?.to_owned();
    let value = call.text("value").unwrap_or_default().to_owned();
    let experiment = named(world, call)?;
    experiment.tags.insert(key, value);
    experiment.updated = call.now;
    Ok(json!({}))
}

/// By `view_type`; a search by `filter`, too: `name = '…'`, `name LIKE '…'`, `tags.key = '…'`.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let view = call
        .query("view_type")
        .or_else(|| call.text("view_type"))
        .unwrap_or("ACTIVE_ONLY");
    let in_view = |experiment: &&Experiment| match view {
        "ALL" => true,
        "DELETED_ONLY" => experiment.deleted,
        _ => !experiment.deleted,
    };
    let filter = call
        .text("filter")
        .filter(|filter| !filter.trim().is_empty());
    let mut found = Vec::new();
    for experiment in world.experiments.rows.values().filter(in_view) {
        if filter.map_or(Ok(true), |filter| matches(experiment, filter))? {
            found.push(experiment.view());
        }
    }
    PAGES.answer(call, "experiments", found)
}

fn matches(experiment: &Experiment, filter: &str) -> Result<bool, ApiError> {
    let refused = || ApiError::invalid(format!("Invalid filter: {filter}"));
    let (before, rest) = filter.split_once('\'').ok_or_else(refused)?;
    let wanted = rest.trim_end().strip_suffix('\'').ok_or_else(refused)?;
    let before = before.trim();
    let (field, by_pattern) = match before.strip_suffix('=') {
        Some(field) => (field.trim(), false),
        None => match before.rsplit_once(' ') {
            Some((field, word)) if word.eq_ignore_ascii_case("like") => (field.trim(), true),
            _ => return Err(refused()),
        },
    };
    let held = match field.strip_prefix("tags.") {
        Some(key) => experiment
            .tags
            .get(key.trim_matches('`'))
            .map(String::as_str),
        None if field == "name" => Some(experiment.name.as_str()),
        None => return Err(refused()),
    };
    Ok(held.is_some_and(|held| {
        if by_pattern {
            like(wanted, held)
        } else {
            held == wanted
        }
    }))
}
