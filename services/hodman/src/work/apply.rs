//! Applies what was approved: takes the plan again, checks that every action is in the approved set, and does the
//! actions that are still needed, those beside each other that do not wait for each other, asking for the lease before
//! each.

mod access;
mod approval;
mod asleep;
mod bind;
mod compute;
mod find;
mod folder;
mod former;
mod give_back;
mod leaving;
mod made;
mod maintenance;
mod make;
mod patience;
mod put;
mod resize;
mod rows;
mod settle;
mod site;
mod stack;
mod step;
mod unseen;
mod vanished;
mod wait;

pub(super) use give_back::give_back;
pub use made::Made;
pub(super) use maintenance::show_as_before;

use super::claims::Ledger;
use super::taken::{self, Part, Taken};
use super::{Job, WorkError, filesets};
use hodman_core::effect::Approved;
use hodman_core::event::Outcome;
use hodman_core::ids::{BindingDigest, CommitSha, EnvName, PackageDigest};
use hodman_model::bundle::ResourceKey;
use hodman_model::plan::{Action, Known, Row, WorkspacePart};
use site::Site;
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
    if let Some(words) = maintenance::unsettled(job, env, &taken) {
        return Err(WorkError::stands_still(words));
    }
    taken.keep(job).await?;
    if let Some(outside) = approval::outside(job, &taken, approved).await? {
        return Ok(Outcome::NotApproved {
            plan: facts,
            outside,
            stands_still: maintenance::stands(&taken),
        });
    }
    let (mut done, mut uploaded) = Box::pin(all_workspaces(job, env, &taken)).await?;
    let mut whole = taken.is_whole();
    let allowed = taken.plan.action_digests();
    let waiting = taken
        .plan
        .rows()
        .filter(|(_, row)| row.waits || row.looks_again);
    let waiting = waiting.count();
    let passes = taken.plan.parts.len() + waiting;
    // A workspace that was made just now is looked at for the first time, and so is what a stack does whose inputs are known just
    // now. What is done there was approved when nothing was seen of it, so all of it must stand in that plan. Each pass makes at
    // least one more of them or fails.
    for _ in 0..passes {
        if whole {
            break;
        }
        let again = Box::pin(taken::take(job, env, package, config.as_str())).await?;
        if &again.binding != binding {
            return Err(WorkError::transient(
                "the binding on main changed; looked at anew",
            ));
        }
        again.keep(job).await?;
        let outside = match approved {
            Approved::Reversible => approval::outside(job, &again, approved).await?,
            _ => again.plan.subset_of(&allowed).err().map(names),
        };
        if let Some(outside) = outside {
            return Ok(Outcome::NotApproved {
                plan: again.facts(),
                outside,
                stands_still: maintenance::stands(&again),
            });
        }
        let more = Box::pin(all_workspaces(job, env, &again)).await?;
        done += more.0;
        uploaded += more.1;
        whole = again.is_whole();
    }
    if !whole {
        return Err(WorkError::lasting(
            "the modules were applied, and a workspace or an input that they give is not known still",
        ));
    }
    let all = approved_count(approved, facts.actions.len());
    Ok(Outcome::Applied {
        done,
        satisfied: all.saturating_sub(done),
        uploaded,
        plan: facts,
    })
}

