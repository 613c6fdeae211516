//! Vector search endpoints: `/api/2.0/vector-search/endpoints`. Names are unique in the workspace, and the paths want them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{defaults, fills, only};
use super::listed::{millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::unity::{changes, compensable};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError, Readiness,
    Reversibility,
};
use crate::field_path::PathSegment;
use crate::plan::FieldChange;

/// Vector search endpoints.
#[derive(Clone, Copy, Debug)]
pub struct VectorSearchEndpoints;

const SETTABLE: &[&str] = &[
    "budget_policy_id",
    "endpoint_type",
    "name",
    "target_qps",
    "usage_policy_id",
];

const ROOT: &str = "/api/2.0/vector-search/endpoints";

const USAGE_POLICY: &str = "usage_policy_id";

static PERMISSIONS: Permissions = Permissions {
    object_type: "vector-search-endpoints",
    levels: &["CAN_CREATE", "CAN_USE", "CAN_MANAGE"],
    one_owner: false,
    id_output: Some("endpoint_uuid"),
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    // The API never tells it, and takes it once.
    write_only: patterns(&[USAGE_POLICY], &[]),
    open: true,
    defaults: defaults(&[("endpoint_type", json!("STANDARD"))], &[]),
    server_fills: fills(&[("budget_policy_id", false), ("target_qps", false)], &[]),
    replace_on: patterns(&["name", "endpoint_type"], &[]),
    field_order: &["name", "endpoint_type"],
    ..Rules::default()
});

impl Kind for VectorSearchEndpoints {
    fn name(&self) -> &'static str {
        "vector_search_endpoints"
    }

    fn singular(&self) -> &'static str {
        "vector_search_endpoint"
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
        Listing::All(ListCall::new(ROOT, "endpoints", "name"))
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let name = text(answer, "name").ok_or(ReadError {
            kind: "vector_search_endpoint",
            field: "name",
        })?;
        let mut config = as_map(&only(answer, SETTABLE));
        if let Some(qps) = answer.pointer("/scaling_info/requested_target_qps") {
            config.insert("target_qps".to_owned(), qps.clone());
        }
        let mut outputs = Map::new();
        if let Some(id) = text(answer, "id") {
            outputs.insert("endpoint_uuid".to_owned(), json!(id));
        }
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: None,
            config: RULES.normalise(&Value::Object(config)),
            outputs: Value::Object(outputs),
            creator: text(answer, "creator"),
            created_at: millis(answer, "creation_timestamp"),
            modified_at: millis(answer, "last_updated_timestamp"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let mut body = as_map(&only(config, SETTABLE));
        body.entry("endpoint_type")
            .or_insert_with(|| json!("STANDARD"));
        Call::post(ROOT, Value::Object(body), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        [("budget_policy_id", "/budget-policy"), ("target_qps", "")]
            .into_iter()
            .filter_map(|(field, part)| {
                let body = changes(&RULES, &[field], live, config);
                let path = format!("{ROOT}/{id}{part}");
                (!body.is_empty())
                    .then(|| Call::with_body(Method::Patch, path, Value::Object(body), true))
            })
            .collect()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "name")
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        let state = answer.pointer("/endpoint_status/state");
        match state.and_then(Value::as_str) {
            Some("ONLINE" | "YELLOW_STATE") => Readiness::Ready,
            Some(state @ ("OFFLINE" | "RED_STATE" | "DELETED")) => {
                let message = answer.pointer("/endpoint_status/message");
                let message = message.and_then(Value::as_str).unwrap_or_default();
                Readiness::Failed(format!("{state} {message}").trim_end().to_owned())
            }
            state => Readiness::Pending(state.unwrap_or("PROVISIONING").to_owned()),
        }
    }

    fn refuses(&self, _live: &Value, changes: &[FieldChange]) -> Vec<String> {
        let is_policy = |change: &FieldChange| matches!(change.path.0.first(), Some(PathSegment::Key(key)) if key == USAGE_POLICY);
        let other = changes
            .iter()
            .any(|change| is_policy(change) && change.before.is_some());
        let words = "`usage_policy_id` is taken when the endpoint is made, and no request changes it: give the endpoint another name";
        other.then(|| words.to_owned()).into_iter().collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let gone = compensable(
            "its id, and searches until another is ready; refused while it has indexes",
        );
        super::unity::reversibility(change, gone)
    }
}
