//! Reports: a check run on a commit, and one sticky comment on a pull request.

use super::open_pull::stored_plan;
use super::quiet::quiet;
use super::{Job, WorkError};
use hodman_clients::github::{CheckRun, CheckStatus, Conclusion, PullState};
use hodman_core::effect::{Act, Effect, Report, Verdict};
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, PlanDigest, PullNumber};
use hodman_model::plan::Plan;
use hodman_store::{EffectFilter, EffectState};

/// A check run's text may have 65,535 characters.
const PLAN_CHARS: usize = 60_000;

pub(super) async fn say(
    job: &Job<'_>,
    topic: &str,
    pull: Option<PullNumber>,
    commit: Option<&CommitSha>,
    report: &Report,
) -> Result<Outcome, WorkError> {
    let newer = said_since(job, topic).await?;
    let plan = match &report.plan {
        Some(digest) => stored_plan(job, digest)
            .await
            .ok()
            .map(|plan| shown(job, digest, &plan)),
        None => None,
    };
    let (title, summary) = (quiet(&report.title), quiet(&report.summary));
    let link = job
        .work
        .link(&format!("/environments/{}/{topic}", job.pipeline));
    let over = is_over(job, pull, commit).await?;
    let late = |commit: &&CommitSha| over || newer.iter().any(|act| on_commit(act, commit));
    if let Some(commit) = commit.filter(|commit| !late(commit)) {
        let (status, conclusion) = standing(report.verdict);
        let run = CheckRun {
            name: report.check.clone(),
            head_sha: commit.to_string(),
            external_id: format!("{}/{topic}", job.pipeline),
            status,
            conclusion,
            title: title.clone(),
            summary: summary.clone(),
            text: plan,
            details_url: link,
            annotations: vec![],
        };
        job.fence.check().await?;
        job.work
            .github
            .put_check_run(job.repo.repository(), &run)
            .await?;
    }
    if let Some(pull) = pull.filter(|pull| !newer.iter().any(|act| on_pull(act, *pull))) {
        let marker = format!("<!-- hodman-status {}/{topic} -->", job.pipeline);
        let body = format!("{marker}\n### {title}\n\n{summary}");
        job.fence.check().await?;
        job.work
            .github
            .upsert_sticky(job.repo.repository(), pull.0, &marker, &body)
            .await?;
    }
    Ok(Outcome::Said)
}

/// What newer reports of this environment were said on since. A report that failed is said again later, and about a
/// merged pull request what it was opened with would then stand over what became of it.
async fn said_since(job: &Job<'_>, topic: &str) -> Result<Vec<Act>, WorkError> {
    if job.fence.attempt() <= 1 {
        return Ok(vec![]);
    }
    let done = EffectFilter {
        pipeline: Some(job.pipeline.to_owned()),
        env: Some(topic.to_owned()),
        state: Some(EffectState::Done),
        ..EffectFilter::default()
    };
    let rows = job.work.store.list_effects(&done).await?;
    Ok(rows
        .iter()
        .filter(|row| row.op.cast_unsigned() > job.op)
        .filter_map(|row| serde_json::from_str::<Effect>(&row.payload).ok())
        .map(|effect| effect.act)
        .collect())
}

/// Whether the commit is the head of a pull request that ended since: what is said there so late looks like a judgement of now.
async fn is_over(
    job: &Job<'_>,
    pull: Option<PullNumber>,
    commit: Option<&CommitSha>,
) -> Result<bool, WorkError> {
    let (Some(pull), Some(commit)) = (pull, commit) else {
        return Ok(false);
    };
    if job.fence.attempt() <= 1 {
        return Ok(false);
    }
    let now = job.work.github.pull(job.repo.repository(), pull.0).await?;
    Ok(now.state != PullState::Open && now.head_sha == commit.as_str())
}

fn on_commit(act: &Act, wanted: &CommitSha) -> bool {
    matches!(act, Act::Say { commit: Some(commit), .. } if commit == wanted)
}

fn on_pull(act: &Act, wanted: PullNumber) -> bool {
    matches!(act, Act::Say { pull: Some(pull), .. } if *pull == wanted)
}

/// The plan, and where the rest of it is when there is more than fits.
fn shown(job: &Job<'_>, digest: &PlanDigest, plan: &Plan) -> String {
    let (mut text, short) = plan.to_markdown(PLAN_CHARS);
    if let Some(url) = job.work.link(&format!("/plans/{digest}")).filter(|_| short) {
        text.push_str(&format!("\n\nThe whole plan: {url}\n"));
    }
    text
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
