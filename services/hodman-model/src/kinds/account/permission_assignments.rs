//! Who of the account comes into a workspace, as user or admin. Known by both ids; there is no request for a single one.
//!
//! What the API calls `permissions` is `permission_levels` here: in every config the other word means who may do what with
//! the object itself.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::ACCOUNT;
use crate::kinds::fields::references;
use crate::kinds::listed::id_text;
use crate::kinds::rules::{Rules, patterns};
use crate::kinds::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, Paging, ReadError,
    Reversibility,
};

/// Permission assignments of workspaces.
#[derive(Clone, Copy, Debug)]
pub(super) struct PermissionAssignments;

const SETTABLE: &[&str] = &[LEVELS, "principal_id", "workspace_id"];
const LEVELS: &str = "permission_levels";
const ITEMS: &str = "permission_assignments";
const WORKSPACES: &str = "account_workspaces";

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "principal_id",
    texts: patterns(&["workspace_id", "principal_id"], &[]),
    sets: patterns(&[LEVELS], &[]),
    references: references(
        &[
            ("workspace_id", WORKSPACES),
            ("principal_id", "account_groups"),
            ("principal_id", "account_service_principals"),
        ],
        &[],
    ),
    replace_on: patterns(&["workspace_id", "principal_id"], &[]),
    field_order: &["workspace_id", "principal_id", LEVELS],
    ..Rules::default()
});

fn all(workspace: &str) -> String {
    format!("{ACCOUNT}/workspaces/{workspace}/permissionassignments")
}

/// The workspace and the principal in an id.
fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or((id, ""))
}

fn one(id: &str) -> String {
    let (workspace, principal) = split(id);
    format!("{}/principals/{principal}", all(workspace))
}

/// The principal of an item of the list.
fn principal_of(item: &Value) -> Option<String> {
    id_text(item.get("principal").and_then(|of| of.get("principal_id")))
}

fn put(id: &str, config: &Value) -> Call {
    let body = json!({"permissions": config.get(LEVELS)});
    Call::with_body(Method::Put, one(id), body, true)
}

impl Kind for PermissionAssignments {
    fn name(&self) -> &'static str {
        "account_permission_assignments"
    }

    fn singular(&self) -> &'static str {
        "account_permission_assignment"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        let id = |field| id_text(config.get(field));
        Some(format!("{}/{}", id("workspace_id")?, id("principal_id")?))
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: WORKSPACES,
            list: |workspace| ListCall {
                paging: Paging::None,
                adds: vec![("workspace_id", json!(workspace))],
                ..ListCall::new(&all(workspace), ITEMS, "principal_id")
            },
        }
    }

    /// The list of its workspace, of which [`Kind::pick`] takes one.
    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, all(split(id).0))
    }

    fn pick(&self, id: &str, answer: Value) -> Option<Value> {
        let (workspace, principal) = split(id);
        let items = answer.get(ITEMS)?.as_array()?;
        let same = |item: &&Value| principal_of(item).as_deref() == Some(principal);
        let mut item = items.iter().find(same)?.clone();
        item["workspace_id"] = json!(workspace);
        Some(item)
    }

    fn below(&self, id: &str) -> Option<String> {
        Some(split(id).0.to_owned())
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        let workspace = id_text(config.get("workspace_id"));
        workspace.map(|id| (WORKSPACES, id)).into_iter().collect()
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError {
            kind: "account_permission_assignment",
            field,
        };
        let workspace = id_text(answer.get("workspace_id")).ok_or(missing("workspace_id"))?;
        let principal = principal_of(answer).or_else(|| id_text(answer.get("principal_id")));
        let principal = principal.ok_or(missing("principal"))?;
        let id = format!("{workspace}/{principal}");
        let config = json!({
            "workspace_id": workspace,
            "principal_id": principal,
            (LEVELS): answer.get("permissions").or(answer.get(LEVELS)),
        });
        Ok(Some(Listed {
            name: principal,
            natural: Some(id.clone()),
            id,
            marker: None,
            config: RULES.normalise(&config),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        put(&self.natural(config).unwrap_or_default(), config)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        vec![put(id, config)]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, one(id))]
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        self.natural(config)
    }

    /// A workspace takes them once it has a metastore, and is told that by the account a moment later.
    fn passing(&self, message: &str) -> bool {
        message.contains("Permission assignment APIs are not available")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "the way into the workspace, and what was given there to them".to_owned(),
            },
        }
    }
}
