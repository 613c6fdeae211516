//! Databricks apps: `/api/2.0/apps`. Names are unique in the workspace, and the paths want them.
//!
//! An app is an object with compute, and a deployment of source code on it. The second is a request of its own, after the
//! compute runs: see [`Kind::readiness`].

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{defaults, fills, only, references};
use super::listed::{rfc3339, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::unity::{changes, irreversible};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError, Readiness,
    Reversibility,
};

/// Databricks apps.
#[derive(Clone, Copy, Debug)]
pub struct Apps;

const SETTABLE: &[&str] = &[
    "budget_policy_id",
    "compute_max_instances",
    "compute_min_instances",
    "compute_size",
    "config",
    "description",
    "forward_user_access_token",
    "git_repository",
    "git_source",
    "name",
    "resources",
    "source_code_path",
    "telemetry_export_destinations",
    "usage_policy_id",
    "user_api_scopes",
];

/// The fields of a deployment.
const DEPLOYED: &[&str] = &["config", "git_source", "source_code_path"];

const ROOT: &str = "/api/2.0/apps";

static PERMISSIONS: Permissions = Permissions {
    object_type: "apps",
    levels: &["CAN_USE", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    volatile: patterns(
        &[
            "git_source.resolved_commit",
            "git_source.git_repository",
            "telemetry_export_destinations.*.state",
            // Output only (databricks/cli#6342).
            "resources.*.uc_securable.securable_kind",
        ],
        &[],
    ),
    defaults: defaults(&[("description", json!(""))], &[]),
    server_fills: fills(
        &[
            ("compute_size", true),
            ("compute_max_instances", false),
            ("compute_min_instances", false),
            ("forward_user_access_token", false),
        ],
        &[],
    ),
    // Named in the mask and left out of the app.
    given_back: patterns(
        &[
            "compute_size",
            "compute_max_instances",
            "compute_min_instances",
            "forward_user_access_token",
        ],
        &[],
    ),
    // Answers name the variables and leave their values out.
    write_only: patterns(&["config.env.*.value"], &[]),
    workspace_paths: patterns(&["source_code_path"], &[]),
    sets: patterns(&["user_api_scopes"], &[]),
    replace_on: patterns(&["name"], &[]),
    references: references(
        &[
            ("resources.*.experiment.experiment_id", "experiments"),
            ("resources.*.job.id", "jobs"),
            (
                "resources.*.serving_endpoint.name",
                "model_serving_endpoints",
            ),
            ("resources.*.sql_warehouse.id", "sql_warehouses"),
        ],
        &[],
    ),
    list_keys: &[("env", "name"), ("resources", "name")],
    field_order: &["name", "description", "source_code_path", "config"],
    ..Rules::default()
});

impl Kind for Apps {
    fn name(&self) -> &'static str {
        "apps"
    }

    fn singular(&self) -> &'static str {
        "app"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("page_size".to_owned(), "100".to_owned())],
            ..ListCall::new(ROOT, "apps", "name")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let name = text(answer, "name").ok_or(ReadError {
            kind: "app",
            field: "name",
        })?;
        // It is shown for up to twenty minutes after it was removed (databricks/cli, bundle/direct/dresources/app.go).
        if compute(answer) == Some("DELETING") {
            return Ok(None);
        }
        let mut config = as_map(&only(answer, SETTABLE));
        for field in DEPLOYED {
            config.remove(*field);
        }
        // While a deployment is on its way, what was asked for counts. The app itself says where the last one came from.
        let place = text(answer, "default_source_code_path");
        let deployed = match answer
            .get("pending_deployment")
            .filter(|coming| is_coming(coming))
        {
            Some(coming) => Some(deployed(coming, None)),
            None => answer
                .get("active_deployment")
                .map(|active| deployed(active, place)),
        };
        config.extend(deployed.unwrap_or_default());
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: None,
            config: RULES.normalise(&Value::Object(config)),
            outputs: only(
                answer,
                &[
                    "service_principal_client_id",
                    "service_principal_id",
                    "service_principal_name",
                    "url",
                ],
            ),
            creator: text(answer, "creator"),
            created_at: rfc3339(answer, "create_time"),
            modified_at: rfc3339(answer, "update_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(ROOT, only(config, &of_the_app(true)), false)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        deploy(id, config).into_iter().collect()
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut changed = changes(&RULES, &of_the_app(false), live, config);
        if !changed.is_empty() {
            let mask: Vec<&str> = changed.keys().map(String::as_str).collect();
            let mask = mask.join(",");
            changed.retain(|_, value| !value.is_null());
            calls.push(Call::with_body(
                Method::Post,
                format!("{ROOT}/{id}/update"),
                json!({ "update_mask": mask, "app": changed }),
                true,
            ));
        }
        if !changes(&RULES, DEPLOYED, live, config).is_empty() {
            calls.extend(deploy(id, config));
        }
        calls
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "name")
    }

    fn follow(&self, id: &str, call: &Call, answer: &Value) -> Option<Call> {
        let one = format!("{ROOT}/{id}");
        // A deployment that failed leaves no trace in the app: the one before goes on running.
        if call.path == format!("{one}/deployments") {
            let deployment = text(answer, "deployment_id")?;
            return Some(Call::plain(
                Method::Get,
                format!("{one}/deployments/{deployment}"),
            ));
        }
        (call.path == format!("{one}/update")).then(|| Call::plain(Method::Get, &call.path))
    }

    fn passing(&self, message: &str) -> bool {
        message.contains("deployment in progress")
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        if let Some(status) = answer.get("status") {
            return progress(status);
        }
        match compute(answer) {
            Some("ACTIVE") => {}
            // Somebody stopped it, and starts it when they want it.
            Some("STOPPED") => return Readiness::Ready,
            Some(failed @ ("ERROR" | "DELETING")) => {
                let message = answer.pointer("/compute_status/message");
                let message = message.and_then(Value::as_str).unwrap_or_default();
                return Readiness::Failed(format!("{failed} {message}").trim_end().to_owned());
            }
            other => return Readiness::Pending(other.unwrap_or("STARTING").to_owned()),
        }
        let deployments = ["/pending_deployment/status", "/active_deployment/status"];
        let mut said = deployments.iter().filter_map(|at| answer.pointer(at));
        said.find_map(|status| match progress(status) {
            Readiness::Ready => None,
            other => Some(other),
        })
        .unwrap_or(Readiness::Ready)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let gone =
            irreversible("its service principal with what was granted to it, and its address");
        super::unity::reversibility(change, gone)
    }
}

