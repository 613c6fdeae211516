//! What an event changes in what is known.

use super::advance::with_env;
use super::{
    Draft, bars, build, capture, command, drift, gone, keep, new_environment, notice, observe,
    pins, promotion, pulls, report, run, still, strays, takeover, unlock,
};
use crate::event::{Event, Outcome};
use crate::facts::ForgeFacts;
use crate::ids::{EnvName, Op};
use crate::policy::Mode;
use crate::state::{Phase, PipelineState, RunPhase};

/// Takes an event in, or says why it means nothing any more.
pub(super) fn learn(draft: &mut Draft, event: &Event) -> Result<(), String> {
    match event {
        Event::Woken { .. } => {
            observe::want(draft);
            Ok(())
        }
        Event::Reported { .. } => {
            observe::want_soon(draft);
            Ok(())
        }
        Event::Noticed { object, .. } => notice::take(draft, object),
        Event::Tick => Ok(()),
        Event::Commanded(command) => command::take(draft, command),
        Event::Ended { op, outcome } => ended(draft, *op, outcome),
    }
}

/// Which part of the state waits for an effect.
enum Waiting {
    Observing(u64),
    Building,
    Capturing(EnvName),
    Running(EnvName),
    Comparing(EnvName),
    Looking(EnvName),
    Adopting(EnvName),
    Promoting(EnvName),
    Checking(crate::ids::PullNumber),
    Saying(EnvName),
    Closing(EnvName),
    TakingOver(EnvName),
    Proposing(EnvName),
    Unlocking(EnvName),
    GivingBack(EnvName),
    Keeping(EnvName),
}

fn ended(draft: &mut Draft, op: Op, outcome: &Outcome) -> Result<(), String> {
    let answer = dispatch(draft, op, outcome);
    if let Err(why) = &answer
        && waiting(&draft.state, op).is_some()
    {
        // An answer that does not fit is the only one that will ever come: waiting on would be for ever.
        let failed = Outcome::Failed {
            why: why.clone(),
            transient: false,
        };
        return dispatch(draft, op, &failed);
    }
    answer
}

fn dispatch(draft: &mut Draft, op: Op, outcome: &Outcome) -> Result<(), String> {
    match waiting(&draft.state, op) {
        Some(Waiting::Observing(generation)) => observe::ended(draft, generation, outcome),
        Some(Waiting::Building) => build::ended(draft, outcome),
        Some(Waiting::Capturing(env)) => capture::ended(draft, &env, outcome),
        Some(Waiting::Running(env)) => run::ended(draft, &env, outcome),
        Some(Waiting::Comparing(env)) => drift::compared(draft, &env, outcome),
        Some(Waiting::Looking(env)) => notice::looked(draft, &env, outcome),
        Some(Waiting::Adopting(env)) => drift::adopted(draft, &env, op, outcome),
        Some(Waiting::Promoting(env)) => promotion::ended(draft, &env, op, outcome),
        Some(Waiting::Checking(number)) => pulls::checked(draft, number, op, outcome),
        Some(Waiting::Saying(env)) => report::ended(draft, &env, op, outcome),
        Some(Waiting::Closing(env)) => strays::ended(draft, &env, op, outcome),
        Some(Waiting::TakingOver(env)) => takeover::ended(draft, &env, outcome),
        Some(Waiting::Proposing(env)) => new_environment::ended(draft, &env, outcome),
        Some(Waiting::Unlocking(env)) => unlock::ended(draft, &env, outcome),
        Some(Waiting::GivingBack(env)) => still::ended(draft, &env, outcome),
        Some(Waiting::Keeping(env)) => keep::ended(draft, &env, outcome),
        None => Err(format!(
            "{op} is not waited for: superseded, or answered before"
        )),
    }
}