/// Everything in the plan, whoever approved it; gives the actions done and the files uploaded.
pub(super) async fn all_workspaces(
    job: &Job<'_>,
    env: &EnvName,
    taken: &Taken,
) -> Result<(u32, u32), WorkError> {
    let mut done = 0;
    let mut uploaded = 0;
    let mut given = taken.given.clone();
    let open = |row: &Row| row.waits || row.looks_again;
    // In the order of the environment's workspaces; the first that fails stops the rest.
    for (part, rows) in taken.parts.iter().zip(&taken.plan.parts) {
        // What a package protects is noted also when nothing else changes.
        let protects = part.ledgers.own.protected() != part.desired(taken).protected();
        // A foundation is gone through also when nothing is to be done: one that is still being made is waited for, and so is
        // what takes a while in a workspace.
        // So is which objects they are whose tags somebody may clear or copy.
        let waits = part.is_foundation()
            || part.ledgers.own_moved
            || unseen::any(part, taken, job, env)
            || vanished::any(part, taken);
        if !rows.rows.is_empty() || protects || waits {
            let ended = one_workspace(job, env, taken, part, rows, &mut given).await;
            let ended = ended.map_err(|error| match taken.parts.len() {
                1 => error,
                _ => error.doing(&format!("workspace {}", rows.workspace)),
            })?;
            done += ended.done;
            uploaded += ended.uploaded;
        }
        if part.is_foundation() && rows.rows.iter().any(open) {
            // What stands on it may take what is not known yet.
            return Ok((done, uploaded));
        }
        // Also when nothing was left to do: the apply before this one may have been killed right here.
        filesets::tidy(job, env.as_str(), taken, part).await?;
    }
    let mut all = taken.parts.iter().zip(&taken.plan.parts);
    let ground = all.find(|(part, rows)| part.is_foundation() && former::any(part, &rows.rows));
    if let Some((part, _)) = ground.filter(|_| taken.is_whole()) {
        former::away(job, env, taken, part, &given).await?;
    }
    Ok((done, uploaded))
}

/// The rows of one workspace, with our claims around them.
async fn one_workspace(
    job: &Job<'_>,
    env: &EnvName,
    taken: &Taken,
    part: &Part,
    rows: &WorkspacePart,
    given: &mut Known,
) -> Result<rows::Ended, WorkError> {
    let ledger = Ledger::begin(
        job,
        env.as_str(),
        &part.workspace,
        &part.ledgers,
        rows,
        part.desired(taken),
    )
    .await?;
    let before = {
        let known = Known::of(
            part.desired(taken),
            &part.observed,
            job.pipeline,
            env.as_str(),
        );
        known.and(given.clone())
    };
    filesets::readable(job, env.as_str(), taken, part, &before).await?;
    let site = Site::new(job, env, taken, part, ledger, given);
    vanished::forget(&site).await?;
    settle::all(&site).await?;
    unseen::made(&site, &rows.rows).await?;
    let ended = rows::run(&site, &rows.rows).await?;
    unclaim(&site, &ended, rows).await;
    settle::away(&site, &ended, &rows.rows).await?;
    if part.is_foundation() {
        // What stands on it takes what was made just now.
        let known = site.known().clone();
        *given = known;
    }
    let written = site.ledger.flush().await;
    if let Some(failure) = ended.failure(&rows.rows) {
        let left = ended.left(&rows.rows);
        return Err(maintenance::over_though(&site, failure, &left).await);
    }
    written?;
    if part.is_foundation() {
        Box::pin(stack::note_told(&site, &rows.rows)).await?;
    }
    unseen::changed(&site, &rows.rows).await?;
    // A principal that was made just now reads the files of what runs as it.
    let now = site.known().clone();
    if filesets::run_as(&taken.desired, &now) != filesets::run_as(&taken.desired, &before) {
        filesets::readable(job, env.as_str(), taken, part, &now).await?;
    }
    if !site.ledger.still().await.is_empty() {
        maintenance::over(&site, &BTreeSet::new()).await?;
        // What was changed is known to be kept, and goes back to nothing.
        settle::away(&site, &ended, &rows.rows).await?;
        site.ledger.flush().await?;
    }
    Ok(ended)
}

/// Takes back the claims on what no request was sent for: what somebody makes under those names meanwhile is theirs.
async fn unclaim(site: &Site<'_>, ended: &rows::Ended, rows: &WorkspacePart) {
    let before = &site.part.ledgers.own;
    for row in ended.undone(&rows.rows) {
        // A claim that was there before may be of a create whose end nobody saw.
        let ours = row.action == Action::Create && !before.is_in_doubt(&row.key);
        if ours && !site.was_sent(&row.key) {
            site.ledger.unmade(&row.key).await;
        }
    }
}

fn names(keys: Vec<ResourceKey>) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn approved_count(approved: &Approved, found: usize) -> u32 {
    let count = match approved {
        Approved::Actions { actions, .. } => actions.len(),
        Approved::PlanOnly { .. } | Approved::Reversible => found,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}
