//! Reading what checks say about a commit: check runs and commit statuses, as one list.

use serde::{Deserialize, Serialize};

use super::wire::with_query;
use super::{GitHub, GitHubError, commit_id, repo_path};

/// Which of GitHub's two mechanisms a check uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckKind {
    /// A check run, made by an app.
    CheckRun,
    /// A commit status, made by anybody who may write.
    Status,
}

/// How far a check is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// Not started.
    Queued,
    /// Running; a commit status that is `pending`.
    InProgress,
    /// Ended, with a conclusion.
    Completed,
    /// Another of GitHub's words (`waiting`, `requested`, `pending`, …): not ended.
    #[serde(untagged)]
    Other(String),
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Passed.
    Success,
    /// Failed; also a commit status that is `error`.
    Failure,
    /// Neither good nor bad.
    Neutral,
    /// Cancelled.
    Cancelled,
    /// Did not apply.
    Skipped,
    /// Took too long.
    TimedOut,
    /// A person must do something.
    ActionRequired,
    /// GitHub gave up waiting.
    Stale,
    /// A word that GitHub did not have when this was written: not a success.
    #[serde(untagged)]
    Other(String),
}

/// The latest state of one check on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckState {
    /// The check run's name or the status' context.
    pub name: String,
    /// How far it is.
    pub status: CheckStatus,
    /// How it ended, once completed.
    pub conclusion: Option<Conclusion>,
    /// Which mechanism.
    pub kind: CheckKind,
    /// Slug of the app behind a check run; login of the author of a status. Names can be forged
    /// by whoever may write, so compare this too where it matters.
    pub app: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RunsPage<T> {
    pub(super) check_runs: Vec<T>,
}

#[derive(Deserialize)]
struct RunWire {
    name: String,
    status: CheckStatus,
    conclusion: Option<Conclusion>,
    app: Option<AppWire>,
}

#[derive(Deserialize)]
struct AppWire {
    slug: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct StatusesPage {
    pub(super) statuses: Vec<StatusWire>,
}

#[derive(Deserialize)]
pub(super) struct StatusWire {
    pub(super) context: String,
    pub(super) state: String,
    pub(super) description: Option<String>,
    pub(super) target_url: Option<String>,
    creator: Option<super::pull::UserWire>,
}

impl From<RunWire> for CheckState {
    fn from(wire: RunWire) -> Self {
        Self {
            name: wire.name,
            status: wire.status,
            conclusion: wire.conclusion,
            kind: CheckKind::CheckRun,
            app: wire.app.and_then(|app| app.slug),
        }
    }
}

impl From<StatusWire> for CheckState {
    fn from(wire: StatusWire) -> Self {
        let (status, conclusion) = match wire.state.as_str() {
            "pending" => (CheckStatus::InProgress, None),
            "success" => (CheckStatus::Completed, Some(Conclusion::Success)),
            "failure" | "error" => (CheckStatus::Completed, Some(Conclusion::Failure)),
            other => (
                CheckStatus::Completed,
                Some(Conclusion::Other(other.to_owned())),
            ),
        };
        Self {
            name: wire.context,
            status,
            conclusion,
            kind: CheckKind::Status,
            app: wire.creator.map(|user| user.login),
        }
    }
}

impl GitHub {
    /// `GET /repos/{repo}/commits/{sha}/check-runs` (the latest run of each) and
    /// `GET /repos/{repo}/commits/{sha}/status` (the latest of each context), all pages. Reads:
    /// repeated at will. A token that may read only one of the two gets that one.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] or [`GitHubError::Validation`] for a commit that GitHub does not have.
    pub async fn checks_of(&self, repo: &str, sha: &str) -> Result<Vec<CheckState>, GitHubError> {
        let commit = format!("{}/commits/{}", repo_path(repo)?, commit_id(sha)?);
        let path = with_query(
            &format!("{commit}/check-runs"),
            &[("filter", "latest"), ("per_page", "100")],
        );
        let runs = self
            .wire
            .all("list check runs", path, |page: RunsPage<RunWire>| {
                page.check_runs.into_iter().map(CheckState::from).collect()
            })
            .await;
        let statuses = self.statuses(&commit).await;
        let mut found = match (runs, &statuses) {
            (Ok(runs), _) => runs,
            (Err(GitHubError::Forbidden(_)), Ok(_)) => Vec::new(),
            (Err(error), _) => return Err(error),
        };
        match statuses {
            Ok(statuses) => found.extend(statuses.into_iter().map(CheckState::from)),
            Err(GitHubError::Forbidden(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(found)
    }

    /// The latest status of each context on `commit` (a path).
    pub(super) async fn statuses(&self, commit: &str) -> Result<Vec<StatusWire>, GitHubError> {
        let path = with_query(&format!("{commit}/status"), &[("per_page", "100")]);
        self.wire
            .all("list commit statuses", path, |page: StatusesPage| {
                page.statuses
            })
            .await
    }
}
