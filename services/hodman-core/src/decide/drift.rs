//! Comparison with the workspace, and what the environment's policy says about a difference.

use super::advance::with_env;
use super::{Draft, notice};
use crate::effect::{Act, Approved};
use crate::event::Outcome;
use crate::facts::PlanFacts;
use crate::gates;
use crate::ids::{ActionDigest, CommitSha, EnvName, Op, PackageDigest};
use crate::policy::DriftPolicy;
use crate::state::{Cause, Environment, Found, Run, RunPhase};
use chrono::Duration;

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.run.is_some() || env.broken.is_some() {
        return;
    }
    notice::advance(draft, name, env);
    compare(draft, name, env);
    answer(draft, name, env);
}

fn compare(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if !env.drift.wanted || env.drift.comparing.is_some() {
        return;
    }
    let Some(package) = in_place(env) else {
        env.drift.wanted = false;
        return;
    };
    let Some(config) = settled(draft, env) else {
        return;
    };
    if env.drift.not_before.is_some_and(|at| at > draft.now) {
        return draft.wake(env.drift.not_before);
    }
    env.drift.wanted = false;
    let op = draft.emit(
        Some(name),
        Act::Plan {
            package: package.clone(),
            config,
            compares: true,
        },
    );
    env.drift.comparing = Some((op, package));
}

/// The package that ought to be in place, once one is.
pub(super) fn in_place(env: &Environment) -> Option<PackageDigest> {
    env.current.as_ref()?;
    env.desired_package().cloned()
}

/// The commit to compare with. Under a binding that nobody approved yet every difference would be a false one.
pub(super) fn settled(draft: &Draft, env: &Environment) -> Option<CommitSha> {
    let settled = env
        .accepted
        .as_ref()
        .is_none_or(|accepted| Some(&accepted.binding) == env.binding.as_ref());
    draft.state.head.clone().filter(|_| settled)
}

/// Does what the policy says, once for each difference.
fn answer(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    expire(draft, name, env);
    let Some(found) = env.drift.found.clone() else {
        return;
    };
    match env.policy.drift {
        DriftPolicy::Report => {}
        DriftPolicy::PullRequest => propose(draft, name, env, &found),
        DriftPolicy::Heal => heal(draft, name, env, &found),
    }
}

/// A proposal that nobody takes up does not hide the difference for ever.
fn expire(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(found) = &mut env.drift.found else {
        return;
    };
    let Some(until) = found.until else {
        return;
    };
    if until > draft.now {
        draft.wake(Some(until));
        return;
    }
    found.until = None;
    let what = found
        .proposed
        .map_or("the merged change did not arrive".to_owned(), |number| {
            format!("{number} was neither merged nor closed")
        });
    let why = format!("{what} by {}", crate::reason::stamp(until));
    found.note = Some(why.clone());
    draft.note(Some(name), "drift-proposal-expired", why);
}

fn propose(draft: &mut Draft, name: &EnvName, env: &mut Environment, found: &Found) {
    if found.adopting.is_some()
        || found.proposed.is_some()
        || found.note.is_some()
        || env.hold.is_some()
    {
        return;
    }
    adopt(draft, name, env, found);
}

/// What is proposed already is found again on a default branch that has moved on: whether the proposal still fits there is
/// looked at where the files are, and it is made anew where it does not.
fn propose_again(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let moved = env.drift.found.clone().filter(|found| {
        found.proposed.is_some() && found.adopting.is_none() && found.base != draft.state.head
    });
    let Some(found) = moved.filter(|found| found.note.is_none()) else {
        return;
    };
    if env.policy.drift == DriftPolicy::PullRequest && env.hold.is_none() {
        adopt(draft, name, env, &found);
    }
}

fn adopt(draft: &mut Draft, name: &EnvName, env: &mut Environment, found: &Found) {
    let (Some(current), Some(config), Some(plan)) = (
        &env.current,
        draft.state.head.clone(),
        found.plan.digest.clone(),
    ) else {
        return;
    };
    let act = Act::AdoptDrift {
        package: current.package.clone(),
        config: config.clone(),
        plan,
    };
    let op = draft.emit(Some(name), act);
    if let Some(found) = &mut env.drift.found {
        found.adopting = Some(op);
        found.base = Some(config);
    }
}

