//! What must hold of every state, whatever happened: each can be read off a state alone. The tests ask after every
//! decision.

mod steps;

pub use steps::check_step;

use crate::effect::Approved;
use crate::facts::PullKind;
use crate::ids::Op;
use crate::state::{Cause, Environment, Phase, PipelineState, Promotion, RunPhase};
use std::collections::BTreeSet;

/// Looks at everything.
///
/// # Errors
/// Each broken rule, in words.
pub fn check(state: &PipelineState) -> Result<(), Vec<String>> {
    let mut broken = Vec::new();
    observing(state, &mut broken);
    packages(state, &mut broken);
    waited_for(state, &mut broken);
    for (name, env) in &state.environments {
        let mut found = Vec::new();
        approval(env, &mut found);
        run(env, &mut found);
        health(env, &mut found);
        promotion(env, &mut found);
        reports(env, &mut found);
        broken.extend(found.iter().map(|rule| format!("{name}: {rule}")));
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken)
    }
}

fn unless(holds: bool, rule: &str, broken: &mut Vec<String>) {
    if !holds {
        broken.push(rule.to_owned());
    }
}

/// News that arrive while looking are looked at.
fn observing(state: &PipelineState, broken: &mut Vec<String>) {
    let seen = &state.observing;
    let ahead = seen.done <= seen.wanted;
    unless(ahead, "a look is done that nobody asked for", broken);
    let fits = seen
        .running
        .is_none_or(|(_, generation)| seen.done < generation && generation <= seen.wanted);
    unless(fits, "a look is under way for no news", broken);
}

/// One package for the same bytes.
fn packages(state: &PipelineState, broken: &mut Vec<String>) {
    let digests: BTreeSet<_> = state.packages.iter().map(|known| &known.digest).collect();
    let once = digests.len() == state.packages.len();
    unless(once, "a package is there twice", broken);
}

/// Every effect is waited for in one place, and was given out.
fn waited_for(state: &PipelineState, broken: &mut Vec<String>) {
    let mut ops: Vec<Op> = Vec::new();
    ops.extend(state.observing.running.map(|(op, _)| op));
    ops.extend(state.build.as_ref().and_then(|build| build.op));
    ops.extend(state.checked.values().filter_map(|known| known.op));
    for env in state.environments.values() {
        ops.extend(of_environment(env));
    }
    let distinct: BTreeSet<Op> = ops.iter().copied().collect();
    let once = distinct.len() == ops.len();
    unless(once, "one effect is waited for in two places", broken);
    let given = distinct.iter().all(|op| op.0 < state.next_op);
    unless(
        given,
        "an effect is waited for that was never given out",
        broken,
    );
}

fn of_environment(env: &Environment) -> Vec<Op> {
    let mut ops: Vec<Op> = env.saying.keys().copied().collect();
    ops.extend(env.capture.running);
    ops.extend(env.takeover.running);
    ops.extend(env.unlocking.running);
    ops.extend(env.keeping.running.as_ref().map(|(op, _)| *op));
    ops.extend(env.still.as_ref().and_then(|still| still.running));
    ops.extend(env.drift.comparing.as_ref().map(|(op, _)| *op));
    ops.extend(env.drift.found.as_ref().and_then(|found| found.adopting));
    if let Some(RunPhase::Applying { op, .. } | RunPhase::Verifying { op }) =
        env.run.as_ref().map(|run| &run.phase)
    {
        ops.push(*op);
    }
    match env.promotion.as_ref().map(|promotion| &promotion.phase) {
        Some(Phase::Planning { op, .. } | Phase::Opening { op, .. }) => ops.push(*op),
        Some(Phase::Open(pull)) => {
            ops.extend(pull.refreshing);
            ops.extend(pull.merging);
            ops.extend(pull.updating.as_ref().map(|(op, ..)| *op));
        }
        // A closing is kept with the pull request that is being closed.
        _ => {}
    }
    ops.extend(env.strays.values().filter_map(|stray| stray.closing));
    ops
}

/// Nothing counts as approved without a merged pull request and its head.
fn approval(env: &Environment, broken: &mut Vec<String>) {
    let Some(accepted) = &env.accepted else {
        return;
    };
    let merged = accepted.pull.is_some() && accepted.head.is_some();
    unless(merged, "an approval without a merged pull request", broken);
    let exact = accepted.approved != Approved::Reversible;
    unless(exact, "a pin approves whatever leads there", broken);
    let taken = env
        .refused
        .as_ref()
        .is_none_or(|(pin, _)| pin != &accepted.pin);
    unless(taken, "the same pin is approved and refused", broken);
}

/// What is applied says by what right.
fn run(env: &Environment, broken: &mut Vec<String>) {
    let Some(run) = &env.run else { return };
    let fits = match (&run.cause, &run.approved) {
        (Cause::Override { .. }, approved) => approved == &Approved::Reversible,
        (Cause::Heal, approved) => matches!(approved, Approved::Actions { .. }),
        (_, approved) => approved != &Approved::Reversible,
    };
    unless(fits, "a run has another approval than its cause", broken);
    if env.busy() {
        return;
    }
    let backed = match &run.cause {
        Cause::Override { .. } => env
            .over
            .as_ref()
            .is_some_and(|over| over.package == run.package),
        Cause::Heal => env.desired_package() == Some(&run.package),
        Cause::Pin { .. } | Cause::Binding { .. } | Cause::Recovered => env
            .accepted
            .as_ref()
            .is_some_and(|accepted| accepted.package == run.package),
    };
    // A broken file stops everything as it was.
    let backed = backed || env.broken.is_some() || env.gone || env.policy.absent;
    unless(
        backed,
        "a run waits that nothing approved stands behind",
        broken,
    );
}

fn health(env: &Environment, broken: &mut Vec<String>) {
    let clear = env
        .before
        .iter()
        .chain(&env.current)
        .all(|one| one.healthy_since.is_none() || one.unhealthy.is_none());
    unless(clear, "healthy and not healthy at the same time", broken);
    let over = env.before.iter().all(|old| old.replaced_at.is_some());
    unless(
        over,
        "something was replaced without a moment of it",
        broken,
    );
}

/// One promotion pull request at a time.
fn promotion(env: &Environment, broken: &mut Vec<String>) {
    let Some(Promotion { kind, phase, .. }) = &env.promotion else {
        return;
    };
    let pinning = !matches!(kind, PullKind::Capture | PullKind::Adopt);
    unless(pinning, "a promotion that changes no pin", broken);
    match phase {
        Phase::Open(pull) => {
            let once = !env.strays.contains_key(&pull.number);
            unless(
                once,
                "the same pull request goes on and is to be closed",
                broken,
            );
            let steps = u32::from(pull.refreshing.is_some())
                + u32::from(pull.updating.is_some())
                + u32::from(pull.merging.is_some());
            unless(
                steps <= 1,
                "a pull request is merged while its plan is taken",
                broken,
            );
        }
        Phase::Clearing { op, old } => {
            let known = env.strays.get(old).and_then(|stray| stray.closing) == Some(*op);
            unless(known, "what is being closed is not remembered", broken);
        }
        Phase::Planning { .. }
        | Phase::Opening { .. }
        | Phase::Blocked { .. }
        | Phase::Failed { .. } => {}
    }
}

/// One report of a topic at a time.
fn reports(env: &Environment, broken: &mut Vec<String>) {
    let topics: BTreeSet<&String> = env.saying.values().collect();
    let once = topics.len() == env.saying.len();
    unless(once, "two reports of one topic are under way", broken);
}
