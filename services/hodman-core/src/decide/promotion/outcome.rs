//! What the steps of a promotion brought.

use super::super::advance::with_env;
use super::super::{Draft, heal, observe, strays};
use super::Goal;
use crate::effect::Act;
use crate::event::Outcome;
use crate::explain;
use crate::facts::PlanFacts;
use crate::ids::{BindingDigest, EnvName, Op};
use crate::state::{Environment, OpenPull, Phase, Promotion};

pub(in crate::decide) fn ended(
    draft: &mut Draft,
    name: &EnvName,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some(promotion) = env.promotion.take() else {
            return Err("no promotion is under way".to_owned());
        };
        step(draft, name, env, promotion, op, outcome)
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}

fn step(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    mut promotion: Promotion,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    strays::closed(draft, env, op, outcome);
    match (promotion.phase.clone(), outcome) {
        (Phase::Clearing { .. }, Outcome::PullClosed) => {
            super::begin(draft, name, env, Goal::of(promotion));
            // It may have been merged in the last moment.
            observe::want(draft);
            Ok(())
        }
        (Phase::Clearing { old, .. }, Outcome::PullKept) => {
            draft.note(
                Some(name),
                "kept",
                format!("{old} stays open: a person pushed to it"),
            );
            promotion.phase = Phase::Blocked { by: old };
            env.promotion = Some(promotion);
            Ok(())
        }
        (Phase::Planning { .. }, Outcome::Planned { plan, binding }) => {
            opening(draft, name, env, promotion, plan, binding);
            Ok(())
        }
        (Phase::Opening { plan, binding, .. }, Outcome::PullReady { number, head }) => {
            draft.note(
                Some(name),
                "pull-opened",
                format!("{number} for package {}", promotion.package.short()),
            );
            env.strays.remove(number);
            promotion.tries = 0;
            promotion.phase = Phase::Open(Box::new(OpenPull {
                number: *number,
                head: head.clone(),
                plan: *plan,
                binding,
                planned_at: draft.now,
                refreshing: None,
                refresh_after: None,
                updating: None,
                merging: None,
                merge_refused: None,
                seen: None,
            }));
            env.promotion = Some(promotion);
            observe::want(draft);
            Ok(())
        }
        (Phase::Opening { .. }, Outcome::PullNeedless) => {
            draft.note(Some(name), "needless", "main already pins this");
            observe::want(draft);
            promotion.tries += 1;
            let refused = env
                .refused
                .as_ref()
                .is_some_and(|(pin, _)| pin.package == promotion.package);
            // A pin that does not count is a person's to mend; one that was only not read yet ends this promotion.
            let again = (!refused).then(|| draft.now + draft.settings.backoff(promotion.tries));
            promotion.phase = Phase::Failed {
                why: "main already pins this".to_owned(),
                not_before: again,
            };
            env.promotion = Some(promotion);
            Ok(())
        }
        (Phase::Open(mut pull), outcome) => {
            let result = open(draft, name, env, &promotion, &mut pull, op, outcome);
            promotion.phase = Phase::Open(pull);
            env.promotion = Some(promotion);
            result
        }
        (phase, Outcome::Failed { why, transient }) => {
            promotion.tries += 1;
            draft.note(Some(name), "promotion-failed", why.clone());
            if matches!(phase, Phase::Opening { .. }) {
                // It may be open all the same.
                observe::want(draft);
                env.look_first = Some(draft.state.observing.wanted);
            }
            let again =
                *transient || matches!(phase, Phase::Clearing { .. } | Phase::Opening { .. });
            // It was planned of what main was before.
            let stale = matches!(phase, Phase::Planning { moved: true, .. });
            let now = (stale && !again).then_some(draft.now);
            promotion.phase = Phase::Failed {
                why: why.clone(),
                not_before: again
                    .then(|| draft.now + draft.settings.backoff(promotion.tries))
                    .or(now),
            };
            env.promotion = Some(promotion);
            Ok(())
        }
        (_, other) => {
            env.promotion = Some(promotion);
            Err(format!("not an answer to this promotion: {other:?}"))
        }
    }
}

