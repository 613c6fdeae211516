//! Applies what was approved: takes the plan again, checks that every action is in the approved set, and does the
//! actions that are still needed, one after the other, asking for the lease before each.

mod step;

pub use step::Made;

use super::taken::{self, Taken};
use super::{Job, WorkError, live, upload};
use hodman_core::effect::Approved;
use hodman_core::event::Outcome;
use hodman_core::ids::{BindingDigest, CommitSha, EnvName, PackageDigest};
use hodman_model::digest::Digest;
use std::collections::BTreeSet;

pub(super) async fn apply(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &CommitSha,
    binding: &BindingDigest,
    approved: &Approved,
) -> Result<Outcome, WorkError> {
    let taken = taken::take(job, env, package, config.as_str()).await?;
    let facts = taken.facts();
    if &taken.binding != binding {
        return Err(WorkError::transient(
            "the binding on main changed; looked at anew",
        ));
    }
    taken.keep(job).await?;
    if let Some(outside) = outside(&taken, approved) {
        return Ok(Outcome::NotApproved {
            plan: facts,
            outside,
        });
    }
    let mut done = 0;
    let mut uploaded = 0;
    // In the order of the environment's workspaces; the first failure stops the rest.
    for (part, rows) in taken.parts.iter().zip(&taken.plan.parts) {
        let mut outputs = live::outputs(&part.observed.objects, job.pipeline, env.as_str());
        for row in &rows.rows {
            job.fence.check().await?;
            if row.is_files_step() {
                uploaded += upload::upload(job, &taken, part).await?;
            } else {
                step::step(job, env, &taken, part, row, &mut outputs)
                    .await
                    .map_err(|error| error.doing(&format!("{} {}", row.action.word(), row.key)))?;
            }
            done += 1;
        }
    }
    let all = approved_count(approved, facts.actions.len());
    Ok(Outcome::Applied {
        done,
        satisfied: all.saturating_sub(done),
        uploaded,
        plan: facts,
    })
}

fn approved_count(approved: &Approved, found: usize) -> u32 {
    let count = match approved {
        Approved::Actions { actions, .. } => actions.len(),
        Approved::PlanOnly { .. } | Approved::Reversible => found,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Keys of the actions that nobody approved; none when all of them are.
fn outside(taken: &Taken, approved: &Approved) -> Option<Vec<String>> {
    let keys: Vec<String> = match approved {
        Approved::Actions { actions, .. } => {
            let known: BTreeSet<Digest> = actions
                .iter()
                .filter_map(|action| action.as_str().parse().ok())
                .collect();
            match taken.plan.subset_of(&known) {
                Ok(()) => vec![],
                Err(keys) => keys.iter().map(ToString::to_string).collect(),
            }
        }
        Approved::PlanOnly { plan } if plan.as_str() == taken.plan.digest().as_str() => vec![],
        Approved::PlanOnly { .. } => taken
            .plan
            .rows()
            .map(|(_, row)| row.key.to_string())
            .collect(),
        Approved::Reversible => taken
            .plan
            .irreversible()
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    (!keys.is_empty()).then_some(keys)
}
