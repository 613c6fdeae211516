//! One action of a plan.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::Reversibility;
use super::changes::Changes;
use super::references::is_symbolic;
use crate::bundle::ResourceKey;
use crate::digest::{Digest, sha256, write_canonical};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::{Marker, files, grants, permissions};

/// What stands for our tags among the fields that change.
pub(crate) const MARKER: &str = "marker";

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Make it.
    Create,
    /// Change fields in place.
    Update,
    /// Change nothing but the size, without a restart where the object runs.
    Resize,
    /// Remove it and make it anew, because a field cannot change in place.
    Replace,
    /// Remove it.
    Delete,
    /// Take over an object that somebody else made, as told.
    Adopt,
}

impl Action {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Resize => "resize",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
        }
    }

    /// The sign for it in lists.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Resize => "↔",
            Self::Replace => "±",
            Self::Delete => "-",
            Self::Adopt => ">",
        }
    }
}

/// One field that an action changes. Values that look like secrets are already redacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which field; `${files}` is the folder of the files, its values digests of file sets.
    pub path: FieldPath,
    /// What it is; none when absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there"
    )]
    pub before: Option<Value>,
    /// What it will be; none when it goes.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "there"
    )]
    pub after: Option<Value>,
    /// Whether something in the values was redacted; the values may differ though they look equal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

/// A value that is written is there, also when it is null.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl FieldChange {
    /// Whether this is the move from one folder of files to another.
    #[must_use]
    pub fn is_files_folder(&self) -> bool {
        matches!(self.path.0.as_slice(), [PathSegment::Key(key)] if key == files::PLACEHOLDER)
    }

    /// That an object which lost our marker gets it back.
    pub(crate) fn marker(marker: &Marker) -> Self {
        Self {
            path: FieldPath::default().key(MARKER),
            before: None,
            after: Some(json!(marker.to_string())),
            redacted: false,
        }
    }

    /// Whether this is that: nothing of it can stand in Git.
    #[must_use]
    pub fn is_marker(&self) -> bool {
        matches!(self.path.0.as_slice(), [PathSegment::Key(key)] if key == MARKER)
    }
}

/// What happens to one file between two file sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileChangeKind {
    /// New.
    Added,
    /// Other content.
    Changed,
    /// Gone.
    Removed,
}

/// One file that differs between the file set in use and the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Path in the bundle.
    pub path: String,
    /// What happens to it.
    pub what: FileChangeKind,
}

/// One action of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The resource; `files.files` is the upload of the file set.
    pub key: ResourceKey,
    /// What is done.
    pub action: Action,
    /// The fields concerned: all for create and delete, the differing ones for update.
    pub changes: Changes,
    /// Why, in words.
    pub reason: String,
    /// What can be taken back.
    pub reversible: Reversibility,
    /// The action's name: over workspace, key, action and the changed fields.
    pub digest: Digest,
    /// The object's id where it exists; no part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_id: Option<String>,
    /// For the files step: what differs from the file set in use, when that one is known. No part of the digest,
    /// because the digest of the file set says it already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileChange>,
    /// The rows of the same workspace that must have ended well before this one begins; all others may run beside it.
    /// No part of the digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<ResourceKey>,
    /// Whether the object may be at work, so that its removal would cut something off: [`crate::kinds::Kind::activity`] is
    /// asked first, and waited for, unless the environment's `allow_destroy` names it. No part of the digest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub busy_guard: bool,
    /// What is stopped before the change and held after it, in words; none when nothing has to stand still. No part of the
    /// digest: it follows from what changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<String>,
    /// Whether nothing but the value behind a reference changed: the package is as it was, the secret is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rotation: bool,
    /// For what is made: an object without our marker that may be it, in words; repairs, and merges by hodman, leave it to a person. No
    /// part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perhaps: Option<String>,
    /// Whether what comes after it is known only when it is done. Then everything is looked at once more, and what nobody was
    /// shown is asked for. No part of the digest: it follows from what the engine would do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks_again: bool,
    /// Whether what it does can only be said when the rows that it waits for are done: an apply leaves it, and looks anew.
    /// What it is then, must have been approved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
}