fn waiting(state: &PipelineState, op: Op) -> Option<Waiting> {
    if let Some((running, generation)) = state.observing.running
        && running == op
    {
        return Some(Waiting::Observing(generation));
    }
    if state
        .build
        .as_ref()
        .is_some_and(|build| build.op == Some(op))
    {
        return Some(Waiting::Building);
    }
    if let Some((number, _)) = state.checked.iter().find(|(_, known)| known.op == Some(op)) {
        return Some(Waiting::Checking(*number));
    }
    let mut proposing = state.proposing.iter();
    if let Some((name, _)) = proposing.find(|(_, proposing)| proposing.running == Some(op)) {
        return Some(Waiting::Proposing(name.clone()));
    }
    state.environments.iter().find_map(|(name, env)| {
        let name = name.clone();
        if env.capture.running == Some(op) {
            return Some(Waiting::Capturing(name));
        }
        if env.takeover.running == Some(op) {
            return Some(Waiting::TakingOver(name));
        }
        if env.unlocking.running == Some(op) {
            return Some(Waiting::Unlocking(name));
        }
        let still = env.still.as_ref();
        if still.is_some_and(|still| still.running == Some(op)) {
            return Some(Waiting::GivingBack(name));
        }
        let keeping = env.keeping.running.as_ref();
        if keeping.is_some_and(|(running, _)| *running == op) {
            return Some(Waiting::Keeping(name));
        }
        if env.saying.contains_key(&op) {
            return Some(Waiting::Saying(name));
        }
        if env
            .drift
            .comparing
            .as_ref()
            .is_some_and(|(running, _)| *running == op)
        {
            return Some(Waiting::Comparing(name));
        }
        if env.drift.looking == Some(op) {
            return Some(Waiting::Looking(name));
        }
        if env
            .drift
            .found
            .as_ref()
            .is_some_and(|found| found.adopting == Some(op))
        {
            return Some(Waiting::Adopting(name));
        }
        match env.run.as_ref().map(|run| &run.phase) {
            Some(RunPhase::Applying { op: running, .. } | RunPhase::Verifying { op: running })
                if *running == op =>
            {
                return Some(Waiting::Running(name));
            }
            _ => {}
        }
        if promotion_waits(env.promotion.as_ref().map(|promotion| &promotion.phase), op) {
            return Some(Waiting::Promoting(name));
        }
        env.strays
            .values()
            .any(|stray| stray.closing == Some(op))
            .then_some(Waiting::Closing(name))
    })
}

fn promotion_waits(phase: Option<&Phase>, op: Op) -> bool {
    match phase {
        Some(
            Phase::Clearing { op: running, .. }
            | Phase::Planning { op: running, .. }
            | Phase::Opening { op: running, .. },
        ) => *running == op,
        Some(Phase::Open(pull)) => {
            pull.refreshing == Some(op)
                || pull.merging == Some(op)
                || pull
                    .updating
                    .as_ref()
                    .is_some_and(|(running, ..)| *running == op)
        }
        Some(Phase::Blocked { .. } | Phase::Failed { .. }) | None => false,
    }
}

/// Takes in a whole look at the repository.
pub(super) fn facts(draft: &mut Draft, facts: &ForgeFacts, generation: u64) {
    let moved = draft.state.head.as_ref() != Some(&facts.head);
    draft.state.head = Some(facts.head.clone());
    draft.state.inputs_error.clone_from(&facts.inputs_error);
    if facts.inputs.is_some() {
        draft.state.inputs.clone_from(&facts.inputs);
    }
    draft.state.checks.clone_from(&facts.checks);
    let policies = facts
        .environments
        .values()
        .filter_map(|seen| seen.policy.as_ref());
    let checks = policies.flat_map(|policy| policy.gates.named());
    let answered = checks.chain(draft.state.observing.old_checks.clone());
    draft.state.observing.answered = answered.collect();
    for (name, seen) in &facts.environments {
        let new = !draft.state.environments.contains_key(name);
        draft.state.environments.entry(name.clone()).or_default();
        with_env(draft, name, |draft, env| {
            env.gone = false;
            if let Some(kept) = seen.kept.as_ref().filter(|_| new) {
                keep::recall(draft, name, env, kept);
            }
        });
    }
    bars::raise(draft, facts);
    for (name, seen) in &facts.environments {
        with_env(draft, name, |_, env| match &seen.policy {
            Some(policy) => {
                if env.policy.verify != policy.verify {
                    run::verify_anew(env);
                }
                env.policy = policy.clone();
                env.broken.clone_from(&seen.pin_error);
            }
            None => env.broken.clone_from(&seen.error),
        });
    }
    // Policies first, pins after: whether a pin counts depends on its predecessors' policies.
    for (name, seen) in &facts.environments {
        with_env(draft, name, |draft, env| {
            if env.broken.is_none() {
                pins::consider(draft, name, env, seen);
                pins::bound(draft, env);
            }
            pulls::own(draft, name, env, facts);
        });
    }
    gone::seen(draft, facts);
    new_environment::arrived(draft);
    pulls::foreign(draft, facts, generation);
    command::take_early(draft);
    if moved {
        // What failed for good may have been mended by this very commit.
        for env in draft.state.environments.values_mut() {
            // What was merged may meet what was changed by hand meanwhile.
            if env.policy.capture_on_push && env.policy.mode == Mode::FreeForm && !env.gone {
                env.capture.wanted = true;
            }
            match env.promotion.as_mut().map(|promotion| &mut promotion.phase) {
                Some(Phase::Failed { not_before, .. }) => {
                    not_before.get_or_insert(draft.now);
                }
                Some(Phase::Planning { moved, .. }) => *moved = true,
                _ => {}
            }
        }
        draft.note(None, "main", format!("main is at {}", facts.head.short()));
    }
}
