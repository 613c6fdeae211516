//! Looking at the repository: asked for by news and by time, one look at a time, none lost.

use super::Draft;
use crate::effect::Act;
use crate::event::Outcome;
use crate::state::Observing;

pub(super) fn advance(draft: &mut Draft) {
    let every = draft.settings.observe_every;
    let seen = &mut draft.state.observing;
    if seen.running.is_some() {
        return;
    }
    let due = seen.last.is_none_or(|last| last + every <= draft.now);
    if due && seen.wanted == seen.done {
        seen.hurry();
    }
    let (wanted, done, next) = (seen.wanted, seen.done, seen.last.map(|last| last + every));
    let not_before = seen.not_before.filter(|at| *at > draft.now);
    if wanted == done {
        draft.wake(next);
        return;
    }
    if not_before.is_some() {
        draft.wake(not_before);
        return;
    }
    let seen = &draft.state.observing;
    let rested = seen.last.map(|last| last + draft.settings.observe_pause);
    if seen.hurried <= done && rested.is_some_and(|at| at > draft.now) {
        draft.wake(rested);
        return;
    }
    let pulls = draft.state.pulls_of_interest();
    let commits = draft
        .state
        .packages
        .iter()
        .rev()
        .take(5) // older packages cannot be promoted any more: only the newest goes on
        .map(|package| package.commit.clone())
        .collect();
    let op = draft.emit(None, Act::Observe { pulls, commits });
    draft.state.observing.running = Some((op, wanted));
}

/// News came: look, and look again if a look is under way already.
pub(super) fn want(draft: &mut Draft) {
    draft.state.observing.hurry();
}

/// News that can wait for others of its kind: look, but not at once after the last look.
pub(super) fn want_soon(draft: &mut Draft) {
    draft.state.observing.wanted += 1;
}

impl Observing {
    fn hurry(&mut self) {
        self.wanted += 1;
        self.hurried = self.wanted;
    }
}

pub(super) fn ended(draft: &mut Draft, generation: u64, outcome: &Outcome) -> Result<(), String> {
    let backoff = draft.settings.backoff(draft.state.observing.failures + 1);
    let now = draft.now;
    let seen = &mut draft.state.observing;
    seen.running = None;
    match outcome {
        Outcome::Observed { facts } => {
            seen.done = generation;
            seen.last = Some(now);
            seen.failures = 0;
            seen.not_before = None;
            seen.error = None;
            super::learn::facts(draft, facts, generation);
            Ok(())
        }
        Outcome::Failed { why, .. } => {
            seen.failures += 1;
            seen.not_before = Some(now + backoff);
            seen.error = Some(why.clone());
            draft.note(None, "observe-failed", why.clone());
            Ok(())
        }
        Outcome::Limited { until, why } => {
            // Not a failure that doubles pauses: the forge says when it answers again.
            seen.not_before = Some((*until).max(now));
            seen.error = Some(why.clone());
            draft.note(None, "observe-limited", why.clone());
            Ok(())
        }
        other => Err(format!("not an answer to looking: {other:?}")),
    }
}
