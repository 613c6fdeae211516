//! Which branch a capture goes to, and what was proposed before.

use super::super::{Job, WorkError};
use hodman_clients::github::Pull;
use hodman_core::ids::{EnvName, PlanDigest};
use hodman_core::text::marker_of;
use hodman_model::files::CaptureBranch;

/// Closed pull requests that are looked through for one that was declined.
const CLOSED: usize = 20;

/// Where a capture goes.
pub(super) struct Place {
    /// The branch.
    pub branch: String,
    /// Its open pull request.
    pub open: Option<Pull>,
    /// Open ones of earlier runs, newest first; with a branch for each run only.
    pub earlier: Vec<Pull>,
}

pub(super) async fn find(
    job: &Job<'_>,
    env: &EnvName,
    wanted: CaptureBranch,
) -> Result<Place, WorkError> {
    let repository = job.repo.repository();
    let branch = match wanted {
        CaptureBranch::Rolling => rolling(env),
        // When the decision was taken: a second try goes to the same branch.
        CaptureBranch::PerRun => {
            format!("{}-{}", rolling(env), job.created.format("%Y%m%d-%H%M%S"))
        }
    };
    let open = job.work.github.find_open_pull(repository, &branch).await?;
    let mut earlier = Vec::new();
    if wanted == CaptureBranch::PerRun && open.is_none() {
        let base = Some(job.repo.branch.as_str());
        earlier = job.work.github.open_pulls(repository, base).await?;
        earlier.retain(|pull| is_run_of(env, &pull.head_ref) && !pull.is_fork_of(repository));
        earlier.reverse();
    }
    Ok(Place {
        branch,
        open,
        earlier,
    })
}

/// The branch that goes on from run to run.
fn rolling(env: &EnvName) -> String {
    format!("hodman/capture/{env}")
}

/// Whether captures of `env` are proposed on that branch.
pub(in crate::work) fn is_of(env: &EnvName, branch: &str) -> bool {
    branch == rolling(env) || is_run_of(env, branch)
}

/// Whether a branch is one of a run: `-20261123-214600` after the rolling one's name.
fn is_run_of(env: &EnvName, branch: &str) -> bool {
    branch
        .strip_prefix(&rolling(env))
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|moment| {
            moment.len() == 15
                && moment.bytes().enumerate().all(|(at, byte)| {
                    if at == 8 {
                        byte == b'-'
                    } else {
                        byte.is_ascii_digit()
                    }
                })
        })
}

/// The open pull request of an earlier run that proposes just this.
pub(super) fn proposed<'p>(place: &'p Place, digest: &PlanDigest) -> Option<&'p Pull> {
    let newest = place.earlier.first()?;
    (marker_of(&newest.body)?.plan.as_ref() == Some(digest)).then_some(newest)
}

/// Whether the newest closed one proposed just this, and was not merged.
pub(super) async fn declined(
    job: &Job<'_>,
    env: &EnvName,
    place: &Place,
    digest: &PlanDigest,
) -> Result<bool, WorkError> {
    let repository = job.repo.repository();
    let closed = job
        .work
        .github
        .recently_closed_pulls(repository, &rolling(env), CLOSED)
        .await?;
    let newest = closed.into_iter().find(|pull| {
        (pull.head_ref == place.branch || is_run_of(env, &pull.head_ref))
            && !pull.is_fork_of(repository)
    });
    Ok(newest.is_some_and(|pull| {
        !pull.merged
            && marker_of(&pull.body).is_some_and(|marker| marker.plan.as_ref() == Some(digest))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_of_runs_are_known_from_others() {
        let env = EnvName("dev".to_owned());
        assert!(is_run_of(&env, "hodman/capture/dev-20261123-214600"));
        for other in [
            "hodman/capture/dev",
            "hodman/capture/dev-eu",
            "hodman/capture/dev-20261123_214600",
            "hodman/capture/dev-eu-20261123-214600",
            "hodman/promote/dev-20261123-214600",
        ] {
            assert!(!is_run_of(&env, other), "{other}");
        }
    }
}
