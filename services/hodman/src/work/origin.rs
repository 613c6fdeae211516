//! Which pull request gave a file on main its present content. Asked from the commit, so that merge commits, squashes,
//! rebases and merge queues are all alike, and a lost webhook makes no difference.

use super::{Job, WorkError};
use hodman_clients::github::{Review, ReviewState};
use hodman_core::facts::Origin;
use hodman_core::ids::{CommitSha, PullNumber};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Answers by (commit, path). A merged pull request does not change any more, so they stay true; none is remembered
/// for a commit whose pull request the forge did not know yet.
pub type Origins = Mutex<BTreeMap<(String, String), Origin>>;

pub(super) async fn of(
    job: &Job<'_>,
    head: &str,
    inner: &str,
) -> Result<Option<Origin>, WorkError> {
    let mirror = &job.repo.mirror;
    let path = job.repo.path(inner);
    let Some(commit) = mirror.last_change(head, &path)? else {
        return Ok(None);
    };
    let key = (commit.clone(), path.clone());
    if let Some(known) = lock(&job.work.origins).get(&key) {
        return Ok(Some(known.clone()));
    }
    let found = ask(job, &commit, &path).await?;
    if let Some(origin) = &found {
        let mut known = lock(&job.work.origins);
        // Every environment has two such files; a thousand covers hundreds of environments.
        if known.len() > 1_000 {
            known.clear();
        }
        known.insert(key, origin.clone());
    }
    Ok(found)
}

async fn ask(job: &Job<'_>, commit: &str, path: &str) -> Result<Option<Origin>, WorkError> {
    let github = &job.work.github;
    let pulls = github.pulls_for_commit(job.repo.name(), commit).await?;
    let Some(pull) = pulls
        .into_iter()
        .find(|pull| pull.merged_at.is_some() && pull.base_ref == job.repo.branch)
    else {
        return Ok(None);
    };
    let pull = github.pull(job.repo.name(), pull.number).await?;
    let mirror = &job.repo.mirror;
    let head = match job.repo.fetch_pull(pull.number).await {
        Ok(()) => mirror.read(&pull.head_sha, path)?,
        // A head that cannot be read proves nothing: the content does not match then.
        Err(error) => {
            tracing::warn!(
                pull = pull.number,
                "the head of #{} cannot be fetched: {error}",
                pull.number
            );
            None
        }
    };
    let main = mirror.read(commit, path)?;
    let reviews = github.reviews(job.repo.name(), pull.number).await?;
    Ok(Some(Origin {
        number: PullNumber(pull.number),
        approvals: approvals(&reviews, &pull.author, &pull.head_sha),
        content_matches: head.is_some() && head == main,
        head: CommitSha(pull.head_sha),
        author: pull.author,
        merged_by: pull.merged_by,
    }))
}

/// Distinct people other than the author whose latest verdict on that very head approves.
pub(super) fn approvals(reviews: &[Review], author: &str, head: &str) -> u32 {
    let mut latest: BTreeMap<&str, bool> = BTreeMap::new();
    for review in reviews {
        let verdict = match review.state {
            ReviewState::Approved => review.commit_sha.as_deref() == Some(head),
            ReviewState::ChangesRequested | ReviewState::Dismissed => false,
            // A comment leaves the verdict as it is.
            _ => continue,
        };
        if review.author != author {
            latest.insert(&review.author, verdict);
        }
    }
    u32::try_from(latest.values().filter(|approves| **approves).count()).unwrap_or(u32::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
