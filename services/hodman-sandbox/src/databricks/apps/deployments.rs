//! Deployments of an app's source code.

use axum::Router;
use serde_json::{Map, Value, json};

use super::Compute;
use super::routes::{ROOT, existing};
use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::clock::{Pace, Progress};
use crate::databricks::error::ApiError;
use crate::databricks::paging::{PAGES, iso};
use crate::databricks::table::{fill, object, overlay};
use crate::databricks::world::World;

/// One deployment.
#[derive(Debug, Clone)]
pub(super) struct Deployment {
    id: String,
    state: &'static str,
    message: String,
    progress: Progress,
    /// Why it will fail, when it will.
    fault: Option<String>,
    creator: String,
    created: i64,
    updated: i64,
    request: Map<String, Value>,
}

impl Deployment {
    pub(super) fn in_progress(&self) -> bool {
        self.state == "IN_PROGRESS"
    }

    pub(super) fn succeeded(&self) -> bool {
        self.state == "SUCCEEDED"
    }

    pub(super) fn source_code_path(&self) -> Option<&str> {
        self.request.get("source_code_path").and_then(Value::as_str)
    }

    pub(super) fn advance(&mut self, pace: Pace, now: i64) {
        if !self.in_progress() || !self.progress.read(pace, now) {
            return;
        }
        self.updated = now;
        match self.fault.take() {
            Some(fault) => {
                self.state = "FAILED";
                self.message = fault;
            }
            None => {
                self.state = "SUCCEEDED";
                "App started successfully".clone_into(&mut self.message);
            }
        }
    }

    pub(super) fn view(&self) -> Value {
        let mut view = self.request.clone();
        let path = self.source_code_path().unwrap_or_default();
        let more = object(json!({
            "deployment_id": self.id,
            "creator": self.creator,
            "create_time": iso(self.created),
            "update_time": iso(self.updated),
            "status": {"state": self.state, "message": self.message},
            "deployment_artifacts": {"source_code_path": format!("{path}/.artifacts/{}", self.id)},
        }));
        overlay(&mut view, &more);
        Value::Object(view)
    }
}

pub(super) fn router() -> Router<Shared<World>> {
    let all = format!("{ROOT}/{{name}}/deployments");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(deploy))
        .route(&format!("{all}/{{deployment}}"), get(show))
}

/// One at a time, and only while the compute is up. Source code that is not there fails the deployment, not the call.
fn deploy(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let app = existing(world, call)?;
    let refused = |message: String| ApiError::new(400, "BAD_REQUEST", message);
    if app.compute != Compute::Active {
        return Err(refused(format!(
            "Cannot deploy app {} as it is not in ACTIVE state. Current state: {}.",
            app.name,
            app.compute.name()
        )));
    }
    if app.pending_deployment().is_some() {
        return Err(ApiError::conflict(format!(
            "Cannot deploy app {} as there is an active deployment in progress.",
            app.name
        )));
    }
    let before = app
        .active_deployment()
        .and_then(Deployment::source_code_path)
        .map(str::to_owned);
    let mut request = call.body.clone();
    if let Some(path) = before {
        fill(&mut request, "source_code_path", json!(path));
    }
    fill(&mut request, "mode", json!("SNAPSHOT"));
    let path = request.get("source_code_path").and_then(Value::as_str);
    let fault = match path {
        None if request.contains_key("git_source") => None,
        None => {
            return Err(refused(
                "Missing required field: source_code_path".to_owned(),
            ));
        }
        Some(path) => world
            .files
            .get(path)
            .is_err()
            .then(|| format!("Source code path {path} does not exist.")),
    };
    let fault = world.jobs.failing.remove(call.param("name")).or(fault);
    let deployment = Deployment {
        id: uuid::Uuid::new_v4().simple().to_string(),
        state: "IN_PROGRESS",
        message: "Deploying source code".to_owned(),
        progress: Progress::start(call.now),
        fault,
        creator: call.caller.login.clone(),
        created: call.now,
        updated: call.now,
        request,
    };
    let view = deployment.view();
    existing(world, call)?.deployments.push(deployment);
    Ok(view)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let wanted = call.param("deployment");
    let app = existing(world, call)?;
    let found = app
        .deployments
        .iter()
        .find(|deployment| deployment.id == wanted);
    found.map(Deployment::view).ok_or_else(|| {
        ApiError::missing(format!(
            "Deployment {wanted} of app {} does not exist.",
            app.name
        ))
    })
}

/// Newest first.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let app = existing(world, call)?;
    let all = app.deployments.iter().rev().map(Deployment::view).collect();
    PAGES.answer(call, "app_deployments", all)
}
