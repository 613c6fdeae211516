//! Looking at the repository: asked for by news and by time, one look at a time, none lost.

use super::Draft;
use crate::effect::Act;
use crate::event::Outcome;
use crate::ids::{CommitSha, PackageDigest};
use crate::policy::NamedCheck;
use crate::state::{Observing, PipelineState};
use std::collections::BTreeSet;

pub(super) fn advance(draft: &mut Draft) {
    let every = draft.settings.observe_every;
    let (commits, barred) = (checked_commits(&draft.state), barred(&draft.state));
    let seen = &mut draft.state.observing;
    if seen.running.is_some() {
        return;
    }
    let due = seen.last.is_none_or(|last| last + every <= draft.now)
        // A package whose checks nobody asked for yet would wait for the next look by the clock.
        || !commits.is_subset(&seen.commits)
        || !barred.is_subset(&seen.old_checks);
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
    draft.state.observing.commits.clone_from(&commits);
    draft.state.observing.old_checks.clone_from(&barred);
    let act = Act::Observe {
        pulls,
        commits,
        old_checks: barred,
        recall: draft.state.head.is_none(),
    };
    let op = draft.emit(None, act);
    draft.state.observing.running = Some((op, wanted));
}

/// The commits whose checks some gate may ask about: of the newest package, and of whatever is somewhere, on its way or held back,
/// however many packages came since. None where nobody's gates name checks.
fn checked_commits(state: &PipelineState) -> BTreeSet<CommitSha> {
    let mut environments = state.environments.values();
    if environments.all(|env| env.policy.gates.checks.is_empty()) && barred(state).is_empty() {
        return BTreeSet::new();
    }
    let of = |package: &PackageDigest, source: &CommitSha| {
        let known = state.package(package);
        known.map_or_else(|| source.clone(), |known| known.commit.clone())
    };
    let newest = state.packages.last().map(|package| package.commit.clone());
    let mut commits: BTreeSet<CommitSha> = newest.into_iter().collect();
    for env in state.environments.values() {
        let current = env.current.iter();
        commits.extend(current.map(|current| of(&current.package, &current.source_commit)));
        let run = env.run.iter();
        commits.extend(run.map(|run| of(&run.package, &run.source_commit)));
        let refused = env.refused.iter().map(|(pin, _)| pin);
        commits.extend(refused.map(|pin| of(&pin.package, &pin.source_commit)));
        let accepted = env.accepted.iter().filter(|accepted| !accepted.done);
        commits.extend(accepted.map(|accepted| of(&accepted.package, &accepted.source_commit)));
        let promotion = env.promotion.iter();
        commits.extend(promotion.map(|promotion| promotion.source_commit.clone()));
        let strays = env
            .strays
            .values()
            .filter_map(|stray| stray.package.as_ref());
        commits.extend(strays.filter_map(|package| Some(state.package(package)?.commit.clone())));
    }
    commits
}

/// The checks that a pull request took out of its own way: as long as its pin is held back, or waits, they are looked up still.
fn barred(state: &PipelineState) -> BTreeSet<NamedCheck> {
    let mut barred = BTreeSet::new();
    for env in state.environments.values() {
        let mut pulls = env.running_pulls();
        let refused = env.refused_on.as_ref().filter(|_| env.refused.is_some());
        pulls.extend(refused.map(|(number, _)| *number));
        barred.extend(env.bars_of(&pulls).flat_map(|bar| bar.gates.named()));
    }
    barred
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
            // Not a failure that doubles pauses: the forge says when it answers again, and that is not cut short.
            seen.failures = 0;
            seen.not_before = Some((*until).max(now));
            seen.error = Some(why.clone());
            draft.note(None, "observe-limited", why.clone());
            Ok(())
        }
        other => Err(format!("not an answer to looking: {other:?}")),
    }
}
