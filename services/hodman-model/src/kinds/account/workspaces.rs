//! Workspaces: made in minutes, changed by `PATCH` with an update mask, found again by their tags.
//!
//! One that failed is repaired by another `PATCH`, not made anew: its id, its address and whatever was given to it stay.
//! A change may be taken back without a word when the network it asks for does not work, so it is read again.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::ACCOUNT;
use super::plain::messages;
use super::workspace_changes::{self, CHANGES, FAILED, REPAIRS, TAGS};
use crate::kinds::fields::{fills, only, references};
use crate::kinds::listed::{id_text, millis, text};
use crate::kinds::rules::{Rules, as_map, patterns, spelled, upper_case};
use crate::kinds::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Maintenance, Marker, Method, Paging,
    ReadError, Readiness, Reversibility,
};
use crate::plan::FieldChange;

/// Workspaces of the account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Workspaces;

/// The request of a create.
const SETTABLE: &[&str] = &[
    "aws_region",
    "compute_mode",
    "credentials_id",
    "custom_tags",
    "deployment_name",
    "managed_services_customer_managed_key_id",
    "network_connectivity_config_id",
    "network_id",
    "pricing_tier",
    "private_access_settings_id",
    "storage_configuration_id",
    "storage_customer_managed_key_id",
    "workspace_name",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "workspace_name",
    tags_field: "custom_tags",
    // As the Terraform provider compares it (mws/resource_mws_workspaces.go): `premium` is taken, and answered in capitals.
    spellings: spelled(&patterns(&["pricing_tier"], &[]), upper_case),
    // An account with a prefix makes `acme-shop` of `shop`, and `acme` of `EMPTY`.
    prefixed: &["deployment_name"],
    volatile: patterns(
        &[
            "custom_tags.hodman_pipeline",
            "custom_tags.hodman_env",
            "custom_tags.hodman_key",
        ],
        &[],
    ),
    server_fills: fills(
        &[
            ("compute_mode", false),
            ("deployment_name", true),
            ("pricing_tier", true),
        ],
        &[],
    ),
    references: references(
        &[
            ("credentials_id", "account_credentials"),
            (
                "managed_services_customer_managed_key_id",
                "account_customer_managed_keys",
            ),
            (
                "network_connectivity_config_id",
                "account_network_connectivity_configs",
            ),
            ("network_id", "account_networks"),
            (
                "private_access_settings_id",
                "account_private_access_settings",
            ),
            ("storage_configuration_id", "account_storage_configurations"),
            (
                "storage_customer_managed_key_id",
                "account_customer_managed_keys",
            ),
        ],
        &[],
    ),
    replace_on: patterns(
        &[
            "aws_region",
            "compute_mode",
            "deployment_name",
            "pricing_tier",
            "workspace_name",
        ],
        &[],
    ),
    field_order: &["workspace_name", "aws_region", "credentials_id"],
    ..Rules::default()
});

fn all() -> String {
    format!("{ACCOUNT}/workspaces")
}

fn one(id: &str) -> String {
    format!("{ACCOUNT}/workspaces/{id}")
}

/// What says none is not known to run.
fn status(answer: &Value) -> &str {
    let status = answer.get("workspace_status").and_then(Value::as_str);
    status.unwrap_or("NOT_YET_KNOWN")
}

/// The service's own word about it; empty when it has none.
fn words(answer: &Value) -> &str {
    let words = answer.get("workspace_status_message");
    words.and_then(Value::as_str).unwrap_or_default()
}

fn tagged(config: &Value, marker: &Marker) -> Value {
    let mut body = as_map(config);
    marker.write(&mut body, RULES.tags_field);
    Value::Object(body)
}

