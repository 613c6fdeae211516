//! git's slow half off the async threads: what goes over the network or walks far.

use super::pulls::AUTHOR;
use super::{Job, Repo, WorkError};
use hodman_clients::git::{Base, CommitRequest, FileChange, Lease, PushOutcome};
use std::collections::BTreeMap;

impl Repo {
    /// Brings the mirror up to date.
    pub(super) async fn fetch(&self) -> Result<(), WorkError> {
        Ok(self.mirror.run(|mirror| mirror.fetch()).await?)
    }

    /// Brings in a pull request's head, also when its branch is gone or in a fork.
    pub(super) async fn fetch_pull(&self, number: u64) -> Result<(), WorkError> {
        self.mirror
            .run(move |mirror| mirror.fetch_ref(&format!("refs/pull/{number}/head")))
            .await?;
        Ok(())
    }

    /// Deletes a branch of ours; one that is gone already is as good.
    pub(super) async fn delete_branch(&self, branch: &str) -> Result<(), WorkError> {
        let branch = branch.to_owned();
        let outcome = self
            .mirror
            .run(move |mirror| mirror.delete_branch(&branch, None))
            .await?;
        if let PushOutcome::Rejected { reason } = outcome {
            tracing::info!("a branch could not be deleted: {reason}");
        }
        Ok(())
    }
}

/// A commit of ours with these changes on top of `base`; the same input gives the same commit.
pub(super) fn commit(
    job: &Job<'_>,
    parents: Vec<String>,
    base: Base,
    changes: BTreeMap<String, Option<Vec<u8>>>,
    message: String,
) -> Result<String, WorkError> {
    let request = CommitRequest {
        parents,
        base,
        changes: changes
            .into_iter()
            .map(|(path, content)| {
                (
                    path,
                    content.map(|content| FileChange {
                        content,
                        executable: false,
                    }),
                )
            })
            .collect(),
        message,
        author_name: AUTHOR.0.to_owned(),
        author_email: AUTHOR.1.to_owned(),
        time: job.created,
    };
    Ok(job.repo.mirror.commit(&request)?.id().to_owned())
}

/// Pushes on top of what was seen, taking a race with somebody else's push as something to look at anew. `over` replaces
/// a stale branch of ours that no pull request uses any more.
pub(super) async fn push(
    job: &Job<'_>,
    branch: &str,
    sha: &str,
    seen: Option<String>,
    over: bool,
) -> Result<(), WorkError> {
    let (name, commit) = (branch.to_owned(), sha.to_owned());
    let lease = match seen {
        None => Lease::Absent,
        Some(seen) if over => Lease::ForceFrom(seen),
        Some(seen) => Lease::At(seen),
    };
    job.fence.check().await?;
    match job
        .repo
        .mirror
        .run(move |mirror| mirror.push(&name, &commit, &lease))
        .await?
    {
        PushOutcome::Pushed => Ok(()),
        PushOutcome::NonFastForward { reason } => {
            Err(WorkError::transient(format!("{branch} moved: {reason}")))
        }
        PushOutcome::Rejected { reason } => Err(WorkError::lasting(format!(
            "the push to {branch} was refused: {reason}"
        ))),
    }
}
