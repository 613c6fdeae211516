//! Pull requests as the forge shows them: ours, whose fate moves promotions, and other people's, which are looked through.

use super::{Draft, heal, observe, strays};
use crate::effect::Act;
use crate::event::Outcome;
use crate::facts::{ForgeFacts, PullFact, PullKind, PullState};
use crate::ids::{EnvName, Op, PackageDigest, PullNumber};
use crate::state::{Aside, CheckedPull, Environment, Phase, Promotion};

/// One environment's own pull requests, as just seen.
pub(super) fn own(draft: &mut Draft, name: &EnvName, env: &mut Environment, facts: &ForgeFacts) {
    strays::seen(name, env, facts);
    capturing(name, env, facts);
    // It has no marker: from its merge on it is a binding like any other.
    let proposed = env.takeover.pull;
    env.takeover.pull = proposed.filter(|number| !facts.ended.contains(number));
    for pull in facts.pulls.iter().filter(|pull| &pull.env == name) {
        match pull.kind {
            PullKind::Capture => {}
            PullKind::Adopt => adopting(draft, name, env, pull),
            PullKind::Promotion | PullKind::Rollback | PullKind::Replan => {
                let pinned = pin_of(facts, name) == Some(pull.number);
                promoting(draft, name, env, pull, pinned);
            }
        }
    }
}

/// The one that the last capture went to stays the one, whatever others are open: of earlier runs, or from before the branch was
/// another. Where nobody knows it any more it is the newest.
fn capturing(name: &EnvName, env: &mut Environment, facts: &ForgeFacts) {
    let ours = facts
        .pulls
        .iter()
        .filter(|pull| &pull.env == name && pull.kind == PullKind::Capture);
    let (open, ended): (Vec<&PullFact>, Vec<&PullFact>) =
        ours.partition(|pull| pull.state == PullState::Open);
    let known = env.capture.pull;
    env.capture.pull = known
        .filter(|number| !ended.iter().any(|pull| pull.number == *number))
        .or_else(|| open.iter().map(|pull| pull.number).max());
}

fn adopting(draft: &mut Draft, name: &EnvName, env: &mut Environment, pull: &PullFact) {
    let Some(found) = env
        .drift
        .found
        .as_mut()
        .filter(|found| found.proposed == Some(pull.number))
    else {
        return;
    };
    match pull.state {
        PullState::Open => {}
        PullState::Merged => {
            found.proposed = None;
            found.note = Some(format!(
                "{} was merged; the change arrives with the next promotion",
                pull.number
            ));
        }
        PullState::Closed => {
            found.proposed = None;
            found.until = None;
            found.note = Some(format!("{} was closed without merging", pull.number));
            draft.note(Some(name), "adopt-declined", pull.number.to_string());
        }
    }
}

/// The pull request that gave the environment its present pin.
fn pin_of(facts: &ForgeFacts, name: &EnvName) -> Option<PullNumber> {
    let origin = facts.environments.get(name)?.pin_origin.as_ref()?;
    Some(origin.number)
}

/// `pinned`: main was read with the pin of this very pull request.
fn promoting(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    pull: &PullFact,
    pinned: bool,
) {
    let Some(promotion) = env
        .promotion
        .clone()
        .filter(|promotion| promotion.number() == Some(pull.number))
    else {
        return;
    };
    match (promotion.phase, pull.state) {
        (Phase::Open(_), PullState::Open) => {
            if let Some(Promotion {
                phase: Phase::Open(open),
                ..
            }) = &mut env.promotion
            {
                open.seen = Some(pull.clone());
            }
        }
        // Merged between reading main and reading pull requests: its pin arrives with the next look.
        (Phase::Open(mut open), PullState::Merged)
            if !pinned
                && open
                    .seen
                    .as_ref()
                    .is_none_or(|seen| seen.state != PullState::Merged) =>
        {
            open.seen = Some(pull.clone());
            env.promotion = Some(Promotion {
                phase: Phase::Open(open),
                ..promotion
            });
            observe::want(draft);
        }
        // If the pin was refused on main, the candidate is looked at anew.
        (Phase::Open(_), PullState::Merged) => env.promotion = None,
        (Phase::Open(_), PullState::Closed) => {
            draft.note(
                Some(name),
                "declined",
                format!("{} was closed without merging", pull.number),
            );
            let asked_for = env.promotion.take();
            if asked_for.is_some_and(|promotion| heal::is_own(env, &promotion)) {
                heal::declined(draft, name, env, pull.number);
            } else if promotion.kind == PullKind::Rollback {
                stays(draft, name, env);
            } else if env.put_aside.get(&promotion.package) != Some(&Aside::RolledBack) {
                // What was rolled back from says more than one pull request that nobody wanted.
                env.put_aside
                    .insert(promotion.package, Aside::Declined(pull.number));
            }
        }
        (Phase::Blocked { by }, PullState::Closed | PullState::Merged) => {
            strays::gone(env, by);
            let phase = Phase::Failed {
                why: format!("{by} was in the way"),
                not_before: Some(draft.now),
            };
            env.promotion = Some(Promotion { phase, ..promotion });
        }
        _ => {}
    }
}

