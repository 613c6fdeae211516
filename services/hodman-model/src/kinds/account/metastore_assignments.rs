//! Which metastore a workspace uses: at most one, known by the workspace. An assignment lets nothing change but its default
//! catalog: for another metastore it is taken away and made anew.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::ACCOUNT;
use crate::kinds::fields::{fills, only, references};
use crate::kinds::listed::id_text;
use crate::kinds::rules::{Rules, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
};

/// Assignments of metastores to workspaces.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetastoreAssignments;

const SETTABLE: &[&str] = &["default_catalog_name", "metastore_id", "workspace_id"];

const WRAPPER: &str = "metastore_assignment";

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "workspace_id",
    texts: patterns(&["workspace_id"], &[]),
    server_fills: fills(&[("default_catalog_name", true)], &[]),
    references: references(
        &[
            ("workspace_id", "account_workspaces"),
            ("metastore_id", "account_metastores"),
        ],
        &[],
    ),
    replace_on: patterns(&["workspace_id", "metastore_id"], &[]),
    field_order: &["workspace_id", "metastore_id"],
    ..Rules::default()
});

fn path(config: &Value) -> String {
    let id = |field| id_text(config.get(field)).unwrap_or_default();
    format!(
        "{ACCOUNT}/workspaces/{}/metastores/{}",
        id("workspace_id"),
        id("metastore_id")
    )
}

fn send(method: Method, config: &Value) -> Call {
    let body = only(config, &["metastore_id", "default_catalog_name"]);
    Call::with_body(method, path(config), json!({ (WRAPPER): body }), true)
}

impl Kind for MetastoreAssignments {
    fn name(&self) -> &'static str {
        "account_metastore_assignments"
    }

    fn singular(&self) -> &'static str {
        "account_metastore_assignment"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        id_text(config.get("workspace_id"))
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ACCOUNT}/workspaces/{id}/metastore"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let answer = answer.get(WRAPPER).unwrap_or(answer);
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
        send(Method::Post, config)
    }

    fn update(&self, _id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![send(Method::Put, config)]
    }

    fn delete(&self, _id: &str, live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, path(live))]
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        id_text(config.get("workspace_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update | Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "sight of every table until it is assigned again".to_owned(),
            },
        }
    }
}
