//! Pins on main: which of them are approvals. Merged is not yet approved.

use super::{Draft, bars};
use crate::effect::Approved;
use crate::facts::{EnvFacts, Origin, Pin, PlanFacts};
use crate::gates;
use crate::ids::{EnvName, PlanDigest, PullNumber};
use crate::reason::{Reason, Refusal};
use crate::state::{Accepted, Aside, Cause, Environment, Phase};
use std::collections::BTreeSet;

/// Looks at the pin and the binding that main has now.
pub(super) fn consider(draft: &mut Draft, name: &EnvName, env: &mut Environment, facts: &EnvFacts) {
    env.binding.clone_from(&facts.binding);
    env.pin.clone_from(&facts.pin);
    let Some(pin) = &facts.pin else {
        // Somebody took back what did not count.
        env.refused = None;
        return;
    };
    let known = env
        .accepted
        .as_ref()
        .is_some_and(|accepted| &accepted.pin == pin);
    if known {
        env.refused = None;
        recovered_later(draft, name, env, pin, facts);
        binding(draft, name, env, facts);
        return;
    }
    match judge(draft, env, pin, facts) {
        Ok((origin, approved, recovered)) => {
            accept(draft, name, env, pin, &origin, approved, recovered);
        }
        Err(refusal) => {
            let again = env
                .refused
                .as_ref()
                .is_some_and(|(old, why)| old == pin && why == &refusal);
            if !again {
                draft.note(Some(name), "pin-refused", refusal.to_string());
            }
            env.refused = Some((pin.clone(), refusal));
            let origin = facts.pin_origin.as_ref();
            env.refused_on = origin.map(|origin| (origin.number, origin.head.clone()));
        }
    }
}

/// Remembers where the approved binding stands, for as long as main has it.
pub(super) fn bound(draft: &Draft, env: &mut Environment) {
    let Some(accepted) = &env.accepted else {
        return;
    };
    if env.binding.as_ref() == Some(&accepted.binding) {
        env.bound_at = env.binding.clone().zip(draft.state.head.clone());
    }
}

/// A pin found with an empty database was held back because its predecessor had not passed; perhaps it has by now.
fn recovered_later(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    pin: &Pin,
    facts: &EnvFacts,
) {
    let held_back = env.accepted.as_ref().is_some_and(|accepted| {
        accepted.cause == Cause::Recovered
            && !accepted.done
            && accepted.approved == nothing(&pin.plan)
    });
    if !held_back {
        return;
    }
    if let Ok((_, approved, _)) = judge(draft, env, pin, facts)
        && let Some(accepted) = &mut env.accepted
    {
        accepted.approved = approved;
        let text = "the pin counts in full: every predecessor has passed its package by now";
        draft.note(Some(name), "approved", text);
    }
}

fn judge(
    draft: &Draft,
    env: &Environment,
    pin: &Pin,
    facts: &EnvFacts,
) -> Result<(Origin, Approved, bool), Refusal> {
    let origin = reviewed(env, facts.pin_origin.as_ref())?;
    if !facts.pin_package_stored && draft.state.package(&pin.package).is_none() {
        return Err(Refusal::UnknownPackage);
    }
    // With nothing remembered (a lost database) the world itself is asked: what is already in place needs no approval.
    let recovered =
        env.accepted.is_none() && env.current.is_none() && proposed_plan(env, &pin.plan).is_none();
    let rolled_back = env.put_aside.get(&pin.package) == Some(&Aside::RolledBack);
    if rolled_back && !recovered && proposed_plan(env, &pin.plan).is_none() {
        return Err(Refusal::PutAside);
    }
    let here_before = gates::passed(env, &pin.package);
    let closed = if here_before {
        None
    } else {
        closed_gate(draft, env, pin, origin.number)
    };
    let known = proposed_plan(env, &pin.plan).or_else(|| shown_plan(env, &pin.plan));
    let approved = match (known, closed) {
        (_, Some(_)) if recovered => nothing(&pin.plan),
        // It is what was left, or is about to be: compared, and nothing is done to get there.
        _ if recovered && rolled_back => nothing(&pin.plan),
        (_, Some(refusal)) => return Err(refusal),
        (Some(plan), None) => Approved::Actions {
            plan: pin.plan.clone(),
            actions: plan.actions,
        },
        (None, None) => Approved::PlanOnly {
            plan: pin.plan.clone(),
        },
    };
    Ok((origin, approved, recovered))
}

/// The first gate that the package has not passed on its way here, whoever wrote the pin; also those that the pull request itself
/// took away.
fn closed_gate(draft: &Draft, env: &Environment, pin: &Pin, number: PullNumber) -> Option<Refusal> {
    let source = draft
        .state
        .package(&pin.package)
        .map_or(&pin.source_commit, |known| &known.commit);
    let pulls = [number];
    let reasons = gates::entry(&draft.state, env, &pulls, &pin.package, source, draft.now);
    reasons.into_iter().find_map(|reason| match reason {
        Reason::NotThereYet { env } | Reason::NotHealthy { env, .. } => {
            Some(Refusal::NotPassed { env })
        }
        Reason::Soaking { env, until } => Some(Refusal::Soaking { env, until }),
        Reason::CheckPending { name } | Reason::CheckFailed { name } => {
            Some(Refusal::CheckNotGreen { name })
        }
        _ => None,
    })
}

