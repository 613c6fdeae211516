//! Captures of a free-form environment: one at a time, asked for by schedule, by command or by news.

use super::Draft;
use super::advance::with_env;
use crate::effect::Act;
use crate::event::Outcome;
use crate::ids::EnvName;
use crate::policy::Mode;
use crate::state::Environment;
use chrono::Duration;

/// People who work change much: what they do within this time after a capture is captured together.
const PAUSE: Duration = Duration::seconds(60);

/// Somebody changed something in a workspace.
pub(super) fn news_of(draft: &mut Draft, workspace: &str) -> Result<(), String> {
    let now = draft.now;
    let mut concerned = false;
    for env in draft.state.environments.values_mut() {
        let wanted = env.policy.capture_on_news_of.contains(workspace);
        if !wanted || env.policy.mode != Mode::FreeForm || env.gone {
            continue;
        }
        concerned = true;
        let capture = &mut env.capture;
        capture.wanted = true;
        let rested = capture.last.map(|last| last + PAUSE);
        if let Some(at) = rested.filter(|at| *at > now) {
            capture.not_before = capture.not_before.max(Some(at));
        }
    }
    match concerned {
        true => Ok(()),
        false => Err(format!(
            "no environment captures workspace `{workspace}` on news of it"
        )),
    }
}

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let capture = &mut env.capture;
    if !capture.wanted || capture.running.is_some() || env.broken.is_some() {
        return;
    }
    if let Some(at) = capture.not_before.filter(|at| *at > draft.now) {
        draft.wake(Some(at));
        return;
    }
    let Some(base) = draft.state.head.clone() else {
        return;
    };
    capture.wanted = false;
    capture.running = Some(draft.emit(Some(name), Act::Capture { base }));
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let capture = &mut env.capture;
        capture.running = None;
        match outcome {
            Outcome::Captured {
                pull,
                changed,
                conflicts,
                named,
            } => {
                capture.last = Some(draft.now);
                capture.done += 1;
                capture.error = None;
                capture.tries = 0;
                capture.not_before = None;
                capture.conflicts = *conflicts;
                capture.conflicting.clone_from(named);
                if let Some((number, _)) = pull {
                    capture.pull = Some(*number);
                    draft.note(
                        Some(name),
                        "captured",
                        format!("{changed} objects changed, {conflicts} conflicts: {number}"),
                    );
                }
                Ok(())
            }
            Outcome::Failed { why, .. } => {
                capture.tries += 1;
                capture.error = Some(why.clone());
                capture.not_before = Some(draft.now + draft.settings.backoff(capture.tries));
                capture.wanted = true;
                draft.note(Some(name), "capture-failed", why.clone());
                Ok(())
            }
            other => Err(format!("not an answer to capturing: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
