//! MLflow experiments: `/api/2.0/mlflow/experiments`. Their name is their path in the workspace.
//!
//! There is no request that removes a tag, so a tag that shall be gone becomes empty, and an empty one counts as none.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{fills, only};
use super::listed::{id_text, millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::unity::compensable;
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
    tag_list,
};

/// MLflow experiments.
#[derive(Clone, Copy, Debug)]
pub struct Experiments;

const SETTABLE: &[&str] = &["artifact_location", "name", "tags", "trace_location"];

static PERMISSIONS: Permissions = Permissions {
    object_type: "experiments",
    levels: &["CAN_READ", "CAN_EDIT", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    tags_field: "tags",
    volatile: patterns(
        &["trace_location.uc_trace_location.effective_table_prefix"],
        &[],
    ),
    server_fills: fills(&[("artifact_location", false)], &[]),
    workspace_paths: patterns(&["name"], &[]),
    // The server lower-cases them; the Terraform provider compares them so (mlflow/resource_mlflow_experiment.go).
    lower_case: patterns(
        &[
            "trace_location.uc_trace_location.catalog",
            "trace_location.uc_trace_location.schema",
        ],
        &[],
    ),
    locations: patterns(&["artifact_location"], &[]),
    replace_on: patterns(&["artifact_location", "trace_location"], &[]),
    list_keys: &[("tags", "key")],
    field_order: &["name", "artifact_location", "tags"],
    ..Rules::default()
});

impl Kind for Experiments {
    fn name(&self) -> &'static str {
        "experiments"
    }

    fn singular(&self) -> &'static str {
        "experiment"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(&RULES.normalise(config), "name")
    }

    fn listing(&self) -> Listing {
        let query = [("view_type", "ACTIVE_ONLY"), ("max_results", "1000")];
        Listing::All(ListCall {
            query: query
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..ListCall::new(
                "/api/2.0/mlflow/experiments/list",
                "experiments",
                "experiment_id",
            )
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.0/mlflow/experiments/get", "experiment_id", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let answer = answer.get("experiment").unwrap_or(answer);
        let id = id_text(answer.get("experiment_id")).ok_or(ReadError {
            kind: "experiment",
            field: "experiment_id",
        })?;
        let tags = tag_list::as_map(answer.get("tags"));
        // A notebook's own experiment comes and goes with the notebook; a deleted one waits in the trash.
        let notebooks =
            tags.get("mlflow.experimentType").and_then(Value::as_str) == Some("NOTEBOOK");
        let deleted = answer.get("lifecycle_stage").and_then(Value::as_str) == Some("deleted");
        if notebooks || deleted {
            return Ok(None);
        }
        let mut config = as_map(&only(answer, SETTABLE));
        config.insert(
            "tags".to_owned(),
            tag_list::without_marker(answer.get("tags"), is_own),
        );
        let config = RULES.normalise(&Value::Object(config));
        Ok(Some(Listed {
            id,
            name: text(answer, "name").unwrap_or_default(),
            marker: tag_list::marker(answer.get("tags")),
            natural: text(&config, "name"),
            outputs: only(answer, &["artifact_location"]),
            config,
            creator: tags
                .get("mlflow.ownerEmail")
                .and_then(Value::as_str)
                .map(str::to_owned),
            created_at: millis(answer, "creation_time"),
            modified_at: millis(answer, "last_update_time"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = as_map(&only(config, SETTABLE));
        body.insert(
            "tags".to_owned(),
            tag_list::with_marker(config.get("tags"), marker),
        );
        Call::post(
            "/api/2.0/mlflow/experiments/create",
            Value::Object(body),
            false,
        )
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut calls = Vec::new();
        if self.natural(live) != self.natural(config) {
            calls.push(Call::post(
                "/api/2.0/mlflow/experiments/update",
                json!({ "experiment_id": id, "new_name": config.get("name") }),
                true,
            ));
        }
        let (set, gone) = tag_list::changes(live.get("tags"), config.get("tags"), marker);
        let gone = gone
            .into_iter()
            .map(|key| json!({ "key": key, "value": "" }));
        calls.extend(set.into_iter().chain(gone).map(|tag| {
            let mut body = as_map(&tag);
            body.insert("experiment_id".to_owned(), json!(id));
            Call::post(
                "/api/2.0/mlflow/experiments/set-experiment-tag",
                Value::Object(body),
                true,
            )
        }));
        calls
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::post(
            "/api/2.0/mlflow/experiments/delete",
            json!({ "experiment_id": id }),
            true,
        )]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("experiment_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => {
                compensable("its runs, unless it is restored from the trash within 30 days")
            }
        }
    }
}

/// Tags that MLflow writes for itself; the note is what a person wrote about the experiment.
fn is_own(key: &str, value: &Value) -> bool {
    value == "" || (key.starts_with("mlflow.") && key != "mlflow.note.content")
}
