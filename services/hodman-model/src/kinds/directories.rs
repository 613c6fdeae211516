//! Directories with a fixed path: `/api/2.0/workspace/mkdirs`. For what people put in them by hand; the files of a bundle
//! lie elsewhere ([`super::files`]).

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::only;
use super::listed::{id_text, millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, patterns, workspace_path};
use super::{Call, Change, Identity, Kind, Listed, Listing, Marker, ReadError, Reversibility};

/// Directories.
#[derive(Clone, Copy, Debug)]
pub struct Directories;

static PERMISSIONS: Permissions = Permissions {
    object_type: "directories",
    levels: &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
    one_owner: false,
    id_output: Some("object_id"),
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: &["path"],
    name_field: "path",
    workspace_paths: patterns(&["path"], &[]),
    replace_on: patterns(&["path"], &[]),
    ..Rules::default()
});

impl Kind for Directories {
    fn name(&self) -> &'static str {
        "directories"
    }

    fn singular(&self) -> &'static str {
        "directory"
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

    fn spelled_id(&self, id: &str) -> String {
        workspace_path(id)
    }

    fn listing(&self) -> Listing {
        Listing::ByName
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.0/workspace/get-status", "path", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        // Something else may lie at the path, a notebook or a Git folder: then there is no such directory, and the
        // request to make one says so.
        if answer.get("object_type").and_then(Value::as_str) != Some("DIRECTORY") {
            return Ok(None);
        }
        let path = text(answer, "path").ok_or(ReadError {
            kind: "directory",
            field: "path",
        })?;
        let path = workspace_path(&path);
        Ok(Some(Listed {
            id: path.clone(),
            name: path.clone(),
            marker: None,
            natural: Some(path),
            config: RULES.normalise(&only(answer, &["path"])),
            // As text, for the path of the permissions API.
            outputs: json!({ "object_id": id_text(answer.get("object_id")) }),
            creator: None,
            created_at: millis(answer, "created_at"),
            modified_at: millis(answer, "modified_at"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(
            "/api/2.0/workspace/mkdirs",
            json!({ "path": self.natural(config) }),
            true,
        )
    }

    fn update(&self, _id: &str, _live: &Value, _config: &Value, _marker: &Marker) -> Vec<Call> {
        Vec::new()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        // Never what people put in it: a directory that is not empty stays, and the API says why.
        vec![Call::post(
            "/api/2.0/workspace/delete",
            json!({ "path": id, "recursive": false }),
            true,
        )]
    }

    fn created_id(&self, _answer: &Value, config: &Value) -> Option<String> {
        self.natural(config)
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id; it goes only when it is empty".to_owned(),
            },
        }
    }
}
