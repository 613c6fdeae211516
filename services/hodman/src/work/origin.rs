//! Which pull request gave a file on main its present content. Asked from the commit, so that merge commits, squashes,
//! rebases and merge queues are all alike, and a lost webhook makes no difference.

use super::{Job, WorkError};
use hodman_clients::git::GitError;
use hodman_clients::github::{Pull, Review, ReviewState};
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
    let (from, at) = (head.to_owned(), path.clone());
    let last = mirror
        .run(move |mirror| mirror.last_change(&from, &at))
        .await?;
    let Some(commit) = last else {
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

/// The forge may name several: stacked ones, or one that was only rebased over the commit. The one whose merge made
/// the commit comes first, and one whose head has the file as it is on main before one that has not.
async fn ask(job: &Job<'_>, commit: &str, path: &str) -> Result<Option<Origin>, WorkError> {
    let github = &job.work.github;
    let mut pulls = github
        .pulls_for_commit(job.repo.repository(), commit)
        .await?;
    pulls.retain(|pull| pull.merged_at.is_some() && pull.base_ref == job.repo.branch);
    pulls.sort_by_key(|pull| pull.merge_commit_sha.as_deref() != Some(commit));
    let mut first = None;
    for pull in pulls {
        let pull = github.pull(job.repo.repository(), pull.number).await?;
        let content_matches = match brought(job, commit, path, &pull).await? {
            Brought::AsIs => true,
            Brought::Otherwise => false,
            Brought::FoundThere => continue,
        };
        let mut reviews = github.reviews(job.repo.repository(), pull.number).await?;
        // What is said after the merge comes too late, and would make the answer depend on when it was asked.
        reviews.retain(|review| review.submitted_at <= pull.merged_at);
        let origin = Origin {
            number: PullNumber(pull.number),
            approvals: approvals(&reviews, &pull.author, &pull.head_sha),
            content_matches,
            head: CommitSha(pull.head_sha),
            author: pull.author,
            merged_by: pull.merged_by,
        };
        if content_matches {
            return Ok(Some(origin));
        }
        first.get_or_insert(origin);
    }
    Ok(first)
}

/// What a merged pull request did with a file.
enum Brought {
    /// Its head has the file as main has it.
    AsIs,
    /// Its head has another one, or cannot be read, which proves nothing.
    Otherwise,
    /// The commit was on main before and the branch only grew from it: nobody reviewed the file there.
    FoundThere,
}

async fn brought(
    job: &Job<'_>,
    commit: &str,
    path: &str,
    pull: &Pull,
) -> Result<Brought, WorkError> {
    let (commit, path, head) = (commit.to_owned(), path.to_owned(), pull.head_sha.clone());
    let number = pull.number;
    let brought = job
        .repo
        .mirror
        .run(move |mirror| {
            mirror.fetch_ref(&format!("refs/pull/{number}/head"))?;
            if commit != head && mirror.is_ancestor(&commit, &head)? {
                return Ok(Brought::FoundThere);
            }
            let there = mirror.read(&head, &path)?;
            let same = there.is_some() && there == mirror.read(&commit, &path)?;
            Ok(if same {
                Brought::AsIs
            } else {
                Brought::Otherwise
            })
        })
        .await;
    match brought {
        Ok(brought) => Ok(brought),
        Err(GitError::Missing { .. }) => Ok(Brought::Otherwise),
        // A network that is away for a moment must not be remembered as a head that differs.
        Err(error) => Err(error.into()),
    }
}

/// Distinct people of the repository, other than the author, whose latest verdict on that very head approves.
pub(super) fn approvals(reviews: &[Review], author: &str, head: &str) -> u32 {
    let mut latest: BTreeMap<&str, bool> = BTreeMap::new();
    for review in reviews {
        let verdict = match review.state {
            ReviewState::Approved => review.commit_sha.as_deref() == Some(head),
            ReviewState::ChangesRequested | ReviewState::Dismissed => false,
            // A comment leaves the verdict as it is.
            _ => continue,
        };
        if review.belongs && review.author != author {
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

#[cfg(test)]
mod tests {
    use super::{Review, ReviewState, approvals};

    fn review(author: &str, state: ReviewState, commit: &str) -> Review {
        Review {
            id: 1,
            author: author.to_owned(),
            belongs: !author.starts_with("passer-by"),
            state,
            commit_sha: Some(commit.to_owned()),
            submitted_at: None,
        }
    }

    #[test]
    fn only_the_latest_verdict_of_others_on_this_head_counts() {
        use ReviewState::{Approved, ChangesRequested, Commented, Dismissed};
        let cases = [
            (vec![review("ann", Approved, "head")], 1),
            (vec![review("hodman", Approved, "head")], 0),
            (vec![review("ann", Approved, "before")], 0),
            (vec![review("passer-by", Approved, "head")], 0),
            (
                vec![
                    review("ann", Approved, "head"),
                    review("ann", Commented, "head"),
                ],
                1,
            ),
            (
                vec![
                    review("ann", Approved, "head"),
                    review("ann", ChangesRequested, "head"),
                ],
                0,
            ),
            (
                vec![
                    review("ann", Approved, "head"),
                    review("ann", Dismissed, "head"),
                ],
                0,
            ),
            (
                vec![
                    review("ann", Approved, "head"),
                    review("ann", Approved, "head"),
                ],
                1,
            ),
            (
                vec![
                    review("ann", Approved, "head"),
                    review("bob", Approved, "head"),
                ],
                2,
            ),
        ];
        for (reviews, expected) in cases {
            assert_eq!(
                approvals(&reviews, "hodman", "head"),
                expected,
                "{reviews:?}"
            );
        }
    }
}
