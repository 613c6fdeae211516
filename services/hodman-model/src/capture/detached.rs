//! Git folders that stand on no branch: on a tag, or on a commit that somebody checked out. No answer of the API says which tag
//! that is, and no request takes a commit.

use serde_json::Value;

use crate::kinds::{Kind, Listed};

const KIND: &str = "git_folders";
const BRANCH: &str = "branch";
const TAG: &str = "tag";
/// The commit's characters that are enough to find it.
const SHORT: usize = 12;

fn is_one(kind: &dyn Kind, listed: &Listed) -> bool {
    kind.name() == KIND && listed.config.get(BRANCH).is_none()
}

/// A tag that Git says is no difference from a folder on no branch: it may well be that one.
pub(super) fn settle(kind: &dyn Kind, form: &mut Value, git: &Value, listed: &Listed) {
    let tag = git.get(TAG).filter(|_| is_one(kind, listed));
    if let (Some(tag), Value::Object(form)) = (tag, form) {
        form.insert(TAG.to_owned(), tag.clone());
    }
}

/// What a reviewer must know of a folder whose form is `dev`.
pub(super) fn told(kind: &dyn Kind, listed: &Listed, dev: &Value) -> Option<String> {
    if !is_one(kind, listed) || dev.get(TAG).is_some() {
        return None;
    }
    let commit = listed.outputs.get("head_commit_id").and_then(Value::as_str);
    let commit = commit.map_or_else(
        || "a commit".to_owned(),
        |id| format!("commit {}", id.get(..SHORT).unwrap_or(id)),
    );
    Some(format!(
        "stands on {commit} and on no branch; the API neither says which tag that is nor takes a commit, so it is captured \
         without one, and a folder that is made from it stands on the default branch: write `tag` or `branch` into Git"
    ))
}
