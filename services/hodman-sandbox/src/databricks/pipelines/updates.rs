//! Updates: what a pipeline runs.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{Pipeline, events};
use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::clock::{Pace, Progress};
use crate::databricks::error::ApiError;
use crate::databricks::paging::{Paging, iso};
use crate::databricks::table::object;
use crate::databricks::world::World;

const PAGES: Paging = Paging {
    size: "max_results",
    default: 25,
    most: 100,
};

/// `state` of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Created,
    WaitingForResources,
    Initializing,
    SettingUpTables,
    Running,
    Stopping,
    Completed,
    Failed,
    Canceled,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::WaitingForResources => "WAITING_FOR_RESOURCES",
            Self::Initializing => "INITIALIZING",
            Self::SettingUpTables => "SETTING_UP_TABLES",
            Self::Running => "RUNNING",
            Self::Stopping => "STOPPING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        }
    }

    pub(super) fn ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}

/// One update.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) id: String,
    pub(super) state: State,
    progress: Progress,
    created: i64,
    /// Why it will fail, when it will.
    pub(super) fault: Option<String>,
    /// What the start call said.
    request: Map<String, Value>,
    cause: &'static str,
    config: Map<String, Value>,
}

impl Update {
    /// Goes on as far as the pace lets it; answers the states it entered.
    pub(super) fn advance(&mut self, continuous: bool, pace: Pace, now: i64) -> Vec<State> {
        let mut entered = Vec::new();
        while let Some(next) = self.next(continuous) {
            if !self.progress.read(pace, now) {
                break;
            }
            self.enter(next, now);
            entered.push(next);
        }
        entered
    }

    fn next(&self, continuous: bool) -> Option<State> {
        match self.state {
            State::Created => Some(State::WaitingForResources),
            State::WaitingForResources => Some(State::Initializing),
            State::Initializing if self.fault.is_some() => Some(State::Failed),
            State::Initializing => Some(State::SettingUpTables),
            State::SettingUpTables => Some(State::Running),
            State::Running if continuous => None,
            State::Running => Some(State::Completed),
            State::Stopping => Some(State::Canceled),
            State::Completed | State::Failed | State::Canceled => None,
        }
    }

    pub(super) fn enter(&mut self, state: State, now: i64) {
        self.state = state;
        self.progress = Progress::start(now);
    }

    /// As the pipeline's `latest_updates` show it.
    pub(super) fn short(&self) -> Value {
        json!({"update_id": self.id, "state": self.state.name(), "creation_time": iso(self.created)})
    }

    fn view(&self, pipeline: &str) -> Map<String, Value> {
        let mut view = object(json!({
            "pipeline_id": pipeline,
            "update_id": self.id,
            "cause": self.cause,
            "config": self.config,
            "creation_time": self.created,
            "state": self.state.name(),
            "full_refresh": false,
            "validate_only": false,
        }));
        for (key, value) in &self.request {
            view.insert(key.clone(), value.clone());
        }
        view
    }
}

pub(super) fn router() -> Router<Shared<World>> {
    let root = format!("{}/{{id}}/updates", super::routes::ROOT);
    Router::new()
        .route(&root, post(start))
        .route(&root, get(list))
        .route(&format!("{root}/{{update}}"), get(show))
        .route(&format!("{}/{{id}}/stop", super::routes::ROOT), post(stop))
        .route(
            &format!("{}/{{id}}/events", super::routes::ROOT),
            get(events::list),
        )
}

/// The pipeline as it is now.
pub(super) fn existing<'a>(
    world: &'a mut World,
    call: &Call,
) -> Result<&'a mut Pipeline, ApiError> {
    let pace = world.pace;
    let pipeline = world.pipelines.get_mut(call.param("id"))?;
    pipeline.advance(pace, call.now);
    Ok(pipeline)
}

/// Begins an update of a pipeline that has none under way.
pub(super) fn begin(
    world: &mut World,
    id: &str,
    cause: &'static str,
    request: Map<String, Value>,
    now: i64,
) -> Result<String, ApiError> {
    let pipeline = world.pipelines.get_mut(id)?;
    let absent = sources(&pipeline.spec)
        .find(|path| world.files.get(path).is_err())
        .map(|path| format!("The source {path} doesn't exist."));
    let fault = world.jobs.failing.remove(pipeline.name()).or(absent);
    let update = Update {
        id: uuid::Uuid::new_v4().to_string(),
        state: State::Created,
        progress: Progress::start(now),
        created: now,
        fault,
        request,
        cause,
        config: pipeline.spec.clone(),
    };
    let update_id = update.id.clone();
    pipeline
        .events
        .push(events::created(&pipeline.id, &update, now));
    pipeline.updates.push(update);
    Ok(update_id)
}

/// Paths of its notebooks and files; folders by pattern are not looked into.
fn sources(spec: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let libraries = spec
        .get("libraries")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    libraries.filter_map(|library| {
        library
            .pointer("/notebook/path")
            .or_else(|| library.pointer("/file/path"))?
            .as_str()
    })
}

fn start(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let pipeline = existing(world, call)?;
    if let Some(active) = pipeline.active() {
        return Err(ApiError::conflict(format!(
            "An active update {} already exists for pipeline '{}'.",
            active.id,
            call.param("id")
        )));
    }
    let cause = match call.text("cause") {
        Some("JOB_TASK") => "JOB_TASK",
        _ => "API_CALL",
    };
    let mut request = call.body.clone();
    request.remove("cause");
    let update = begin(world, call.param("id"), cause, request, call.now)?;
    Ok(json!({"update_id": update, "request_id": uuid::Uuid::new_v4().to_string()}))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let pipeline = existing(world, call)?;
    let updates = pipeline.updates.iter().rev();
    let updates = updates.map(|update| Value::Object(update.view(&pipeline.id)));
    PAGES.answer(call, "updates", updates.collect())
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let pipeline = existing(world, call)?;
    let wanted = call.param("update");
    let update = pipeline.updates.iter().find(|update| update.id == wanted);
    let update = update.ok_or_else(|| {
        ApiError::missing(format!("The specified update {wanted} was not found."))
    })?;
    Ok(json!({"update": update.view(&pipeline.id)}))
}

/// Nothing to stop is not an error.
fn stop(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let pipeline = existing(world, call)?;
    if let Some(active) = pipeline.active() {
        active.enter(State::Stopping, call.now);
    }
    Ok(json!({}))
}
