//! Cluster policies: `/api/2.0/policies/clusters`. Their names are unique.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{fills, only};
use super::listed::{id_text, millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Paging, ReadError,
    Reversibility,
};

/// Cluster policies.
#[derive(Clone, Copy, Debug)]
pub struct ClusterPolicies;

/// The request of `policies/clusters/create`. `definition` and `policy_family_definition_overrides` are JSON texts; a
/// mapping may be written in their place.
const SETTABLE: &[&str] = &[
    "definition",
    "description",
    "libraries",
    "max_clusters_per_user",
    "name",
    "policy_family_definition_overrides",
    "policy_family_id",
];

static PERMISSIONS: Permissions = Permissions {
    object_type: "cluster-policies",
    levels: &["CAN_USE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    // A policy of a family has the family's definition, with the overrides in it; any other one that says nothing has an
    // empty one.
    server_fills: fills(&[("definition", true)], &[]),
    json_texts: patterns(&["definition", "policy_family_definition_overrides"], &[]),
    file_paths: patterns(
        &[
            "libraries.*.whl",
            "libraries.*.jar",
            "libraries.*.requirements",
        ],
        &[],
    ),
    field_order: &[
        "name",
        "description",
        "policy_family_id",
        "policy_family_definition_overrides",
        "definition",
    ],
    ..Rules::default()
});

impl Kind for ClusterPolicies {
    fn name(&self) -> &'static str {
        "cluster_policies"
    }

    fn singular(&self) -> &'static str {
        "cluster_policy"
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
            paging: Paging::None,
            ..ListCall::new("/api/2.0/policies/clusters/list", "policies", "policy_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.0/policies/clusters/get", "policy_id", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        // The policies that every workspace comes with belong to Databricks.
        if answer.get("is_default") == Some(&json!(true)) {
            return Ok(None);
        }
        let id = id_text(answer.get("policy_id")).ok_or(ReadError {
            kind: "cluster_policy",
            field: "policy_id",
        })?;
        let mut settings = as_map(&only(answer, SETTABLE));
        if text(answer, "policy_family_id").is_some() {
            settings.remove("definition");
        }
        let config = RULES.normalise(&Value::Object(settings));
        Ok(Some(Listed {
            id,
            name: text(answer, "name").unwrap_or_default(),
            marker: None,
            natural: self.natural(answer),
            config,
            outputs: Value::Null,
            creator: text(answer, "creator_user_name"),
            created_at: millis(answer, "created_at_timestamp"),
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        // Names are unique: a second request is refused, not done twice.
        Call::post(
            "/api/2.0/policies/clusters/create",
            RULES.as_sent(config),
            false,
        )
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut body = as_map(&RULES.as_sent(config));
        body.insert("policy_id".to_owned(), json!(id));
        vec![Call::post(
            "/api/2.0/policies/clusters/edit",
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::post(
            "/api/2.0/policies/clusters/delete",
            json!({ "policy_id": id }),
            true,
        )]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("policy_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            // Clusters keep what they have until they are edited or started again.
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id: clusters and jobs that name it cannot be edited until they name another"
                    .to_owned(),
            },
        }
    }
}
