//! Which network policy a workspace is under. Every workspace is under one; removing ours puts it back under the account's.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::ACCOUNT;
use crate::kinds::fields::{only, references};
use crate::kinds::listed::id_text;
use crate::kinds::rules::{Rules, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};

/// The network option of workspaces.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkspaceNetworks;

const SETTABLE: &[&str] = &["network_policy_id", "workspace_id"];

/// The policy of workspaces that were given none.
const DEFAULT: &str = "default-policy";

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "workspace_id",
    texts: patterns(&["workspace_id"], &[]),
    references: references(
        &[
            ("workspace_id", "account_workspaces"),
            ("network_policy_id", "account_network_policies"),
        ],
        &[],
    ),
    replace_on: patterns(&["workspace_id"], &[]),
    field_order: SETTABLE,
    ..Rules::default()
});

fn path(id: &str) -> String {
    format!("{ACCOUNT}/workspaces/{id}/network")
}

fn put(id: &str, policy: &Value) -> Call {
    // Some versions of the API want the id in the body, too; a number there, as everywhere in the account.
    let workspace = id.parse::<u64>().map_or_else(|_| json!(id), |id| json!(id));
    let body = json!({"workspace_id": workspace, "network_policy_id": policy});
    Call::with_body(Method::Put, path(id), body, true)
}

fn policy(config: &Value) -> Value {
    let policy = config.get("network_policy_id").cloned();
    policy.unwrap_or_else(|| json!(DEFAULT))
}

impl Kind for WorkspaceNetworks {
    fn name(&self) -> &'static str {
        "account_workspace_networks"
    }

    fn singular(&self) -> &'static str {
        "account_workspace_network"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        id_text(config.get("workspace_id"))
    }

    fn always_there(&self) -> bool {
        true
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, path(id))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("workspace_id")).ok_or(ReadError {
            kind: self.singular(),
            field: "workspace_id",
        })?;
        Ok(Some(Listed {
            name: id.clone(),
            natural: Some(id.clone()),
            id,
            marker: None,
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        put(&self.natural(config).unwrap_or_default(), &policy(config))
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![put(id, &policy(config))]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![put(id, &json!(DEFAULT))]
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        self.natural(config)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, _change: Change, _config: &Value) -> Reversibility {
        Reversibility::Reversible
    }
}
