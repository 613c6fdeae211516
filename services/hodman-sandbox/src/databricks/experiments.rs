//! MLflow: experiments, which have a place in the tree, and the workspace's own model registry.

mod models;
mod routes;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Value, json};

use super::call::Shared;
use super::error::ApiError;
use super::world::World;

/// One experiment.
#[derive(Debug, Clone)]
struct Experiment {
    /// The id of its place in the tree.
    id: u64,
    /// Absolute path.
    name: String,
    artifact_location: String,
    /// Where its traces go, with names in lower case.
    trace_location: Option<Value>,
    tags: BTreeMap<String, String>,
    created: i64,
    updated: i64,
    deleted: bool,
}

/// All experiments of a workspace by id.
#[derive(Debug, Default)]
pub(crate) struct Experiments {
    rows: BTreeMap<u64, Experiment>,
}

impl Experiments {
    pub(crate) fn contains(&self, id: u64) -> bool {
        self.rows.contains_key(&id)
    }

    /// Its place was deleted in the tree.
    pub(crate) fn lost(&mut self, id: u64) {
        if let Some(experiment) = self.rows.get_mut(&id) {
            experiment.deleted = true;
        }
    }

    fn get_mut(&mut self, id: u64) -> Result<&mut Experiment, ApiError> {
        self.rows
            .get_mut(&id)
            .ok_or_else(|| ApiError::missing(format!("Could not find experiment with ID {id}")))
    }
}

impl Experiment {
    fn view(&self) -> Value {
        let tags: Vec<Value> = self
            .tags
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        let mut view = json!({
            "experiment_id": self.id.to_string(),
            "name": self.name,
            "artifact_location": self.artifact_location,
            "lifecycle_stage": if self.deleted { "deleted" } else { "active" },
            "creation_time": self.created,
            "last_update_time": self.updated,
            "tags": tags,
        });
        if let Some(place) = &self.trace_location {
            view["trace_location"] = place.clone();
        }
        view
    }
}

pub(crate) fn router() -> Router<Shared<World>> {
    routes::router().merge(models::router())
}
