//! A pull request, as far as we read it.

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// Open or closed; merged ones are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullState {
    /// Open.
    Open,
    /// Closed, merged or not.
    Closed,
}

/// A pull request. Lists leave `merged_by` and `mergeable` empty; [`super::GitHub::pull`] fills them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PullWire")]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Open or closed.
    pub state: PullState,
    /// Whether it was merged.
    pub merged: bool,
    /// Who merged it.
    pub merged_by: Option<String>,
    /// The commit that the merge made on the base branch (merge commit, squash, or last rebased);
    /// before the merge GitHub's test merge, which means nothing.
    pub merge_commit_sha: Option<String>,
    /// The title.
    pub title: String,
    /// The description; empty when there is none.
    pub body: String,
    /// The branch that is proposed.
    pub head_ref: String,
    /// The commit that is proposed; for a merged one the commit that was approved.
    pub head_sha: String,
    /// `owner/name` of the head's repository: another one for a fork, `None` for a deleted fork.
    pub head_repo_full_name: Option<String>,
    /// The branch that would change.
    pub base_ref: String,
    /// The base branch's commit when GitHub last looked.
    pub base_sha: String,
    /// Login of the author.
    pub author: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it merges without conflict; `None` while GitHub computes it.
    pub mergeable: Option<bool>,
    /// Last change of anything in it.
    pub updated_at: DateTime<Utc>,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// Its web page.
    pub html_url: String,
}

impl Pull {
    /// Whether the head is in another repository than `repo`: nothing of it may be trusted.
    #[must_use]
    pub fn is_fork_of(&self, repo: &str) -> bool {
        !self
            .head_repo_full_name
            .as_deref()
            .is_some_and(|head| head.eq_ignore_ascii_case(repo))
    }
}

/// What a new pull request is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPull {
    /// The title.
    pub title: String,
    /// The description, Markdown; longer than 65,536 bytes is cut with a note.
    pub body: String,
    /// The branch to propose, in the same repository.
    pub head: String,
    /// The branch to change.
    pub base: String,
}

/// One file that a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChangedFile {
    /// The path after the change.
    #[serde(rename = "filename")]
    pub path: String,
    /// The path before a rename.
    #[serde(rename = "previous_filename")]
    pub previous_path: Option<String>,
    /// `added`, `removed`, `modified`, `renamed`, …
    pub status: String,
}

/// The files that a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFiles {
    /// Those that GitHub lists: at most 3,000.
    pub files: Vec<ChangedFile>,
    /// Whether there are more. Then nothing may be concluded from a path that is absent.
    pub truncated: bool,
}

#[derive(Deserialize)]
struct PullWire {
    number: u64,
    state: PullState,
    title: String,
    body: Option<String>,
    head: BranchWire,
    base: BranchWire,
    user: Option<UserWire>,
    #[serde(default)]
    draft: bool,
    merged_at: Option<DateTime<Utc>>,
    merged_by: Option<UserWire>,
    merge_commit_sha: Option<String>,
    mergeable: Option<bool>,
    updated_at: DateTime<Utc>,
    html_url: String,
}

#[derive(Deserialize)]
struct BranchWire {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Option<RepoWire>,
}

#[derive(Deserialize)]
struct RepoWire {
    full_name: String,
}

#[derive(Deserialize)]
pub(super) struct UserWire {
    pub(super) login: String,
}

/// The login that GitHub shows for the work of a deleted account.
pub(super) fn login_or_ghost(user: Option<UserWire>) -> String {
    user.map_or_else(|| "ghost".to_owned(), |user| user.login)
}

impl From<PullWire> for Pull {
    fn from(wire: PullWire) -> Self {
        Self {
            number: wire.number,
            state: wire.state,
            // Lists have no `merged`; `merged_at` says the same everywhere.
            merged: wire.merged_at.is_some(),
            merged_by: wire.merged_by.map(|user| user.login),
            merge_commit_sha: wire.merge_commit_sha,
            title: wire.title,
            body: wire.body.unwrap_or_default(),
            head_ref: wire.head.name,
            head_sha: wire.head.sha,
            head_repo_full_name: wire.head.repo.map(|repo| repo.full_name),
            base_ref: wire.base.name,
            base_sha: wire.base.sha,
            author: login_or_ghost(wire.user),
            draft: wire.draft,
            mergeable: wire.mergeable,
            updated_at: wire.updated_at,
            merged_at: wire.merged_at,
            html_url: wire.html_url,
        }
    }
}