impl Row {
    /// The word for what is done: [`Action::word`], but for a rotation, which is an update that nothing but a new value
    /// calls for.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.rotation {
            "rotate"
        } else {
            self.action.word()
        }
    }

    /// Whether `field` is among what changes; [`crate::kinds::permissions::FIELD`] and [`crate::kinds::grants::FIELD`] are set
    /// by requests of their own.
    #[must_use]
    pub fn changes_field(&self, field: &str) -> bool {
        self.changes.iter().any(|change| is_in(&change, field))
    }

    /// Whether anything changes beside permissions and grants, so that the object itself must be written.
    #[must_use]
    pub fn changes_object(&self) -> bool {
        self.changes.is_empty() || self.changes.iter().any(|change| !is_beside(&change))
    }

    /// The fields at the top that change.
    pub fn fields(&self) -> impl Iterator<Item = String> {
        let first = |change: FieldChange| change.path.0.into_iter().next();
        self.changes
            .iter()
            .filter_map(move |change| match first(change) {
                Some(PathSegment::Key(field)) => Some(field),
                _ => None,
            })
    }

    /// Whether this is the upload of the file set.
    #[must_use]
    pub fn is_files_step(&self) -> bool {
        self.key == files_key()
    }

    /// Whether an object only moves to another folder of files. Such rows are shown as one.
    #[must_use]
    pub fn is_files_folder_only(&self) -> bool {
        self.action == Action::Update
            && !self.changes.is_empty()
            && self.changes.iter().all(|change| change.is_files_folder())
    }
}

/// Whether it is one of permissions or grants, which are set by requests of their own.
pub(super) fn is_beside(change: &FieldChange) -> bool {
    [permissions::FIELD, grants::FIELD]
        .iter()
        .any(|field| is_in(change, field))
}

fn is_in(change: &FieldChange, field: &str) -> bool {
    matches!(change.path.0.first(), Some(PathSegment::Key(key)) if key == field)
}

/// The key of the files step.
pub(super) fn files_key() -> ResourceKey {
    ResourceKey::new(files::KEY, files::KEY)
}

/// The name of an action. In `changes` secrets stand under a key ([`super::NamingKey`]): two of them are two actions.
///
/// Where a reference or a lookup is put, what it replaces is no part of the name: that is another object's id, or the id of
/// one that an earlier row of the same plan has replaced by now.
pub(super) fn action_digest<'c>(
    workspace: &str,
    key: &ResourceKey,
    action: Action,
    changes: impl IntoIterator<Item = &'c FieldChange>,
) -> Digest {
    // The canonical JSON of all of it, written piece by piece: as one value, ten thousand actions would be copied for it.
    let mut text = b"{\"action\":".to_vec();
    write_canonical(&json!(action), &mut text);
    text.extend(b",\"changes\":[");
    for (index, change) in changes.into_iter().enumerate() {
        let symbolic = change.after.as_ref().is_some_and(is_symbolic);
        let before = change.before.as_ref().filter(|_| !symbolic);
        if index > 0 {
            text.push(b',');
        }
        text.extend(b"{\"after\":");
        write_canonical(change.after.as_ref().unwrap_or(&Value::Null), &mut text);
        text.extend(b",\"before\":");
        write_canonical(before.unwrap_or(&Value::Null), &mut text);
        text.extend(b",\"path\":");
        write_canonical(&json!(change.path), &mut text);
        text.push(b'}');
    }
    text.extend(b"],\"format\":\"hodman action 1\",\"key\":");
    write_canonical(&json!(key), &mut text);
    text.extend(b",\"workspace\":");
    write_canonical(&json!(workspace), &mut text);
    text.push(b'}');
    sha256(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::canonical_json;

    #[test]
    fn the_name_of_an_action_is_the_digest_of_one_json() {
        let change = |path: &str, before, after| FieldChange {
            path: path.parse().unwrap(),
            before,
            after,
            redacted: false,
        };
        let changes = [
            change("a.b", Some(json!({"z": 1, "y": [null]})), None),
            change("c", None, Some(json!("\"x\""))),
            change("d", Some(json!("7")), Some(json!("${resources.jobs.a.id}"))),
        ];
        let key = ResourceKey::new("jobs", "k");
        let whole = json!({
            "action": "update",
            "changes": [
                {"path": "a.b", "before": {"z": 1, "y": [null]}, "after": null},
                {"path": "c", "before": null, "after": "\"x\""},
                {"path": "d", "before": null, "after": "${resources.jobs.a.id}"},
            ],
            "format": "hodman action 1",
            "key": "jobs.k",
            "workspace": "qa",
        });
        assert_eq!(
            action_digest("qa", &key, Action::Update, &changes),
            sha256(canonical_json(&whole).as_bytes())
        );
        let none: [FieldChange; 0] = [];
        let whole = json!({
            "action": "update", "changes": [], "format": "hodman action 1", "key": "jobs.k", "workspace": "qa",
        });
        assert_eq!(
            action_digest("qa", &key, Action::Update, &none),
            sha256(canonical_json(&whole).as_bytes())
        );
    }
}
