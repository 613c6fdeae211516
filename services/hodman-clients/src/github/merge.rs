//! Merging a pull request at exactly the commit that was approved.

use serde::Deserialize;
use serde_json::json;

use super::pull::Pull;
use super::wire::{Verb, write};
use super::{GitHub, GitHubError, commit_id, repo_path};
use crate::retry::Retry;

/// How the base branch gets the commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeMethod {
    /// A merge commit.
    Merge,
    /// One new commit.
    Squash,
    /// New copies of the commits.
    Rebase,
}

impl MergeMethod {
    fn wire_name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
            Self::Rebase => "rebase",
        }
    }
}

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// Merged by this call.
    Merged {
        /// The commit on the base branch.
        sha: String,
    },
    /// It was merged already, by somebody or by a call whose answer was lost.
    AlreadyMerged {
        /// The commit on the base branch.
        sha: Option<String>,
        /// The head that was merged; compare it with the one that was approved.
        head_sha: String,
    },
    /// The head is no longer the approved commit: nothing was merged.
    HeadMoved {
        /// The head now.
        head_sha: String,
    },
    /// GitHub declines: conflicts, missing reviews or checks, closed, draft, method not allowed.
    NotMergeable {
        /// GitHub's words.
        reason: String,
    },
}

#[derive(Deserialize)]
struct MergedWire {
    sha: String,
}

impl GitHub {
    /// `PUT /repos/{repo}/pulls/{number}/merge` with `sha`, so that only the approved commit can
    /// be merged. Idempotent by that `sha`; after a lost answer the pull request is read first.
    /// "Base branch was modified" (another merge a moment ago) is tried again.
    ///
    /// # Errors
    /// [`GitHubError::Forbidden`] without the right to merge; [`GitHubError::NotFound`].
    pub async fn merge_pull(
        &self,
        repo: &str,
        number: u64,
        head_sha: &str,
        method: MergeMethod,
        commit_title: Option<&str>,
    ) -> Result<MergeOutcome, GitHubError> {
        let path = format!("{}/pulls/{number}/merge", repo_path(repo)?);
        let mut body = json!({"sha": commit_id(head_sha)?, "merge_method": method.wire_name()});
        if let Some(title) = commit_title {
            body["commit_title"] = title.into();
        }
        let mut lane = self.wire.lane().await;
        let mut attempt = 1;
        loop {
            let call = write(
                "merge pull request",
                Verb::Put(body.clone()),
                path.clone(),
                Retry::WhenRefused,
            );
            let error = match self.wire.mutate(&mut lane, call).await {
                Ok(answer) => {
                    let merged: MergedWire = answer.json()?;
                    return Ok(MergeOutcome::Merged { sha: merged.sha });
                }
                Err(error) => error,
            };
            let declined = matches!(error.status(), Some(405 | 409 | 422));
            if !declined && !error.effect_unknown() {
                return Err(error);
            }
            let pull = self.pull(repo, number).await?;
            if let Some(outcome) = settled(&pull, head_sha) {
                return Ok(outcome);
            }
            let base_moved = error
                .refusal()
                .is_some_and(|refusal| refusal.message.contains("Base branch was modified"));
            if attempt >= self.wire.backoff.attempts || (declined && !base_moved) {
                return match error.refusal() {
                    Some(refusal) if declined => Ok(MergeOutcome::NotMergeable {
                        reason: refusal.message.clone(),
                    }),
                    _ => Err(error),
                };
            }
            tokio::time::sleep(self.wire.backoff.delay(attempt)).await;
            attempt += 1;
        }
    }
}

/// The outcome that the pull request itself shows, whatever the answer said.
fn settled(pull: &Pull, head_sha: &str) -> Option<MergeOutcome> {
    if pull.merged {
        return Some(MergeOutcome::AlreadyMerged {
            sha: pull.merge_commit_sha.clone(),
            head_sha: pull.head_sha.clone(),
        });
    }
    (pull.head_sha != head_sha).then(|| MergeOutcome::HeadMoved {
        head_sha: pull.head_sha.clone(),
    })
}
