//! A person asks for what differs to be put back. Where the policy heals, it is; everywhere else, and where healing by itself
//! is held, the pinned package is proposed once more with the plan of what differs: merging that is the approval.

use super::drift::{differences, in_place};
use super::{Draft, promotion};
use crate::facts::{Pin, PlanFacts, PullKind};
use crate::gates;
use crate::ids::{BindingDigest, EnvName, PullNumber};
use crate::policy::{DriftPolicy, Mode};
use crate::state::{
    Aside, Cause, Environment, Found, HealAsked, OpenPull, Phase, Promotion, RunPhase,
};

pub(super) fn ask(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    by: &str,
) -> Result<(), String> {
    if env.policy.mode == Mode::FreeForm {
        return Err(format!("{name} is free-form: hodman never changes it"));
    }
    let Some(package) = in_place(env) else {
        return Err(format!(
            "nothing was applied in {name} yet: there is nothing to put back"
        ));
    };
    if env.promotion.is_none() {
        if let Some(over) = env.over.as_ref().filter(|_| !heals(env)) {
            return Err(format!(
                "an override to {} by {} stands in {name}, and no pin: `hodman rollback {name} --to {}` proposes one, with the \
                 plan of what differs",
                over.package.short(),
                over.by,
                over.package.short()
            ));
        }
        if env.put_aside.get(&package) == Some(&Aside::RolledBack) {
            return Err(format!(
                "package {} was rolled back from {name}; `hodman retry {name}` lets it in again",
                package.short()
            ));
        }
    }
    // Nobody wanted an earlier plan of this package; this one is asked for.
    if matches!(env.put_aside.get(&package), Some(Aside::Declined(_))) {
        env.put_aside.remove(&package);
    }
    if let Some((op, _)) = env.drift.comparing.take() {
        // It may have looked before what somebody sees now.
        draft.cancel(op);
    }
    env.drift.wanted = true;
    env.drift.not_before = None;
    // A person asking is the look that the brake waits for.
    env.drift.healed.clear();
    if let Some(pull) = open_pull(env) {
        plan_anew(draft, pull);
    }
    // What is proposed already stays so until the comparison says otherwise.
    let looked = env.drift.asked.as_ref().is_some_and(|asked| asked.looked);
    env.drift.asked = Some(HealAsked {
        by: by.to_owned(),
        looked,
        told: None,
    });
    draft.note(Some(name), "heal-asked", format!("by {by}"));
    Ok(())
}

fn heals(env: &Environment) -> bool {
    env.policy.drift == DriftPolicy::Heal
}

fn open_pull(env: &mut Environment) -> Option<&mut OpenPull> {
    match &mut env.promotion.as_mut()?.phase {
        Phase::Open(pull) => Some(pull),
        _ => None,
    }
}

/// Its plan counts as old, so it is taken at once.
fn plan_anew(draft: &Draft, pull: &mut OpenPull) {
    pull.planned_at = draft.now - draft.settings.refresh_every;
}

/// Why healing by itself is held, if it is.
pub(super) fn brake(
    draft: &Draft,
    name: &EnvName,
    env: &Environment,
    plan: &PlanFacts,
) -> Option<String> {
    let limit = draft.settings.heal_limit;
    let times = |one| env.drift.healed.get(one).copied().unwrap_or(0);
    if !plan.irreversible.is_empty() {
        Some(format!(
            "putting it back cannot be undone: {}; `hodman reconcile {name} --heal` proposes it",
            plan.irreversible.join(", ")
        ))
    } else if !plan.perhaps_there.is_empty() {
        // A second job with the same schedule is worse than one that lacks for a while.
        Some(format!(
            "it may be there without our marker ({}); held for a person: `adopt` takes that one over, and under another name it is \
             in nobody's way",
            plan.perhaps_there.join(", ")
        ))
    } else if !plan.maintenance.is_empty() {
        // Somebody's tag on a workspace is no reason to stop what runs in it.
        Some(format!(
            "putting it back stops what runs in {}; it goes along with the next change that is approved, or \
             `hodman reconcile {name} --heal` proposes it",
            plan.maintenance.join(", ")
        ))
    } else if differences(plan).any(|difference| times(difference) >= limit) {
        Some(format!(
            "put back {limit} times already; held for a person: `hodman reconcile {name} --heal` puts it back again"
        ))
    } else {
        None
    }
}

