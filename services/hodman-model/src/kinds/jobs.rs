//! Jobs: `/api/2.2/jobs`. Names are not unique, and `create` has no idempotency key: the marker tag is what finds a
//! job again after an unclear answer.

mod rules;

use serde_json::{Map, Value, json};

use super::listed::{id_text, millis, text};
use super::permissions::{self, Permissions};
use super::rules::{Rules, as_map};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
};
use rules::RULES;

/// Jobs.
#[derive(Clone, Copy, Debug)]
pub struct Jobs;

static PERMISSIONS: Permissions = Permissions {
    object_type: "jobs",
    levels: &["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"],
    one_owner: true,
    id_output: None,
};

impl Kind for Jobs {
    fn name(&self) -> &'static str {
        "jobs"
    }

    fn singular(&self) -> &'static str {
        "job"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("limit".to_owned(), "100".to_owned())],
            whole: false,
            paged_fields: &["tasks", "job_clusters", "environments", "parameters"],
            ..ListCall::new("/api/2.2/jobs/list", "jobs", "job_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.2/jobs/get", "job_id", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError { kind: "job", field };
        let id = id_text(answer.get("job_id")).ok_or(missing("job_id"))?;
        let settings = answer
            .get("settings")
            .filter(|settings| settings.is_object())
            .ok_or(missing("settings"))?;
        Ok(Some(Listed {
            id,
            name: text(settings, "name").unwrap_or_default(),
            marker: Marker::from_tags(settings.get("tags")),
            natural: None,
            config: RULES.normalised(with_queue(settings, false)),
            outputs: outputs(answer, settings),
            creator: text(answer, "creator_user_name"),
            created_at: millis(answer, "created_time"),
            modified_at: millis(answer, "modified_time"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = sent(config);
        marker.write(&mut body, "tags");
        Call::post("/api/2.2/jobs/create", Value::Object(body), false)
    }

    fn create_takes_permissions(&self) -> bool {
        true
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut settings = sent(config);
        marker.write(&mut settings, "tags");
        // `reset`, not `update`: the latter keeps fields and tasks that are gone from the bundle.
        vec![Call::post(
            "/api/2.2/jobs/reset",
            json!({ "job_id": job_id(id), "new_settings": settings }),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::post(
            "/api/2.2/jobs/delete",
            json!({ "job_id": job_id(id) }),
            true,
        )]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("job_id"))
    }

    fn activity(&self, id: &str) -> Option<Call> {
        Some(
            Call::get("/api/2.2/jobs/runs/list", "job_id", id)
                .and_query("active_only", "true")
                .and_query("limit", "25"),
        )
    }

    fn busy(&self, answer: &Value) -> Vec<String> {
        let runs = answer.get("runs").and_then(Value::as_array);
        runs.into_iter()
            .flatten()
            .filter_map(|run| Some(format!("run {}", id_text(run.get("run_id"))?)))
            .collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            // Runs in progress keep the settings they started with.
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id and its run history".to_owned(),
            },
        }
    }
}

/// What is known of a job besides its settings: whose deployment it is, and whom it runs as where the settings, for
/// which `run_as` is a field to write only, do not say it. As a field for whoever compares it, as a name where it is not the
/// creator for whoever tells people.
fn outputs(answer: &Value, settings: &Value) -> Value {
    let mut outputs = as_map(&deployed_by(settings));
    let unsaid = settings.get("run_as").is_none_or(Value::is_null);
    if let Some(name) = text(answer, "run_as_user_name").filter(|_| unsaid) {
        let field = match permissions::is_application_id(&name) {
            true => "service_principal_name",
            false => "user_name",
        };
        outputs.insert("run_as".to_owned(), json!({ field: name }));
        if text(answer, "creator_user_name").as_ref() != Some(&name) {
            outputs.insert("runs_as".to_owned(), json!(name));
        }
    }
    match outputs.is_empty() {
        true => Value::Null,
        false => Value::Object(outputs),
    }
}

/// Settings as a request carries them. Whether a job that says nothing of it queues its runs depends on the version of the API
/// and on what the job was before; the Databricks CLI says that it does, and so do we.
fn sent(config: &Value) -> Map<String, Value> {
    as_map(&with_queue(&RULES.as_sent(config), true))
}

/// `settings` that say whether runs are queued.
fn with_queue(settings: &Value, unless_said: bool) -> Value {
    let mut settings = settings.clone();
    if settings
        .pointer("/queue/enabled")
        .is_none_or(Value::is_null)
        && let Value::Object(map) = &mut settings
    {
        map.insert("queue".to_owned(), json!({ "enabled": unless_said }));
    }
    settings
}

/// What a bundle's deployment says about itself: the sign that somebody else still writes to the job.
pub(super) fn deployed_by(settings: &Value) -> Value {
    if settings.pointer("/deployment/kind").and_then(Value::as_str) != Some("BUNDLE") {
        return Value::Null;
    }
    let locked = settings.get("edit_mode").and_then(Value::as_str) == Some("UI_LOCKED");
    let closed = if locked {
        ", closed to edits in the page"
    } else {
        ""
    };
    json!({ "deployed_by": format!("deployed by a bundle{closed}") })
}

/// Job ids are 64-bit numbers in the API.
fn job_id(id: &str) -> Value {
    id.parse::<u64>()
        .map_or_else(|_| json!(id), |number| json!(number))
}
