//! What a clock that ran ahead left behind. A machine that wakes up with a wrong time, or whose time server comes late, notes moments
//! that lie an hour ahead; once it is put right, nothing would happen for that hour.

use super::Draft;
use crate::state::{Phase, RunPhase};
use chrono::{DateTime, Utc};

/// Takes back what lies in the future and cannot: nothing was seen later than now, and no pause is longer than the longest.
pub(super) fn put_right(draft: &mut Draft) {
    let now = draft.now;
    let longest = now + draft.settings.retry_at_most;
    let past = |at: &mut DateTime<Utc>| *at = (*at).min(now);
    let near = |at: &mut Option<DateTime<Utc>>| *at = at.map(|at| at.min(longest));
    let observing = &mut draft.state.observing;
    observing.last.iter_mut().for_each(past);
    // A forge that says when it answers again may say an hour; then nothing failed.
    if observing.failures > 0 {
        near(&mut observing.not_before);
    }
    for env in draft.state.environments.values_mut() {
        env.slots.values_mut().for_each(past);
        near(&mut env.drift.not_before);
        near(&mut env.capture.not_before);
        near(&mut env.keeping.not_before);
        if let Some(run) = &mut env.run
            && let RunPhase::Failed { not_before, .. } = &mut run.phase
        {
            near(not_before);
        }
        match env.promotion.as_mut().map(|promotion| &mut promotion.phase) {
            Some(Phase::Failed { not_before, .. }) => near(not_before),
            // Not fresher than it can be.
            Some(Phase::Open(pull)) => past(&mut pull.planned_at),
            _ => {}
        }
    }
}