/// Why the pinned package is to be proposed once more, if what differs is.
pub(super) fn wanted(env: &Environment) -> Option<String> {
    let asked = env.drift.asked.as_ref().filter(|asked| asked.looked)?;
    let plan = &env.drift.found.as_ref()?.plan;
    // What cannot be undone, may be there already, or stops what runs, is for a person to merge under every policy.
    let by_itself = heals(env)
        && plan.irreversible.is_empty()
        && plan.perhaps_there.is_empty()
        && plan.maintenance.is_empty();
    let here = env.run.is_none() && env.over.is_none() && !env.policy.absent;
    (here && !by_itself && !plan.is_empty()).then(|| {
        format!(
            "puts back what was changed in the workspaces since it was applied, as {} asked",
            asked.by
        )
    })
}

/// A comparison that began after the request has ended.
pub(super) fn compared(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(asked) = &mut env.drift.asked else {
        return;
    };
    let Some(found) = &env.drift.found else {
        let (kind, words) = match asked.looked {
            true => ("heal-done", "what differed is put back"),
            false => ("heal-needless", "nothing differs from what was applied"),
        };
        return end(draft, name, env, kind, words);
    };
    if found.plan.is_empty() {
        let why = found.note.clone().unwrap_or_default();
        return end(draft, name, env, "heal-refused", &why);
    }
    asked.looked = true;
    let digest = found.plan.digest.clone();
    if let Some(pull) = open_pull(env).filter(|pull| pull.plan.digest != digest) {
        plan_anew(draft, pull);
    }
}

/// The comparison that it waits for failed; later ones leave what is proposed as it is.
pub(super) fn not_compared(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    why: &str,
    again: bool,
) {
    if env.drift.asked.as_ref().is_none_or(|asked| asked.looked) {
        return;
    }
    let why = format!("comparing failed: {why}");
    match again {
        true => waits(draft, name, env, &why),
        false => failed(draft, name, env, &why),
    }
}

/// What was begun for it failed for good.
pub(super) fn failed(draft: &mut Draft, name: &EnvName, env: &mut Environment, why: &str) {
    end(draft, name, env, "heal-refused", why);
}

/// What the request waits for, once.
pub(super) fn waits(draft: &mut Draft, name: &EnvName, env: &mut Environment, why: &str) {
    tell(draft, name, env, "heal-waits", why);
}

fn tell(draft: &mut Draft, name: &EnvName, env: &mut Environment, kind: &str, words: &str) {
    if let Some(asked) = &mut env.drift.asked
        && asked.told.as_deref() != Some(words)
    {
        asked.told = Some(words.to_owned());
        draft.note(Some(name), kind, words);
    }
}

fn end(draft: &mut Draft, name: &EnvName, env: &mut Environment, kind: &str, words: &str) {
    if env.drift.asked.take().is_some() {
        draft.note(Some(name), kind, words);
    }
}

/// Says what becomes of the request, once everything else has gone on.
pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.drift.asked.is_none() {
        return;
    }
    // Healing by itself goes on beside whatever is proposed.
    let by_itself = heals(env) && wanted(env).is_none();
    if let Some(promotion) = env.promotion.clone().filter(|_| !by_itself) {
        return proposed(draft, name, env, &promotion);
    }
    let why = match (gates::hold(env), &env.broken, &env.run) {
        (Some(held), ..) => format!("{held}; `hodman resume {name}` lets it go on"),
        (None, Some(error), _) => error.clone(),
        (None, None, Some(run)) if run.cause == Cause::Heal => match &run.phase {
            RunPhase::Failed { why, .. } => format!("{why}; it is tried again"),
            _ => return,
        },
        (None, None, Some(run)) => format!(
            "package {} is on its way into {name}; what differs after it is put back then",
            run.package.short()
        ),
        (None, None, None) => match &env.drift.found {
            // Healing is held, and nothing can be proposed beside an override.
            Some(Found {
                note: Some(note), ..
            }) if by_itself => note.clone(),
            _ => return,
        },
    };
    waits(draft, name, env, &why);
}

