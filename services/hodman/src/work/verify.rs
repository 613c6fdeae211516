//! Runs an environment's verification job and waits for its result.

use super::{Job, WorkError, foundation, live, taken};
use hodman_clients::databricks::{RunOutcome, Workspace};
use hodman_core::event::Outcome;
use hodman_core::ids::{EnvName, PackageDigest};
use hodman_core::policy::VerifySpec;
use std::time::Duration;

/// Runs of some seconds are asked for often, runs of an hour seldom.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) async fn verify(
    job: &Job<'_>,
    env: &EnvName,
    spec: &VerifySpec,
    package: &PackageDigest,
) -> Result<Outcome, WorkError> {
    let head = job
        .repo
        .mirror
        .head(&job.repo.branch)?
        .ok_or_else(|| WorkError::transient("the default branch is gone"))?;
    let environment = taken::environment_at(job, env, &head)?;
    let mut details = Vec::new();
    for place in &environment.workspaces {
        let tree = job.work.packages.tree(package).await?;
        let workspace = foundation::workspace_of(job, env, &environment, &tree, place).await?;
        let (good, detail) = one(job, env, spec, package, &workspace).await?;
        details.push(format!("{}: {detail}", place.name));
        if !good {
            return Ok(Outcome::Verified {
                good: false,
                detail: details.join("; "),
            });
        }
    }
    Ok(Outcome::Verified {
        good: true,
        detail: details.join("; "),
    })
}

async fn one(
    job: &Job<'_>,
    env: &EnvName,
    spec: &VerifySpec,
    package: &PackageDigest,
    workspace: &Workspace,
) -> Result<(bool, String), WorkError> {
    let Some(id) =
        live::id_of(workspace, job.pipeline, env.as_str(), "jobs", &spec.run_job).await?
    else {
        return Ok((
            false,
            format!(
                "there is no job `{}` of this pipeline to run; mend `verify.run_job`, or `hodman retry {env}` verifies again",
                spec.run_job
            ),
        ));
    };
    let id = id
        .parse::<i64>()
        .map_err(|_| WorkError::lasting(format!("job id {id} is not a number")))?;
    // The same effect tried again finds its own run instead of starting a second one.
    let token = hodman_model::digest::sha256(
        format!(
            "{}/{env}/{}/{}/{}",
            job.pipeline,
            package,
            job.op,
            job.created.timestamp_millis()
        )
        .as_bytes(),
    );
    let run_id = workspace.jobs().run_now(id, token.hex()).await?;
    let mut pause = FIRST_PAUSE;
    let began = tokio::time::Instant::now();
    let limit = Duration::from_secs(spec.timeout_seconds.unsigned_abs());
    loop {
        let run = workspace.jobs().get_run(run_id).await?;
        let link = run.page_url.clone().unwrap_or_default();
        match run.outcome {
            RunOutcome::Unfinished => {}
            RunOutcome::Succeeded => {
                return Ok((
                    true,
                    format!("job `{}` succeeded (run {run_id}) {link}", spec.run_job),
                ));
            }
            _ => {
                let words = if run.message.is_empty() {
                    run.result.unwrap_or(run.life_cycle)
                } else {
                    run.message
                };
                return Ok((
                    false,
                    format!(
                        "job `{}` did not succeed (run {run_id}): {words} {link}",
                        spec.run_job
                    ),
                ));
            }
        }
        if began.elapsed() > limit {
            let seconds = limit.as_secs();
            return Ok((
                false,
                format!(
                    "job `{}` (run {run_id}) did not end within {seconds} s {link}",
                    spec.run_job
                ),
            ));
        }
        job.fence.check().await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