fn heal(draft: &mut Draft, name: &EnvName, env: &mut Environment, found: &Found) {
    if found.plan.is_empty() {
        return;
    }
    let Some(digest) = found.plan.digest.clone() else {
        return;
    };
    let brake = if !found.plan.irreversible.is_empty() {
        Some(format!(
            "putting it back cannot be undone: {}",
            found.plan.irreversible.join(", ")
        ))
    } else if !found.plan.perhaps_there.is_empty() {
        // A second job with the same schedule is worse than one that lacks for a while.
        Some(format!(
            "it may be there without our marker ({}); held for a person: `adopt` takes that one over, and under another name it is \
             in nobody's way",
            found.plan.perhaps_there.join(", ")
        ))
    } else if !found.plan.maintenance.is_empty() {
        // Somebody's tag on a workspace is no reason to stop what runs in it.
        Some(format!(
            "putting it back stops what runs in {}; it goes along with the next change that is approved",
            found.plan.maintenance.join(", ")
        ))
    } else if differences(&found.plan).any(|difference| {
        env.drift.healed.get(difference).copied().unwrap_or(0) >= draft.settings.heal_limit
    }) {
        Some(format!(
            "put back {} times already; held for a person",
            draft.settings.heal_limit
        ))
    } else {
        None
    };
    if let Some(brake) = brake {
        if found.note.as_ref() != Some(&brake) {
            draft.note(Some(name), "heal-held", brake.clone());
        }
        if let Some(found) = &mut env.drift.found {
            found.note = Some(brake);
        }
        return;
    }
    if env.hold.is_some() {
        return;
    }
    if let Some(closed) = gates::window(&env.policy, draft.now) {
        draft.wake(gates::wakes_at(&closed));
        return;
    }
    let Some(current) = env.current.clone() else {
        return;
    };
    let package = env.desired_package().cloned().unwrap_or(current.package);
    for difference in differences(&found.plan) {
        *env.drift.healed.entry(difference.clone()).or_insert(0) += 1;
    }
    env.drift.unsure.clear();
    draft.note(Some(name), "heal", found.plan.counts());
    env.run = Some(Run {
        cause: Cause::Heal,
        package,
        source_commit: current.source_commit,
        binding: env
            .accepted
            .as_ref()
            .map_or(current.binding, |accepted| accepted.binding.clone()),
        approved: Approved::Actions {
            plan: digest,
            actions: found.plan.actions.clone(),
        },
        phase: RunPhase::Waiting,
    });
    super::run::advance(draft, name, env);
}

/// What the brake counts. What somebody sets again and again is the same field with the same value, whatever else of its object
/// differs with it.
fn differences(plan: &PlanFacts) -> impl Iterator<Item = &ActionDigest> {
    plan.actions.iter().chain(&plan.repairs)
}

/// A repair failed, and nobody knows how far it came.
pub(super) fn heal_failed(env: &mut Environment, approved: &Approved) {
    let Some(found) = env.drift.found.take() else {
        return;
    };
    if let Approved::Actions { plan, .. } = approved
        && found.plan.digest.as_ref() == Some(plan)
    {
        env.drift.unsure = differences(&found.plan).cloned().collect();
    }
}

/// What asked for a comparison was news, a slot or a person, and none of them comes again because it failed.
pub(super) fn again_after(draft: &Draft, env: &mut Environment, pause: Duration) {
    env.drift.wanted = true;
    env.drift.not_before = Some(draft.now + pause);
}

/// What is there still after a repair that failed was not put back, and does not count as if it had been.
fn settle(env: &mut Environment, plan: &PlanFacts) {
    let unsure = std::mem::take(&mut env.drift.unsure);
    for difference in differences(plan).filter(|difference| unsure.contains(*difference)) {
        if let Some(times) = env.drift.healed.get_mut(difference) {
            *times = times.saturating_sub(1);
        }
    }
    env.drift.healed.retain(|_, times| *times > 0);
}

