//! Closing and merging pull requests.

use super::quiet::quiet;
use super::{Job, WorkError, pulls};
use hodman_clients::github::{MergeMethod, MergeOutcome, PullState};
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, PullNumber};

/// Closes one that was superseded, unless a person pushed to it.
pub(super) async fn close(
    job: &Job<'_>,
    number: PullNumber,
    because: &str,
) -> Result<Outcome, WorkError> {
    let github = &job.work.github;
    let repo = job.repo.repository();
    let pull = github.pull(repo, number.0).await?;
    if pull.state != PullState::Open {
        return Ok(Outcome::PullClosed);
    }
    if pulls::person_pushed(job, &pull).await? {
        return Ok(Outcome::PullKept);
    }
    let note = "<!-- hodman-superseded -->";
    job.fence.check().await?;
    github
        .upsert_sticky(
            repo,
            number.0,
            note,
            &format!("{note}\nClosed: {}.", quiet(because)),
        )
        .await?;
    job.fence.check().await?;
    github.close_pull(repo, number.0).await?;
    // The branch is ours alone and its content is on the pull request for ever; left behind it would only be in the way.
    job.repo
        .delete_branch(&pull.head_ref, &pull.head_sha)
        .await?;
    Ok(Outcome::PullClosed)
}

/// "Merge commits are not allowed on this repository": then another way. What was approved is found from any of them.
const METHODS: [MergeMethod; 3] = [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase];

/// Merges one, pinned to the head that was planned.
pub(super) async fn merge(
    job: &Job<'_>,
    number: PullNumber,
    head: &CommitSha,
) -> Result<Outcome, WorkError> {
    let mut merged = MergeOutcome::NotMergeable {
        reason: "no way of merging is allowed".to_owned(),
    };
    for method in METHODS {
        // Once merged by an executor that had lost its lease would be once too often: asked right before.
        job.fence.check().await?;
        merged = job
            .work
            .github
            .merge_pull(job.repo.repository(), number.0, head.as_str(), method, None)
            .await?;
        let forbidden = matches!(&merged, MergeOutcome::NotMergeable { reason }
            if reason.contains("not allowed on this repository"));
        if !forbidden {
            break;
        }
    }
    Ok(match merged {
        MergeOutcome::Merged { .. } => Outcome::PullMerged,
        MergeOutcome::AlreadyMerged { head_sha, .. } if head_sha == head.as_str() => {
            Outcome::PullMerged
        }
        MergeOutcome::AlreadyMerged { head_sha, .. } | MergeOutcome::HeadMoved { head_sha } => {
            Outcome::MergeRefused {
                why: format!("its head moved to {}", CommitSha(head_sha).short()),
            }
        }
        MergeOutcome::NotMergeable { reason } => Outcome::MergeRefused { why: reason },
    })
}