fn reviewed(env: &Environment, origin: Option<&Origin>) -> Result<Origin, Refusal> {
    let origin = origin.ok_or(Refusal::PushedDirectly)?;
    if !origin.content_matches {
        return Err(Refusal::HeadDiffers {
            number: origin.number,
        });
    }
    let pulls = [origin.number];
    let asked = env.policies(&pulls).map(|policy| policy.gates.approvals);
    let want = asked.max().unwrap_or_default();
    if origin.approvals < want {
        return Err(Refusal::NotReviewed {
            number: origin.number,
            have: origin.approvals,
            want,
        });
    }
    Ok(origin.clone())
}

fn nothing(plan: &PlanDigest) -> Approved {
    Approved::Actions {
        plan: plan.clone(),
        actions: BTreeSet::new(),
    }
}

/// The plan of the promotion under way, if it is the one that the pin names.
fn proposed_plan(env: &Environment, digest: &PlanDigest) -> Option<PlanFacts> {
    let Some(Phase::Open(pull)) = env.promotion.as_ref().map(|promotion| &promotion.phase) else {
        return None;
    };
    let updating = pull.updating.as_ref().map(|(_, plan, _)| plan);
    [Some(&pull.plan), updating]
        .into_iter()
        .flatten()
        .find(|plan| plan.digest.as_ref() == Some(digest))
        .cloned()
}

/// A plan that one of its pull requests showed, also when that has been superseded or seen merged before its pin.
fn shown_plan(env: &Environment, digest: &PlanDigest) -> Option<PlanFacts> {
    env.shown
        .iter()
        .find(|plan| plan.digest.as_ref() == Some(digest))
        .cloned()
}

fn accept(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    pin: &Pin,
    origin: &Origin,
    approved: Approved,
    recovered: bool,
) {
    draft.note(
        Some(name),
        "approved",
        format!(
            "package {} by merging {} at {}",
            pin.package.short(),
            origin.number,
            origin.head.short()
        ),
    );
    env.refused = None;
    // It is applied from what is there by then.
    env.drift.asked = None;
    // What was kept while the database was lost is newer than a pin that had been taken before.
    if !recovered {
        env.put_aside.remove(&pin.package);
    }
    let ours = env
        .promotion
        .as_ref()
        .and_then(crate::state::Promotion::number)
        == Some(origin.number)
        && env
            .promotion
            .as_ref()
            .is_some_and(|promotion| promotion.package == pin.package);
    // Somebody merging what was just being superseded by the rollback does not end the override.
    if let Some(over) = env.over.take_if(|over| ours || over.package == pin.package) {
        draft.note(
            Some(name),
            "override-ends",
            format!("the override by {} ends with this approval", over.by),
        );
    }
    let cause = if recovered {
        Cause::Recovered
    } else {
        Cause::Pin {
            number: origin.number,
            head: origin.head.clone(),
        }
    };
    env.accepted = Some(Accepted {
        pin: pin.clone(),
        package: pin.package.clone(),
        source_commit: pin.source_commit.clone(),
        binding: pin.binding.clone(),
        plan: pin.plan.clone(),
        pull: Some(origin.number),
        head: Some(origin.head.clone()),
        cause,
        approved,
        carries: BTreeSet::new(),
        done: false,
    });
    // The pull request that led here has done its work; others are looked at anew.
    super::strays::gone(env, origin.number);
    if ours {
        env.promotion = None;
    }
}

/// The pinned package under a changed binding: approved by the pull request that changed it, if that showed the plan.
fn binding(draft: &mut Draft, name: &EnvName, env: &mut Environment, facts: &EnvFacts) {
    let (Some(now), Some(accepted)) = (&facts.binding, &env.accepted) else {
        return;
    };
    if &accepted.binding == now {
        return;
    }
    let Ok(origin) = reviewed(env, facts.binding_origin.as_ref()) else {
        return;
    };
    let Some((_, plan)) = draft
        .state
        .checked
        .get(&origin.number)
        .filter(|checked| checked.head == origin.head && checked.shown)
        // A plan of another package approves nothing about this one.
        .filter(|checked| checked.pins.get(name) == Some(&accepted.package))
        .and_then(|checked| checked.plans.get(name))
        .filter(|(binding, _)| binding == now)
        .cloned()
    else {
        return;
    };
    let Some(digest) = plan.digest.clone() else {
        return;
    };
    draft.note(
        Some(name),
        "approved",
        format!("a new binding by merging {}", origin.number),
    );
    env.drift.asked = None;
    env.accepted = Some(Accepted {
        pin: accepted.pin.clone(),
        package: accepted.package.clone(),
        source_commit: accepted.source_commit.clone(),
        binding: now.clone(),
        plan: digest.clone(),
        pull: Some(origin.number),
        head: Some(origin.head.clone()),
        cause: Cause::Binding {
            number: origin.number,
            head: origin.head,
        },
        approved: Approved::Actions {
            plan: digest,
            actions: plan.actions,
        },
        carries: bars::carried(env),
        done: false,
    });
}
