//! What an apply stopped for a change goes on when its time is over, also when the apply itself may not go on then: its window
//! has closed, or it failed for good. A hold is a person's word, and stops this, too.

use super::Draft;
use super::advance::with_env;
use crate::effect::Act;
use crate::event::Outcome;
use crate::explain;
use crate::ids::EnvName;
use crate::state::{Environment, RunPhase, StandsStill};

/// An apply was put off, and something stands still for it.
pub(super) fn stands(draft: &Draft, env: &mut Environment) {
    let not_before = draft.now + draft.settings.busy_pause;
    let running = env.still.as_ref().and_then(|still| still.running);
    env.still = Some(StandsStill {
        not_before,
        running,
        error: None,
    });
}

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(still) = &env.still else { return };
    if still.running.is_some() || env.busy() || env.hold.is_some() || env.broken.is_some() {
        return;
    }
    if comes_again(draft, env) {
        return;
    }
    if still.not_before > draft.now {
        return draft.wake(Some(still.not_before));
    }
    let package = env.run.as_ref().map(|run| run.package.clone());
    let package = package.or_else(|| env.desired_package().cloned());
    let (Some(package), Some(config)) = (package, draft.state.head.clone()) else {
        return;
    };
    let op = draft.emit(Some(name), Act::GiveBack { package, config });
    if let Some(still) = &mut env.still {
        still.running = Some(op);
    }
}

/// Whether the apply comes again by itself. It lets everything go on at its end, and may need it stopped until then.
fn comes_again(draft: &Draft, env: &Environment) -> bool {
    let again = matches!(
        env.run.as_ref().map(|run| &run.phase),
        Some(
            RunPhase::Waiting
                | RunPhase::Failed {
                    not_before: Some(_),
                    ..
                }
        )
    );
    again && explain::run_waits(&draft.state, env, draft.now).is_empty()
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some(still) = &mut env.still else {
            return Err("nothing stands still".to_owned());
        };
        still.running = None;
        still.not_before = draft.now + draft.settings.busy_pause;
        match outcome {
            Outcome::GivenBack => {
                env.still = None;
                if let Some(run) = &mut env.run
                    && let RunPhase::Failed {
                        why, waits: true, ..
                    } = &mut run.phase
                {
                    "is not finished; what was stopped for it goes on".clone_into(why);
                }
                draft.note(
                    Some(name),
                    "given-back",
                    "what was stopped for the change goes on",
                );
                Ok(())
            }
            Outcome::Waits { .. } => Ok(()),
            // Pools stay empty until it works, so it is tried for as long as that takes.
            Outcome::Failed { why, .. } => {
                if still.error.as_ref() != Some(why) {
                    still.error = Some(why.clone());
                    draft.note(Some(name), "give-back-failed", why.clone());
                }
                Ok(())
            }
            other => Err(format!("not an answer to giving back: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