fn proposed(draft: &mut Draft, name: &EnvName, env: &mut Environment, promotion: &Promotion) {
    if !is_own(env, promotion) {
        // Whatever is planned next is planned from what is there.
        let package = promotion.package.short();
        let words = match &promotion.phase {
            Phase::Open(pull) => format!(
                "{} pins package {package} and puts back what differs, too, once it is merged",
                pull.number
            ),
            _ => format!(
                "package {package} is on its way and puts back what differs, too; `hodman explain {name}` says how it stands"
            ),
        };
        return end(draft, name, env, "heal-waits", &words);
    }
    match &promotion.phase {
        Phase::Open(pull) => {
            tell(draft, name, env, "heal-proposed", &pull.number.to_string());
        }
        Phase::Blocked { by } => {
            let why = format!("{by} holds commits that a person pushed; merge or close it first");
            waits(draft, name, env, &why);
        }
        Phase::Failed {
            why,
            not_before: None,
        } => {
            failed(draft, name, env, why);
            promotion::give_up(draft, name, env, why);
        }
        Phase::Failed { why, .. } => waits(draft, name, env, &format!("{why}; it is tried again")),
        Phase::Clearing { .. } | Phase::Planning { .. } | Phase::Opening { .. } => {}
    }
}

/// Nothing but the request asks for this pull request.
pub(super) fn is_own(env: &Environment, promotion: &Promotion) -> bool {
    promotion.kind == PullKind::Replan
        && env.drift.asked.is_some()
        && promotion::unapproved(env).is_none()
}

/// Its pull request was closed: the difference stays, and so does the package.
pub(super) fn declined(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    number: PullNumber,
) {
    let words = format!("{number} was closed without merging; what differs stays as it is");
    end(draft, name, env, "heal-refused", &words);
}

/// The plan was taken, and no pull request can or need show it. What was asked for ends with it.
pub(super) fn needs_no_pull(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    promotion: &Promotion,
    (plan, binding): (&PlanFacts, &BindingDigest),
) -> bool {
    if !is_own(env, promotion) {
        return false;
    }
    if plan.is_empty() {
        env.drift.wanted = true;
        let words = "nothing is left to be put back";
        end(draft, name, env, "heal-needless", words);
        return true;
    }
    let pinned = env.accepted.as_mut().filter(|accepted| {
        plan.digest.clone().is_some_and(|plan| {
            accepted.pin
                == Pin {
                    package: promotion.package.clone(),
                    source_commit: promotion.source_commit.clone(),
                    binding: binding.clone(),
                    plan,
                }
        })
    });
    let Some(accepted) = pinned else {
        return false;
    };
    // The pin on main could not be written any other way.
    let plain = plan.irreversible.is_empty()
        && plan.perhaps_there.is_empty()
        && plan.maintenance.is_empty();
    if plain && accepted.approved.covers(plan) {
        accepted.again();
        let by = accepted
            .pull
            .map_or_else(String::new, |number| format!(" by merging {number}"));
        let words = format!("this very plan was approved{by}: it is done once more");
        end(draft, name, env, "heal-approved", &words);
    } else {
        let what = match plan.irreversible.as_slice() {
            [] if !plain => "the pin on main names this very plan already, and what stops what runs, or may be there without our \
                             marker, is not done twice by one approval"
                .to_owned(),
            [] => "the pin on main names this very plan, and does not count in full".to_owned(),
            keys => format!(
                "the pin on main names this very plan already, and what cannot be undone is not done twice by one approval: {}",
                keys.join(", ")
            ),
        };
        let words = format!("{what}; a person puts it back, or the next package does");
        end(draft, name, env, "heal-refused", &words);
    }
    true
}
