//! Takes a plan.

use super::{Job, WorkError, taken};
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, EnvName, PackageDigest};

pub(super) async fn plan(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &CommitSha,
) -> Result<Outcome, WorkError> {
    let taken = taken::take(job, env, package, config.as_str()).await?;
    taken.keep(job).await?;
    Ok(Outcome::Planned {
        plan: taken.facts(),
        binding: taken.binding.clone(),
    })
}
