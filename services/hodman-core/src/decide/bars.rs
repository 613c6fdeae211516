//! What a pull request was up against before it changed what is asked for: that stands before what it brings, too.

use super::Draft;
use crate::facts::{ForgeFacts, Origin};
use crate::gates;
use crate::ids::PullNumber;
use crate::policy::Policy;
use crate::state::{Before, Environment, PipelineState};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Remembers what was asked for before a look, for the pull requests that may have changed it. Of several merges since the last look
/// nobody knows which came first: a pin or binding that is new is up against every old policy, whichever of them changed that.
pub(super) fn raise(draft: &mut Draft, facts: &ForgeFacts) {
    let replaced = replaced(&draft.state, facts);
    let mut raised: Vec<(PullNumber, Before)> = Vec::new();
    for (name, seen) in &facts.environments {
        let Some(env) = draft.state.environments.get_mut(name) else {
            continue;
        };
        let newly = |new: bool| Some(replaced.clone()).filter(|_| new).unwrap_or_default();
        // Of one pin the first look that found it counts.
        let kept = env.unclaimed.pin.take();
        let kept = kept.filter(|(pin, _)| seen.pin.as_ref() == Some(pin));
        let mut before = newly(env.pin != seen.pin);
        before.extend(kept.into_iter().flat_map(|(_, before)| before));
        let open = claim(before, seen.pin_origin.as_ref(), &mut raised);
        env.unclaimed.pin = seen.pin.clone().zip(open);
        // A binding has in it those before it that nobody approved.
        let approved = env.accepted.as_ref().map(|accepted| &accepted.binding);
        let settled = seen.binding.is_some() && seen.binding.as_ref() == approved;
        let mut before = newly(seen.binding.is_some() && env.binding != seen.binding);
        before.extend(env.unclaimed.binding.take().unwrap_or_default());
        if !settled {
            env.unclaimed.binding = claim(before, seen.binding_origin.as_ref(), &mut raised);
        }
        // After what waited for its number: of two the older one stands.
        if let (Some(policy), Some(origin)) = (replaced.get(name), &seen.binding_origin) {
            let before = Before::from([(name.clone(), policy.clone())]);
            raised.push((origin.number, before));
        }
    }
    let mut held = held(&draft.state);
    held.extend(raised.iter().map(|(number, _)| *number));
    for (number, before) in raised {
        for (name, policy) in before {
            if let Some(env) = draft.state.environments.get_mut(&name) {
                env.bars.entry(number).or_insert(policy);
                forget(env, &held);
            }
        }
    }
}

/// The policies that are others from this look on, as they were. What was never read is no policy.
fn replaced(state: &PipelineState, facts: &ForgeFacts) -> Before {
    let mut replaced = Before::new();
    for (name, seen) in &facts.environments {
        if let Some(env) = state.environments.get(name)
            && let Some(policy) = &seen.policy
            && env.policy != *policy
            && (env.policy != Policy::default() || env.binding.is_some())
        {
            replaced.insert(name.clone(), env.policy.clone());
        }
    }
    replaced
}

/// Gives the old policies to the pull request; back comes what waits until the forge knows one.
fn claim(
    before: Before,
    origin: Option<&Origin>,
    raised: &mut Vec<(PullNumber, Before)>,
) -> Option<Before> {
    let Some(origin) = origin.filter(|_| !before.is_empty()) else {
        return Some(before).filter(|before| !before.is_empty());
    };
    raised.push((origin.number, before));
    None
}

/// What is still to be judged or applied, however old its number: a pull request may have been open for long.
fn held(state: &PipelineState) -> BTreeSet<PullNumber> {
    let mut held = BTreeSet::new();
    for env in state.environments.values() {
        held.extend(env.refused_on.iter().map(|(number, _)| *number));
        held.extend(env.running_pulls());
        held.extend(carried(env));
    }
    held
}

/// Forgets the oldest, but none that is held.
pub(super) fn forget(env: &mut Environment, held: &BTreeSet<PullNumber>) {
    // Eight: a pin that came with such a change is judged soon after, or refused and put right.
    const BARS: usize = 8;
    while env.bars.len() > BARS {
        let mut old = env.bars.keys().copied();
        let Some(old) = old.find(|number| !held.contains(number)) else {
            break;
        };
        env.bars.remove(&old);
    }
}

/// The pull requests behind an approval that never got in place: whatever is approved next for the same package has in it what
/// they brought, and with that their bars.
pub(super) fn carried(env: &Environment) -> BTreeSet<PullNumber> {
    let Some(accepted) = env.accepted.as_ref().filter(|accepted| !accepted.done) else {
        return BTreeSet::new();
    };
    let current = env.current.as_ref();
    let in_place = current.is_some_and(|current| {
        current.package == accepted.package && current.binding == accepted.binding
    });
    if in_place {
        return BTreeSet::new();
    }
    let own = accepted.cause.pull();
    accepted.carries.iter().copied().chain(own).collect()
}

/// Where the run's pull request changed the windows, both sides' hours are waited for; where they are never open at one moment, one
/// after the other: old hours that have come once since have held for as long as they were to. Freezes stay: they end. Asked when
/// nothing but hours is waited for: hours that came while something else stood before the run have not held it.
pub(super) fn window_passed(env: &mut Environment, now: DateTime<Utc>) {
    let pulls = env.running_pulls();
    let shut = |policy: &Policy| gates::window(policy, now).is_some();
    let waits = env.policies(&pulls).any(shut) && !env.bars_of(&pulls).all(shut);
    if waits && gates::never_open_together(env.policies(&pulls), now) {
        clear(env, &pulls, |bar| !shut(bar));
    }
}

/// What has begun under the old hours goes on in the new ones: half an apply that waits for a week is worse than either.
pub(super) fn begun(env: &mut Environment) {
    let pulls = env.running_pulls();
    clear(env, &pulls, |_| true);
}

fn clear(env: &mut Environment, pulls: &[PullNumber], which: impl Fn(&Policy) -> bool) {
    for number in pulls {
        if let Some(bar) = env.bars.get_mut(number).filter(|bar| which(bar)) {
            bar.gates.windows.clear();
        }
    }
}