impl Kind for Workspaces {
    fn name(&self) -> &'static str {
        "account_workspaces"
    }

    fn singular(&self) -> &'static str {
        "account_workspace"
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    /// Nothing says that it is unique. People know a workspace by it, though, and one whose tags were wiped is known by nothing
    /// else: a second one of the same name is never what was meant.
    fn natural(&self, config: &Value) -> Option<String> {
        text(config, RULES.name_field)
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            paging: Paging::None,
            ..ListCall::new(&all(), "", "workspace_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, one(id))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("workspace_id")).ok_or(ReadError {
            kind: self.singular(),
            field: "workspace_id",
        })?;
        let state = status(answer);
        if matches!(state, "CANCELLING" | "CANCELLED") {
            return Ok(None);
        }
        let mut config = RULES.normalise(&only(answer, SETTABLE));
        if let (Readiness::Failed(words), Some(map)) =
            (self.readiness(answer), config.as_object_mut())
        {
            map.insert(FAILED.to_owned(), Value::from(words));
        }
        let mut outputs = only(answer, &["workspace_id", "deployment_name", "account_id"]);
        // The account leaves it to be put together from its own address; the client does.
        let host = text(answer, "workspace_url");
        if let Some(map) = outputs.as_object_mut() {
            map.insert("state".to_owned(), Value::from(state));
            // Before that nobody answers there, and its name is not even known.
            if let Some(host) = host.filter(|_| state == "RUNNING") {
                let url = match host.contains("://") {
                    true => host,
                    false => format!("https://{host}"),
                };
                map.insert("host".to_owned(), Value::from(url));
            }
        }
        Ok(Some(Listed {
            id,
            name: text(answer, "workspace_name").unwrap_or_default(),
            marker: Marker::from_tags(answer.get("custom_tags")),
            natural: self.natural(answer),
            config,
            outputs,
            creator: None,
            created_at: millis(answer, "creation_time"),
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let body = only(&tagged(config, marker), SETTABLE);
        Call::post(&all(), body, false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let failed = live.get(FAILED).is_some();
        let wanted = tagged(config, marker);
        let before = RULES.normalise(live);
        let after = RULES.normalise(config);
        // A failed one is asked for everything again: what was wrong with it may have been mended outside. Tags always go along:
        // ours are in no comparison, and one without them is found by nobody again.
        let fields = CHANGES.iter().chain(REPAIRS.iter().filter(|_| failed));
        let differs = |field: &str| before.get(field) != after.get(field);
        let body: Map<String, Value> = fields
            .filter(|field| failed || live.is_null() || **field == TAGS || differs(field))
            .filter_map(|field| Some(((*field).to_owned(), wanted.get(*field)?.clone())))
            .collect();
        let mask: Vec<&str> = body.keys().map(String::as_str).collect();
        let mask = mask.join(",");
        let call = Call::with_body(Method::Patch, one(id), Value::Object(body), true);
        vec![call.and_query("update_mask", &mask)]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, one(id))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("workspace_id"))
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        let said = match words(answer) {
            "" => status(answer).to_owned(),
            words => format!("{}: {words}", status(answer)),
        };
        match status(answer) {
            "RUNNING" => Readiness::Ready,
            "FAILED" | "BANNED" | "CANCELLED" | "CANCELLING" => Readiness::Failed(said),
            _ => Readiness::Pending(said),
        }
    }

    fn settles(&self) -> bool {
        true
    }

    fn maintenance(&self, live: &Value, fields: &[&str]) -> Option<Maintenance> {
        workspace_changes::maintenance(live, fields)
    }

    fn refuses(&self, live: &Value, changes: &[FieldChange]) -> Vec<String> {
        workspace_changes::refused(live, changes)
    }

    fn settles_late(&self) -> &'static [&'static str] {
        workspace_changes::LATE
    }

    fn failure_call(&self, answer: &Value) -> Option<Call> {
        let network = text(answer, "network_id")?;
        Some(Call::plain(
            Method::Get,
            format!("{ACCOUNT}/networks/{network}"),
        ))
    }

    fn failure_words(&self, answer: &Value) -> String {
        messages(answer, "error")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "everything in the workspace: notebooks, jobs, history, permissions"
                    .to_owned(),
            },
        }
    }
}