fn opening(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    mut promotion: Promotion,
    plan: &PlanFacts,
    binding: &BindingDigest,
) {
    if heal::needs_no_pull(draft, name, env, &promotion, (plan, binding)) {
        return;
    }
    let Some(digest) = plan.digest.clone() else {
        promotion.tries += 1;
        promotion.phase = Phase::Failed {
            why: "the plan came without a digest".to_owned(),
            not_before: Some(draft.now + draft.settings.backoff(promotion.tries)),
        };
        env.promotion = Some(promotion);
        return;
    };
    env.show(plan);
    let act = Act::OpenPull {
        kind: promotion.kind,
        package: promotion.package.clone(),
        source_commit: promotion.source_commit.clone(),
        binding: binding.clone(),
        plan: digest,
        because: promotion.because.clone(),
        gates: explain::gate_lines(&draft.state, env, &promotion, draft.now),
    };
    let op = draft.emit(Some(name), act);
    promotion.phase = Phase::Opening {
        op,
        plan: Box::new(plan.clone()),
        binding: binding.clone(),
    };
    env.promotion = Some(promotion);
}

fn open(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    promotion: &Promotion,
    pull: &mut OpenPull,
    op: Op,
    outcome: &Outcome,
) -> Result<(), String> {
    let refreshing = pull.refreshing == Some(op);
    let updating = pull
        .updating
        .as_ref()
        .is_some_and(|(running, ..)| *running == op);
    let merging = pull.merging == Some(op);
    match outcome {
        Outcome::Planned { plan, binding } if refreshing => {
            pull.refreshing = None;
            if plan.digest == pull.plan.digest && binding == &pull.binding {
                pull.planned_at = draft.now;
                pull.refresh_after = None;
                return Ok(());
            }
            if heal::is_own(env, promotion) && plan.is_empty() {
                // Somebody put it back by hand: the comparison says so, and closes this.
                pull.planned_at = draft.now;
                env.drift.wanted = true;
                return Ok(());
            }
            let Some(digest) = plan.digest.clone() else {
                pull.refresh_after = Some(draft.now + draft.settings.retry_first);
                return Ok(());
            };
            env.show(plan);
            draft.note(
                Some(name),
                "plan-changed",
                format!("{}: {}", pull.number, plan.counts()),
            );
            let act = Act::UpdatePull {
                number: pull.number,
                kind: promotion.kind,
                package: promotion.package.clone(),
                source_commit: promotion.source_commit.clone(),
                binding: binding.clone(),
                plan: digest,
                because: promotion.because.clone(),
                gates: explain::gate_lines(&draft.state, env, promotion, draft.now),
            };
            let running = draft.emit(Some(name), act);
            pull.updating = Some((running, plan.clone(), binding.clone()));
            Ok(())
        }
        Outcome::PullReady { head, .. } if updating => {
            if let Some((_, plan, binding)) = pull.updating.take() {
                pull.plan = plan;
                pull.binding = binding;
            }
            pull.head = head.clone();
            pull.planned_at = draft.now;
            pull.refresh_after = None;
            pull.merge_refused = None;
            pull.seen = None;
            observe::want(draft);
            Ok(())
        }
        Outcome::PullMerged if merging => {
            pull.merging = None;
            pull.merge_refused = None;
            // Not merged again before it was seen open again.
            pull.seen = None;
            observe::want(draft);
            Ok(())
        }
        Outcome::MergeRefused { why } if merging => {
            pull.merging = None;
            pull.merge_refused = Some((why.clone(), draft.now + draft.settings.retry_at_most));
            draft.note(Some(name), "merge-refused", why.clone());
            observe::want(draft);
            Ok(())
        }
        Outcome::Failed { why, .. } if refreshing || updating || merging => {
            // Tried again; the pull request stays as it is, and nothing of it is applied unapproved.
            let again = draft.now + draft.settings.retry_first;
            if merging {
                pull.merging = None;
                pull.merge_refused = Some((why.clone(), again));
                // The merge may have gone through all the same.
                pull.seen = None;
                observe::want(draft);
            } else {
                pull.refreshing = None;
                pull.updating = None;
                pull.refresh_after = Some(again);
            }
            draft.note(Some(name), "refresh-failed", why.clone());
            Ok(())
        }
        Outcome::PullClosed | Outcome::PullNeedless if updating => {
            // Closed or merged meanwhile; the next look says which.
            pull.updating = None;
            pull.refresh_after = Some(draft.now + draft.settings.retry_first);
            observe::want(draft);
            Ok(())
        }
        other => Err(format!("not an answer to an open pull request: {other:?}")),
    }
}
