//! Databricks apps: compute, deployments of source code, and a service principal for each.

mod deployments;
mod routes;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::Shared;
use super::clock::{Pace, Progress};
use super::error::ApiError;
use super::paging::iso;
use super::table::{object, overlay};
use super::world::World;
use deployments::Deployment;

/// `compute_status.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compute {
    Starting,
    Active,
    Stopping,
    Stopped,
    Deleting,
    /// Not there any more.
    Gone,
}

impl Compute {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Active => "ACTIVE",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
            Self::Deleting | Self::Gone => "DELETING",
        }
    }

    /// The state that follows by itself.
    fn next(self) -> Option<Self> {
        match self {
            Self::Starting => Some(Self::Active),
            Self::Stopping => Some(Self::Stopped),
            Self::Deleting => Some(Self::Gone),
            Self::Active | Self::Stopped | Self::Gone => None,
        }
    }
}

/// One app.
#[derive(Debug, Clone)]
struct App {
    id: String,
    name: String,
    url: String,
    creator: String,
    updater: String,
    created: i64,
    updated: i64,
    compute: Compute,
    progress: Progress,
    /// SCIM id and application id of its service principal.
    principal: (u64, String),
    /// What a caller may set, as it was given.
    settings: Map<String, Value>,
    /// Oldest first.
    deployments: Vec<Deployment>,
}

/// All apps of a workspace by name.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    /// Whether those that were deleted are shown until somebody says otherwise: the service takes up to twenty minutes.
    pub(crate) deleted_stay: bool,
    rows: BTreeMap<String, App>,
}

impl Apps {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.rows.contains_key(name)
    }

    fn get_mut(&mut self, name: &str) -> Result<&mut App, ApiError> {
        self.rows.get_mut(name).ok_or_else(|| {
            ApiError::missing(format!(
                "App with name {name} does not exist or is deleted."
            ))
        })
    }
}

impl App {
    fn enter(&mut self, compute: Compute, now: i64) {
        self.compute = compute;
        self.progress = Progress::start(now);
    }

    fn advance(&mut self, pace: Pace, now: i64, deleted_stay: bool) {
        while let Some(next) = self.compute.next() {
            if deleted_stay && self.compute == Compute::Deleting || !self.progress.read(pace, now) {
                break;
            }
            self.enter(next, now);
        }
        for deployment in &mut self.deployments {
            deployment.advance(pace, now);
        }
    }

    fn active_deployment(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .rfind(|deployment| deployment.succeeded())
    }

    fn pending_deployment(&self) -> Option<&Deployment> {
        self.deployments
            .last()
            .filter(|deployment| deployment.in_progress())
    }

    /// State and text of the app itself.
    fn status(&self) -> (&'static str, &'static str) {
        if self.compute != Compute::Active {
            return ("UNAVAILABLE", "App status is unavailable.");
        }
        match (self.pending_deployment(), self.active_deployment()) {
            (Some(_), _) => ("DEPLOYING", "App is being deployed."),
            (None, Some(_)) => ("RUNNING", "App has status: App is running"),
            (None, None) => (
                "UNAVAILABLE",
                "App has not been deployed yet. Run your app by deploying source code",
            ),
        }
    }

    fn view(&self) -> Value {
        let (state, message) = self.status();
        let mut view = self.settings.clone();
        let (principal_id, client_id) = &self.principal;
        let more = object(json!({
            "name": self.name,
            "id": self.id,
            "url": self.url,
            "creator": self.creator,
            "updater": self.updater,
            "create_time": iso(self.created),
            "update_time": iso(self.updated),
            "app_status": {"state": state, "message": message},
            "compute_status": {
                "state": self.compute.name(),
                "message": format!("App compute is {}.", self.compute.name().to_lowercase()),
            },
            "service_principal_id": principal_id,
            "service_principal_client_id": client_id,
            "service_principal_name": format!("app-{} {}", &self.id[..6], self.name),
        }));
        overlay(&mut view, &more);
        say_kinds(&mut view);
        super::table::fill(&mut view, "description", json!(""));
        super::table::fill(&mut view, "compute_size", json!("MEDIUM"));
        if let Some(active) = self.active_deployment() {
            view.insert("active_deployment".into(), active.view());
            view.insert(
                "default_source_code_path".into(),
                json!(active.source_code_path()),
            );
        }
        if let Some(pending) = self.pending_deployment() {
            view.insert("pending_deployment".into(), pending.view());
        }
        Value::Object(view)
    }
}

/// Answers say what kind of table a resource is.
fn say_kinds(view: &mut Map<String, Value>) {
    let resources = view.get_mut("resources").and_then(Value::as_array_mut);
    for resource in resources.into_iter().flatten() {
        let securable = resource.get_mut("uc_securable");
        if let Some(Value::Object(securable)) = securable
            && securable.get("securable_type") == Some(&json!("TABLE"))
        {
            securable.insert("securable_kind".into(), json!("TABLE_DELTA"));
        }
    }
}

pub(crate) fn router() -> Router<Shared<World>> {
    routes::router().merge(deployments::router())
}
