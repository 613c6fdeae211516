//! Schedules: each slot is taken once. The slot is written into the state in the same transaction as what it causes,
//! so a restart neither loses nor repeats it.

use super::Draft;
use crate::ids::EnvName;
use crate::policy::{Missed, ScheduleSpec};
use crate::schedule::Schedule;
use crate::state::Environment;

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if let Some(spec) = env.policy.reconcile.clone()
        && take(draft, name, env, "reconcile", &spec)
    {
        env.drift.wanted = true;
    }
    if let Some(spec) = env.policy.capture.clone()
        && take(draft, name, env, "capture", &spec)
    {
        env.capture.wanted = true;
    }
}

/// Whether a slot is due. The first sight of a schedule only starts its count.
fn take(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    what: &str,
    spec: &ScheduleSpec,
) -> bool {
    // A changed line is a new schedule: it must not fire for slots that it did not have.
    let key = format!("{what}:{}@{}", spec.cron, spec.zone);
    env.slots
        .retain(|known, _| known == &key || !known.starts_with(&format!("{what}:")));
    let Ok(schedule) = Schedule::parse(&spec.cron, &spec.zone) else {
        return false;
    };
    draft.wake(schedule.next_after(draft.now));
    let Some(last) = env.slots.get(&key).copied() else {
        env.slots.insert(key, draft.now);
        return false;
    };
    let Some(slot) = schedule
        .last_at_or_before(draft.now, last)
        .filter(|slot| *slot > last)
    else {
        return false;
    };
    env.slots.insert(key, slot);
    let missed = draft.now - slot > draft.settings.slot_grace;
    if missed && spec.missed == Missed::Skip {
        draft.note(
            Some(name),
            "slot-missed",
            format!("{what} slot {} skipped", crate::reason::stamp(slot)),
        );
        return false;
    }
    true
}
