//! Model serving endpoints. A new configuration serves when its states have gone by.

mod config;
mod routes;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::clock::{Pace, Progress};
use super::error::ApiError;
use super::table::object;

pub(crate) use routes::router;

/// One endpoint.
#[derive(Debug, Clone)]
struct Endpoint {
    id: String,
    name: String,
    creator: String,
    created: i64,
    updated: i64,
    /// What serves; `None` until the first configuration does.
    config: Option<Map<String, Value>>,
    /// What will serve, and since when it is on its way.
    pending: Option<(Map<String, Value>, Progress)>,
    version: u64,
    /// Tags, AI gateway and the like, as they are answered.
    more: Map<String, Value>,
}

/// All endpoints of a workspace by name.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    rows: BTreeMap<String, Endpoint>,
}

impl Endpoints {
    pub(crate) fn contains_id(&self, id: &str) -> bool {
        self.rows.values().any(|endpoint| endpoint.id == id)
    }

    fn get_mut(&mut self, name: &str, pace: Pace, now: i64) -> Result<&mut Endpoint, ApiError> {
        let endpoint = self.rows.get_mut(name).ok_or_else(|| {
            ApiError::missing(format!("Endpoint with name '{name}' does not exist."))
        })?;
        endpoint.advance(pace, now);
        Ok(endpoint)
    }
}

impl Endpoint {
    fn advance(&mut self, pace: Pace, now: i64) {
        if let Some((_, progress)) = &mut self.pending
            && progress.read(pace, now)
        {
            self.config = self.pending.take().map(|(config, _)| config);
        }
    }

    fn state(&self) -> Value {
        let ready = if self.config.is_some() {
            "READY"
        } else {
            "NOT_READY"
        };
        let update = if self.pending.is_some() {
            "IN_PROGRESS"
        } else {
            "NOT_UPDATING"
        };
        json!({"ready": ready, "config_update": update})
    }

    /// What a list answers; `config` only names what is served.
    fn short(&self) -> Value {
        let shown = self
            .config
            .as_ref()
            .or(self.pending.as_ref().map(|(config, _)| config));
        let mut view = self.common();
        if let Some(config) = shown {
            view.insert("config".into(), config::summary(config));
        }
        view.remove("email_notifications");
        view.remove("route_optimized");
        Value::Object(view)
    }

    fn view(&self) -> Value {
        let mut view = self.common();
        if let Some(config) = &self.config {
            view.insert("config".into(), config::output(config, "DEPLOYMENT_READY"));
        }
        if let Some((config, progress)) = &self.pending {
            let mut pending = config::output(config, "DEPLOYMENT_CREATING");
            pending["start_time"] = json!(progress.since());
            view.insert("pending_config".into(), pending);
        }
        view.insert("permission_level".into(), json!("CAN_MANAGE"));
        Value::Object(view)
    }

    fn common(&self) -> Map<String, Value> {
        let mut view = object(json!({
            "id": self.id,
            "name": self.name,
            "creator": self.creator,
            "creation_timestamp": self.created,
            "last_updated_timestamp": self.updated,
            "state": self.state(),
        }));
        super::table::overlay(&mut view, &self.more);
        view
    }
}
