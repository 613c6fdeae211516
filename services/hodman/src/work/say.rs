//! Reports: a check run on a commit, and one sticky comment on a pull request.

use super::open_pull::stored_plan;
use super::{Job, WorkError};
use hodman_clients::github::{CheckRun, CheckStatus, Conclusion};
use hodman_core::effect::{Report, Verdict};
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, PullNumber};

/// A check run's text may have 65,535 characters.
const PLAN_CHARS: usize = 60_000;

pub(super) async fn say(
    job: &Job<'_>,
    topic: &str,
    pull: Option<PullNumber>,
    commit: Option<&CommitSha>,
    report: &Report,
) -> Result<Outcome, WorkError> {
    let plan = match &report.plan {
        Some(digest) => stored_plan(job, digest)
            .await
            .ok()
            .map(|plan| plan.to_markdown(PLAN_CHARS).0),
        None => None,
    };
    let link = job
        .work
        .link(&format!("/environments/{}/{topic}", job.pipeline));
    if let Some(commit) = commit {
        let (status, conclusion) = standing(report.verdict);
        let run = CheckRun {
            name: report.check.clone(),
            head_sha: commit.to_string(),
            external_id: format!("{}/{topic}", job.pipeline),
            status,
            conclusion,
            title: report.title.clone(),
            summary: report.summary.clone(),
            text: plan,
            details_url: link,
            annotations: vec![],
        };
        job.work.github.put_check_run(job.repo.name(), &run).await?;
    }
    if let Some(pull) = pull {
        let marker = format!("<!-- hodman-status {}/{topic} -->", job.pipeline);
        let body = format!("{marker}\n### {}\n\n{}", report.title, report.summary);
        job.work
            .github
            .upsert_sticky(job.repo.name(), pull.0, &marker, &body)
            .await?;
    }
    Ok(Outcome::Said)
}

fn standing(verdict: Verdict) -> (CheckStatus, Option<Conclusion>) {
    match verdict {
        Verdict::Pending => (CheckStatus::InProgress, None),
        Verdict::Success => (CheckStatus::Completed, Some(Conclusion::Success)),
        Verdict::Neutral => (CheckStatus::Completed, Some(Conclusion::Neutral)),
        Verdict::ActionRequired => (CheckStatus::Completed, Some(Conclusion::ActionRequired)),
        Verdict::Failure => (CheckStatus::Completed, Some(Conclusion::Failure)),
    }
}