/// A rollback that nobody wants: what it was to leave stays, and is no package that was rolled back from. Under an override it is
/// one still.
fn stays(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(package) = env.desired_package().cloned() else {
        return;
    };
    let aside = env.put_aside.get(&package) == Some(&Aside::RolledBack);
    if aside && env.over.is_none() {
        env.put_aside.remove(&package);
        draft.note(
            Some(name),
            "stays",
            format!("package {} is not rolled back from", package.short()),
        );
    }
}

/// Other people's open pull requests; those that are gone are forgotten only once main was read after their merge.
pub(super) fn foreign(draft: &mut Draft, facts: &ForgeFacts, generation: u64) {
    for known in draft.state.checked.values_mut() {
        known.open = false;
    }
    for pull in &facts.foreign {
        if draft.state.wants_check(pull) {
            let again = draft
                .state
                .checked
                .get(&pull.number)
                .and_then(|known| known.not_before);
            if again.is_some_and(|at| at > draft.now) {
                continue;
            }
            let pins = pinned(draft);
            // The same head is looked at again when main moved; until the answer is there its plans still count, for
            // the packages that they were taken with.
            let mut shown = false;
            let mut plans = draft
                .state
                .checked
                .remove(&pull.number)
                .filter(|known| known.head == pull.head)
                .map(|mut known| {
                    shown = known.shown;
                    let same = |env: &EnvName| {
                        pins.iter().any(|(name, package)| {
                            name == env && known.pins.get(env) == Some(package)
                        })
                    };
                    known.plans.retain(|env, _| same(env));
                    known.plans
                })
                .unwrap_or_default();
            if pull.fork {
                plans.clear();
            }
            let act = Act::CheckPull {
                number: pull.number,
                head: pull.head.clone(),
                fork: pull.fork,
                pins: pins.clone(),
            };
            let op = draft.emit(None, act);
            draft.state.checked.insert(
                pull.number,
                CheckedPull {
                    head: pull.head.clone(),
                    base: draft.state.head.clone(),
                    op: Some(op),
                    problems: 0,
                    pins: pins.into_iter().collect(),
                    shown_from: None,
                    shown,
                    plans,
                    open: true,
                    not_before: None,
                },
            );
        } else if let Some(known) = draft.state.checked.get_mut(&pull.number) {
            known.open = true;
            // Plans that came after the merge approve nothing: nobody had seen them.
            let again = known.head == pull.head
                && known.op.is_none()
                && known.shown_from.is_some_and(|first| first <= generation);
            known.shown = known.shown || again;
        }
    }
    forget_old(draft);
}

/// Merged ones are needed until their binding was taken in; a hundred is more than anyone merges between two looks.
fn forget_old(draft: &mut Draft) {
    let closed: Vec<PullNumber> = draft
        .state
        .checked
        .iter()
        .filter(|(_, known)| !known.open)
        .map(|(number, _)| *number)
        .collect();
    for number in closed.iter().rev().skip(100) {
        draft.state.checked.remove(number);
    }
}

fn pinned(draft: &Draft) -> Vec<(EnvName, PackageDigest)> {
    draft
        .state
        .environments
        .iter()
        .filter_map(|(name, env)| Some((name.clone(), env.desired_package()?.clone())))
        .collect()
}

pub(super) fn checked(
    draft: &mut Draft,
    number: PullNumber,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    let again = draft.now + draft.settings.retry_first;
    let Some(known) = draft
        .state
        .checked
        .get_mut(&number)
        .filter(|known| known.op == Some(op))
    else {
        return Err("an older look".to_owned());
    };
    known.op = None;
    match outcome {
        Outcome::Checked { problems, plans } => {
            known.problems = *problems;
            if &known.plans != plans {
                known.shown = false;
                known.plans.clone_from(plans);
            }
            // Its head or main may have moved on while it was looked through; and is it open still?
            known.shown_from = Some(draft.state.observing.wanted + 1);
            observe::want(draft);
            Ok(())
        }
        Outcome::Failed { why, .. } => {
            // Looked through again with the next look at the repository.
            known.base = None;
            known.not_before = Some(again);
            draft.note(None, "check-failed", format!("{number}: {why}"));
            Ok(())
        }
        other => Err(format!(
            "not an answer to looking through {number}: {other:?}"
        )),
    }
}
