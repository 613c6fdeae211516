//! What was stopped for a change goes on when its time is over, by itself: the apply that stopped it may have failed, or its window
//! has closed. Nothing else is done.

use super::super::claims::{Ledger, Ledgers};
use super::super::{Job, WorkError, taken};
use super::maintenance;
use super::site::Site;
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, EnvName, PackageDigest};
use hodman_model::plan::{Desired, WorkspacePart};
use std::collections::BTreeSet;

pub(in super::super) async fn give_back(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &CommitSha,
) -> Result<Outcome, WorkError> {
    let ledgers = Ledgers::of_foundation(job, env.as_str()).await?;
    if ledgers.own.still().is_empty() {
        return Ok(Outcome::GivenBack);
    }
    let taken = Box::pin(taken::reach(job, env, package, config.as_str())).await?;
    if let Some(why) = maintenance::unsettled(job, env, &taken) {
        return Ok(Outcome::Waits { why });
    }
    let part = taken.parts.iter().find(|part| part.is_foundation());
    let part = part.ok_or_else(|| {
        WorkError::lasting(
            "what stands still cannot be looked at: the environment calls no modules",
        )
    })?;
    // Nothing is begun, so the claims stay as they are but for what goes on.
    let ledger = Ledger::begin(
        job,
        env.as_str(),
        &part.workspace,
        &part.ledgers,
        &WorkspacePart::default(),
        &Desired::default(),
    )
    .await?;
    let site = Site::new(job, env, &taken, part, ledger, &taken.given);
    match maintenance::over(&site, &BTreeSet::new()).await {
        Ok(()) => Ok(match maintenance::left(&site).await {
            Some(why) => Outcome::Waits { why },
            None => Outcome::GivenBack,
        }),
        Err(error) if error.is_waiting() => Ok(Outcome::Waits {
            why: error.to_string(),
        }),
        Err(error) => Err(error),
    }
}
