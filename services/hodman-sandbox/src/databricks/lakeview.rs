//! AI/BI dashboards: a draft with its place in the tree, and what was published of it.

mod content;
mod published;
mod routes;
mod schedules;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::Shared;
use super::error::ApiError;
use super::paging::iso;
use super::world::World;

/// One dashboard.
#[derive(Debug, Clone)]
struct Dashboard {
    id: String,
    name: String,
    /// Folder it stands in, as it was when it was made.
    parent: String,
    /// Its JSON as the service writes it.
    content: String,
    warehouse: Option<String>,
    created: i64,
    updated: i64,
    version: u64,
    trashed: bool,
    published: Option<Published>,
    schedules: BTreeMap<String, Map<String, Value>>,
}

#[derive(Debug, Clone)]
struct Published {
    name: String,
    content: String,
    warehouse: Option<String>,
    embed_credentials: bool,
    at: i64,
}

/// All dashboards of a workspace by id.
#[derive(Debug, Default)]
pub(crate) struct Dashboards {
    rows: BTreeMap<String, Dashboard>,
}

impl Dashboards {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    /// Its file was deleted in the tree.
    pub(crate) fn lost(&mut self, id: &str) {
        if let Some(dashboard) = self.rows.get_mut(id) {
            dashboard.trashed = true;
            dashboard.published = None;
        }
    }

    fn get(&self, id: &str) -> Result<&Dashboard, ApiError> {
        self.rows.get(id).ok_or_else(|| absent(id))
    }

    fn get_mut(&mut self, id: &str) -> Result<&mut Dashboard, ApiError> {
        self.rows.get_mut(id).ok_or_else(|| absent(id))
    }

    /// One that is not in the trash.
    fn active(&mut self, id: &str) -> Result<&mut Dashboard, ApiError> {
        let dashboard = self.get_mut(id)?;
        if dashboard.trashed {
            return Err(ApiError::state(format!("Dashboard {id} is in the trash.")));
        }
        Ok(dashboard)
    }
}

fn absent(id: &str) -> ApiError {
    ApiError::missing(format!("Unable to find dashboard [dashboardId={id}]"))
}

impl Dashboard {
    /// Path of its file.
    fn path(&self) -> String {
        format!(
            "{}/{}.lvdash.json",
            self.parent.trim_end_matches('/'),
            self.name
        )
    }

    fn state(&self) -> &'static str {
        if self.trashed { "TRASHED" } else { "ACTIVE" }
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "dashboard_id": self.id,
            "display_name": self.name,
            "parent_path": self.parent,
            "path": self.path(),
            "serialized_dashboard": self.content,
            "lifecycle_state": self.state(),
            "create_time": iso(self.created),
            "update_time": iso(self.updated),
            "etag": self.etag(),
        });
        if let Some(warehouse) = &self.warehouse {
            view["warehouse_id"] = json!(warehouse);
        }
        view
    }

    /// What a list shows of it.
    fn short(&self) -> Value {
        let mut view = json!({
            "dashboard_id": self.id,
            "display_name": self.name,
            "lifecycle_state": self.state(),
            "create_time": iso(self.created),
        });
        if let Some(warehouse) = &self.warehouse {
            view["warehouse_id"] = json!(warehouse);
        }
        view
    }

    /// Changes with every change of the draft.
    fn etag(&self) -> String {
        (80_611_980 + self.version).to_string()
    }

    fn changed(&mut self, now: i64) {
        self.updated = now;
        self.version += 1;
    }
}

pub(crate) fn router() -> Router<Shared<World>> {
    routes::router()
        .merge(published::router())
        .merge(schedules::router())
}
