//! The pull request of a capture.

use super::super::{Job, WorkError};
use super::branch::Place;
use hodman_clients::github::{NewPull, Pull};
use hodman_core::facts::PullKind;
use hodman_core::ids::{EnvName, PipelineName, PlanDigest};
use hodman_core::text::{Marker, capture_text};
use hodman_model::capture::{Captured, CapturedAs};

/// What had been captured was undone in the workspace: the pull request has nothing left to say.
pub(super) async fn nothing_left(job: &Job<'_>, open: Option<Pull>) -> Result<(), WorkError> {
    if let Some(pull) = open {
        job.work
            .github
            .close_pull(job.repo.repository(), pull.number)
            .await?;
        job.repo
            .delete_branch(&pull.head_ref, &pull.head_sha)
            .await?;
    }
    Ok(())
}

/// Opens the pull request, or brings the open one up to date.
pub(super) async fn propose(
    job: &Job<'_>,
    env: &EnvName,
    workspace: &str,
    whole: &Captured,
    digest: PlanDigest,
    place: Place,
) -> Result<u64, WorkError> {
    let marker = Marker {
        pipeline: PipelineName::from(job.pipeline),
        env: env.clone(),
        kind: PullKind::Capture,
        package: None,
        // Not a plan, but what is proposed: so that it is known again after somebody declined it.
        plan: Some(digest),
    };
    let rows = whole.rows.iter();
    let conflicts = rows.filter(|row| row.what == CapturedAs::Conflict).count();
    let text = capture_text(
        &marker,
        workspace,
        &super::table::render(&whole.rows),
        conflicts,
    );
    let github = &job.work.github;
    let pull = match place.open {
        Some(pull) => pull,
        None => {
            let new = NewPull {
                title: text.title.clone(),
                body: text.body.clone(),
                head: place.branch,
                base: job.repo.branch.clone(),
            };
            job.fence.check().await?;
            github.create_pull(job.repo.repository(), &new).await?
        }
    };
    if pull.title != text.title || pull.body != text.body {
        github
            .update_pull(
                job.repo.repository(),
                pull.number,
                Some(&text.title),
                Some(&text.body),
            )
            .await?;
    }
    Ok(pull.number)
}