pub(super) fn compared(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some((_, package)) = env.drift.comparing.take() else {
            return Err("no comparison is under way".to_owned());
        };
        match outcome {
            Outcome::Planned { plan, .. } => {
                env.drift.last = Some(draft.now);
                env.drift.error = None;
                env.drift.tries = 0;
                env.drift.not_before = None;
                if env.desired_package() == Some(&package) {
                    env.drift.report.clone_from(&plan.report);
                    settle(env, plan);
                    record(draft, name, env, plan);
                }
                Ok(())
            }
            Outcome::Failed { why, transient } => {
                if env.drift.error.as_ref() != Some(why) {
                    draft.note(Some(name), "compare-failed", why.clone());
                }
                env.drift.error = Some(why.clone());
                env.drift.tries += 1;
                if *transient {
                    let pause = draft.settings.backoff(env.drift.tries);
                    again_after(draft, env, pause);
                }
                Ok(())
            }
            other => Err(format!("not an answer to comparing: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}

fn record(draft: &mut Draft, name: &EnvName, env: &mut Environment, plan: &PlanFacts) {
    if plan.is_in_step() {
        if env.drift.found.take().is_some() {
            draft.note(Some(name), "in-step", "the difference is gone");
        }
        return;
    }
    let same = env.drift.found.as_ref().is_some_and(|found| {
        found.plan.digest == plan.digest && same_for_people(&found.plan, plan)
    });
    if same {
        propose_again(draft, name, env);
    } else {
        draft.note(Some(name), "drift", plan.counts());
        env.drift.found = Some(Found {
            plan: plan.clone(),
            since: draft.now,
            adopting: None,
            proposed: None,
            head: None,
            base: None,
            until: None,
            note: plan.is_empty().then(|| for_a_person(plan)),
        });
    }
}

fn same_for_people(one: &PlanFacts, other: &PlanFacts) -> bool {
    one.by_hand.keys().eq(other.by_hand.keys()) && one.perhaps_there == other.perhaps_there
}

/// What nothing of ours puts right, and no pull request can propose: the template that says it is not read back.
fn for_a_person(plan: &PlanFacts) -> String {
    // Three are enough to know where to look; `hodman drift` has all of them.
    let some: Vec<&str> = plan.by_hand.values().take(3).map(String::as_str).collect();
    let more = plan.by_hand.len().saturating_sub(some.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let places = some.join(", ");
    format!(
        "nothing of ours puts it right by itself: {places}{more}; a person does, or, inside of a stack, the template says it; \
         `hodman drift` says why"
    )
}

pub(super) fn adopted(
    draft: &mut Draft,
    name: &EnvName,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some(found) = env
            .drift
            .found
            .as_mut()
            .filter(|found| found.adopting == Some(op))
        else {
            return Err("the difference is gone".to_owned());
        };
        found.adopting = None;
        match outcome {
            Outcome::PullReady { number, head } => {
                // Looked at again, and it fits as it is.
                if found.proposed == Some(*number) && found.head.as_ref() == Some(head) {
                    return Ok(());
                }
                found.proposed = Some(*number);
                found.head = Some(head.clone());
                found.until = Some(draft.now + draft.settings.proposal_for);
                draft.note(Some(name), "drift-proposed", number.to_string());
                Ok(())
            }
            Outcome::PullNeedless => {
                found.note =
                    Some("Git already says so; it arrives with the next promotion".to_owned());
                Ok(())
            }
            Outcome::Failed { why, transient } => {
                draft.note(Some(name), "adopt-failed", why.clone());
                if *transient {
                    // The next comparison finds it again.
                    found.base = None;
                    if found.proposed.is_none() {
                        env.drift.found = None;
                    }
                    env.drift.error = Some(why.clone());
                    again_after(draft, env, draft.settings.retry_at_most);
                } else {
                    found.note = Some(format!("could not be proposed: {why}"));
                }
                Ok(())
            }
            other => Err(format!("not an answer to proposing: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
