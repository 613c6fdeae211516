//! Git folders: `/api/2.0/repos`. A folder is known by its path. It is changed in place, never to a state with changes in
//! it thrown away: the API refuses a checkout that would do so, and we do not insist.
//!
//! The list leaves out what lies outside of `/Repos` unless a folder is named, and names in pages all that begin like it, so each
//! is asked for by its path: the workspace says the id of what lies there.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{fills, only, references};
use super::listed::{id_text, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns, spelled, workspace_path};
use super::{
    Call, Change, Identity, Kind, Listed, Listing, Marker, Method, ReadError, Reversibility,
    git_providers,
};

/// Git folders.
#[derive(Clone, Copy, Debug)]
pub struct GitFolders;

const PATH: &str = "/api/2.0/repos";

/// The request to create one, and what only an update takes: `branch` or `tag`.
const SETTABLE: &[&str] = &[
    "branch",
    "git_credential_id",
    "path",
    "provider",
    "sparse_checkout",
    "tag",
    "url",
];

static PERMISSIONS: Permissions = Permissions {
    object_type: "repos",
    levels: &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "path",
    // Taken with a request and never answered; another credential for the same repository is no other folder.
    volatile: patterns(&["git_credential_id"], &[]),
    server_fills: fills(
        &[
            // The repository's default branch.
            ("branch", true),
        ],
        &[],
    ),
    workspace_paths: patterns(&["path"], &[]),
    spellings: spelled(&patterns(&["provider"], &[]), git_providers::spelled),
    write_only: patterns(&["tag"], &[]),
    // A folder that stands on a tag is on no branch; the tag itself is not answered.
    instead: &[("tag", "branch")],
    replace_on: patterns(&["url", "provider", "path"], &[]),
    // Enabled or not when the folder is made; its patterns can change.
    made_with: &["sparse_checkout"],
    references: references(&[("git_credential_id", "git_credentials")], &[]),
    field_order: &["path", "url", "provider", "branch", "tag"],
    ..Rules::default()
});

impl Kind for GitFolders {
    fn name(&self) -> &'static str {
        "git_folders"
    }

    fn singular(&self) -> &'static str {
        "git_folder"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "path").map(|path| workspace_path(&path))
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    /// By id, or by path what lies there.
    fn get(&self, id: &str) -> Call {
        if id.starts_with('/') {
            return Call::get("/api/2.0/workspace/get-status", "path", id);
        }
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn pick(&self, _id: &str, answer: Value) -> Option<Value> {
        // Another object can lie at the path.
        let kind = answer.get("object_type").and_then(Value::as_str);
        kind.is_none_or(|kind| kind == "REPO").then_some(answer)
    }

    fn look_up(&self, answer: &Value) -> Option<Call> {
        answer.get("object_type")?;
        Some(self.get(&id_text(answer.get("object_id"))?))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError {
            kind: "git_folder",
            field,
        };
        let id = id_text(answer.get("id")).ok_or(missing("id"))?;
        let path = text(answer, "path").ok_or(missing("path"))?;
        let mut config = as_map(&only(
            answer,
            &["branch", "path", "provider", "sparse_checkout", "url"],
        ));
        config.retain(|field, value| field != "branch" || is_branch(value));
        Ok(Some(Listed {
            id,
            natural: Some(workspace_path(&path)),
            name: path,
            marker: None,
            config: RULES.normalise(&Value::Object(config)),
            outputs: only(answer, &["head_commit_id"]),
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        // A second request is refused: the path is taken.
        Call::post(
            PATH,
            only(
                config,
                &[
                    "git_credential_id",
                    "path",
                    "provider",
                    "sparse_checkout",
                    "url",
                ],
            ),
            false,
        )
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        checkout(id, &only(config, &["branch", "git_credential_id", "tag"]))
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let fields = ["branch", "git_credential_id", "sparse_checkout", "tag"];
        checkout(id, &only(config, &fields))
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update => Reversibility::Compensable {
                loses: "runs that read from it see its files change".to_owned(),
            },
            Change::Replace | Change::Delete => Reversibility::Irreversible {
                loses: "changes in it that were not committed and pushed".to_owned(),
            },
        }
    }
}

/// Whether it is the name of one: on a tag nothing is checked out but a commit.
fn is_branch(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|name| !name.is_empty() && name != "HEAD")
}

/// Brings the folder to a branch, a tag or a set of folders.
fn checkout(id: &str, body: &Value) -> Vec<Call> {
    if !as_map(body)
        .keys()
        .any(|field| field != "git_credential_id")
    {
        return Vec::new();
    }
    vec![Call::with_body(
        Method::Patch,
        format!("{PATH}/{id}"),
        json!(body),
        true,
    )]
}
