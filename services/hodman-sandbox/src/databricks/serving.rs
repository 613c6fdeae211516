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
    /// What will serve, or would have.
    pending: Option<Pending>,
    version: u64,
    /// Tags, AI gateway and the like, as they are answered.
    more: Map<String, Value>,
}

/// A configuration on its way.
#[derive(Debug, Clone)]
struct Pending {
    config: Map<String, Value>,
    /// Since when.
    progress: Progress,
    /// Why it will fail, when it will.
    fault: Option<String>,
    /// Whether it did.
    failed: bool,
}

impl Pending {
    fn new(config: Map<String, Value>, now: i64, fault: Option<String>) -> Self {
        Self {
            config,
            progress: Progress::start(now),
            fault,
            failed: false,
        }
    }
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
        let Some(pending) = &mut self.pending else {
            return;
        };
        if pending.failed || !pending.progress.read(pace, now) {
            return;
        }
        if pending.fault.is_some() {
            pending.failed = true;
        } else {
            self.config = self.pending.take().map(|pending| pending.config);
        }
    }

    fn is_updating(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| !pending.failed)
    }

    fn state(&self) -> Value {
        let ready = if self.config.is_some() {
            "READY"
        } else {
            "NOT_READY"
        };
        let update = match &self.pending {
            Some(pending) if pending.failed => "UPDATE_FAILED",
            Some(_) => "IN_PROGRESS",
            None => "NOT_UPDATING",
        };
        json!({"ready": ready, "config_update": update})
    }

    /// What a list answers; `config` only names what is served.
    fn short(&self) -> Value {
        let shown = self
            .config
            .as_ref()
            .or(self.pending.as_ref().map(|pending| &pending.config));
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
            let config = config::output(config, "DEPLOYMENT_READY", "");
            view.insert("config".into(), config);
        }
        if let Some(coming) = &self.pending {
            let (state, message) = match &coming.fault {
                Some(fault) if coming.failed => ("DEPLOYMENT_FAILED", fault.as_str()),
                _ => ("DEPLOYMENT_CREATING", ""),
            };
            let mut pending = config::output(&coming.config, state, message);
            pending["start_time"] = json!(coming.progress.since());
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
