//! git's slow half off the async threads: what goes over the network or walks far.

use super::pulls::AUTHOR;
use super::{Job, Repo, WorkError};
use hodman_clients::git::{
    Base, CommitRequest, EntryKind, FileChange, GitError, Lease, Mirror, PushOutcome,
};
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

    /// Reads much of a commit, or walks far back, on the threads that may block.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, WorkError> {
        let repo = self.clone();
        tokio::task::spawn_blocking(move || work(&repo))
            .await
            .map_err(|error| WorkError::transient(format!("the git task ended early: {error}")))?
    }

    /// Deletes a branch of ours if it still is at `seen`: what somebody pushed a moment ago stays. One that is gone
    /// already is as good.
    pub(super) async fn delete_branch(&self, branch: &str, seen: &str) -> Result<(), WorkError> {
        let (branch, seen) = (branch.to_owned(), seen.to_owned());
        let outcome = self
            .mirror
            .run(move |mirror| mirror.delete_branch(&branch, Some(&seen)))
            .await?;
        if let PushOutcome::Rejected { reason } | PushOutcome::NonFastForward { reason } = outcome {
            tracing::info!("a branch was not deleted: {reason}");
        }
        Ok(())
    }
}

/// A commit of ours with these changes on top of `base`; the same input gives the same commit. A script that could be
/// run still can: a workspace knows no such bit, so that it would get lost with every capture.
pub(super) async fn commit(
    job: &Job<'_>,
    parents: Vec<String>,
    base: Base,
    changes: BTreeMap<String, Option<Vec<u8>>>,
    message: String,
) -> Result<String, WorkError> {
    let time = job.created;
    let made = job
        .repo
        .mirror
        .run(move |mirror| {
            let mut files = BTreeMap::new();
            for (path, content) in changes {
                let file = match content {
                    Some(content) => Some(FileChange {
                        executable: is_executable(mirror, &base, &path)?,
                        content,
                    }),
                    None => None,
                };
                files.insert(path, file);
            }
            mirror.commit(&CommitRequest {
                parents,
                base,
                changes: files,
                message,
                author_name: AUTHOR.0.to_owned(),
                author_email: AUTHOR.1.to_owned(),
                time,
            })
        })
        .await?;
    Ok(made.id().to_owned())
}

fn is_executable(mirror: &Mirror, base: &Base, path: &str) -> Result<bool, GitError> {
    let Base::Commit(commit) = base else {
        return Ok(false);
    };
    let there = mirror.list(commit, path)?;
    Ok(there
        .iter()
        .any(|entry| entry.path == path && entry.kind == EntryKind::Executable))
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

#[cfg(test)]
mod tests;