/// The state of its compute.
fn compute(answer: &Value) -> Option<&str> {
    answer.pointer("/compute_status/state")?.as_str()
}

/// The fields of the object itself; a PATCH does not say the name again.
fn of_the_app(with_name: bool) -> Vec<&'static str> {
    SETTABLE
        .iter()
        .copied()
        .filter(|field| !DEPLOYED.contains(field) && (with_name || *field != "name"))
        .collect()
}

/// Whether a deployment goes on still.
fn is_coming(deployment: &Value) -> bool {
    let state = deployment.pointer("/status/state");
    state.and_then(Value::as_str) == Some("IN_PROGRESS")
}

/// What the status of a deployment, or of an update of the app, says.
fn progress(status: &Value) -> Readiness {
    match status.get("state").and_then(Value::as_str) {
        Some("SUCCEEDED" | "NOT_UPDATED") => Readiness::Ready,
        Some(state @ ("FAILED" | "STOPPED" | "CANCELLED")) => {
            let message = status.get("message").and_then(Value::as_str);
            let words = format!("{state} {}", message.unwrap_or_default());
            Readiness::Failed(words.trim_end().to_owned())
        }
        state => Readiness::Pending(state.unwrap_or("IN_PROGRESS").to_owned()),
    }
}

/// What runs, in the form of a config. The path in a deployment may be a snapshot's; `place` is where that came from.
fn deployed(deployment: &Value, place: Option<String>) -> Map<String, Value> {
    let mut config = as_map(&only(deployment, &["git_source"]));
    if let Some(path) = place.or_else(|| text(deployment, "source_code_path")) {
        config.insert("source_code_path".to_owned(), json!(path));
    }
    let names = deployment.get("env_vars").and_then(Value::as_array);
    let env: Vec<Value> = names
        .into_iter()
        .flatten()
        .map(|variable| only(variable, &["name", "value_from"]))
        .collect();
    let mut how = as_map(&only(deployment, &["command"]));
    how.insert("env".to_owned(), json!(env));
    config.insert("config".to_owned(), Value::Object(how));
    config
}

/// The deployment that `config` asks for; none without source code. A second one replaces the first and harms nothing.
fn deploy(id: &str, config: &Value) -> Option<Call> {
    let mut body = as_map(&only(config, &["git_source", "source_code_path"]));
    if body.is_empty() {
        return None;
    }
    if let Some(git) = body.get_mut("git_source").and_then(Value::as_object_mut) {
        // Belongs to the app itself; refused here.
        git.remove("git_repository");
    }
    body.insert("mode".to_owned(), json!("SNAPSHOT"));
    let how = config.get("config").unwrap_or(&Value::Null);
    for (field, deployed) in [("command", "command"), ("env", "env_vars")] {
        if let Some(value) = how.get(field) {
            body.insert(deployed.to_owned(), value.clone());
        }
    }
    Some(Call::with_body(
        Method::Post,
        format!("{ROOT}/{id}/deployments"),
        Value::Object(body),
        true,
    ))
}
