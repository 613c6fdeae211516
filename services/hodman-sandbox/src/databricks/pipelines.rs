//! Pipelines: their settings, and updates that go through their states at the sandbox's pace.

mod events;
mod routes;
mod settings;
mod updates;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::Shared;
use super::clock::Pace;
use super::error::ApiError;
use super::world::World;
use updates::{State, Update};

/// One pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) id: String,
    /// With the service's defaults, as `spec` shows it.
    pub(crate) spec: Map<String, Value>,
    pub(crate) creator: String,
    /// `run_as` as it was given.
    run_as: Option<Value>,
    /// Milliseconds since 1970.
    modified: i64,
    /// Oldest first.
    updates: Vec<Update>,
    events: Vec<Value>,
}

/// All pipelines of a workspace by id.
#[derive(Debug, Default)]
pub(crate) struct Pipelines {
    rows: BTreeMap<String, Pipeline>,
}

impl Pipelines {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    fn get_mut(&mut self, id: &str) -> Result<&mut Pipeline, ApiError> {
        self.rows
            .get_mut(id)
            .ok_or_else(|| ApiError::missing(format!("The specified pipeline {id} was not found.")))
    }

    /// Refuses a second pipeline of this name.
    fn must_be_unique(&self, name: &str, except: Option<&str>) -> Result<(), ApiError> {
        let taken = self
            .rows
            .values()
            .any(|other| other.name() == name && Some(other.id.as_str()) != except);
        if taken {
            return Err(ApiError::conflict(format!(
                "The pipeline name '{name}' is already used by another pipeline. This check can be skipped by setting \
                 `allow_duplicate_names = true` in the request."
            )));
        }
        Ok(())
    }
}

impl Pipeline {
    pub(crate) fn name(&self) -> &str {
        self.spec
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Login its updates act as.
    fn run_as(&self) -> &str {
        ["user_name", "service_principal_name"]
            .iter()
            .find_map(|key| self.run_as.as_ref()?.get(key)?.as_str())
            .unwrap_or(&self.creator)
    }

    /// Brings its updates to where they are now.
    fn advance(&mut self, pace: Pace, now: i64) {
        let continuous = self.spec.get("continuous") == Some(&json!(true));
        for update in &mut self.updates {
            for state in update.advance(continuous, pace, now) {
                self.events
                    .push(events::progress(&self.id, update, state, now));
            }
        }
    }

    /// The update that is under way.
    fn active(&mut self) -> Option<&mut Update> {
        self.updates
            .last_mut()
            .filter(|update| !update.state.ended())
    }

    /// `state` of the pipeline, which follows from its latest update.
    fn state(&self) -> &'static str {
        match self.updates.last().map(|update| update.state) {
            None | Some(State::Completed | State::Canceled) => "IDLE",
            Some(State::Failed) => "FAILED",
            Some(State::Stopping) => "STOPPING",
            Some(State::Created | State::WaitingForResources | State::Initializing) => "STARTING",
            Some(State::SettingUpTables | State::Running) => "RUNNING",
        }
    }

    /// Newest first, at most five.
    fn latest_updates(&self) -> Vec<Value> {
        self.updates
            .iter()
            .rev()
            .take(5)
            .map(Update::short)
            .collect()
    }

    /// What the list answers of it: all but the settings.
    fn status(&self) -> Map<String, Value> {
        let mut view = super::table::object(json!({
            "pipeline_id": self.id,
            "state": self.state(),
            "name": self.name(),
            "creator_user_name": self.creator,
            "run_as_user_name": self.run_as(),
        }));
        if !self.updates.is_empty() {
            view.insert("latest_updates".into(), json!(self.latest_updates()));
            let health = if self.state() == "FAILED" {
                "UNHEALTHY"
            } else {
                "HEALTHY"
            };
            view.insert("health".into(), json!(health));
        }
        view
    }

    fn view(&self) -> Map<String, Value> {
        let mut view = self.status();
        view.insert("spec".into(), json!(self.spec));
        view.insert("last_modified".into(), json!(self.modified));
        if let Some(run_as) = &self.run_as {
            view.insert("run_as".into(), run_as.clone());
        }
        if self.spec.contains_key("schema") {
            view.insert(
                "effective_publishing_mode".into(),
                json!("DEFAULT_PUBLISHING_MODE"),
            );
        }
        view
    }
}

pub(crate) fn router() -> Router<Shared<World>> {
    routes::router().merge(updates::router())
}
