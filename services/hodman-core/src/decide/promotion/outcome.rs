//! What the steps of a promotion brought.

use super::super::advance::with_env;
use super::super::{Draft, observe};
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
    match (promotion.phase.clone(), outcome) {
        (Phase::Clearing { .. }, Outcome::PullClosed) => {
            let Promotion {
                kind,
                package,
                source_commit,
                because,
                ..
            } = promotion;
            super::begin(draft, name, env, kind, package, source_commit, because);
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
            promotion.phase = Phase::Open(Box::new(OpenPull {
                number: *number,
                head: head.clone(),
                plan,
                binding,
                planned_at: draft.now,
                refreshing: None,
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
            let again =
                *transient || matches!(phase, Phase::Clearing { .. } | Phase::Opening { .. });
            promotion.phase = Phase::Failed {
                why: why.clone(),
                not_before: again.then(|| draft.now + draft.settings.backoff(promotion.tries)),
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
    let Some(digest) = plan.digest.clone() else {
        return;
    };
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
        plan: plan.clone(),
        binding: binding.clone(),
    };
    env.promotion = Some(promotion);
}

fn open(
    draft: &mut Draft,
    name: &EnvName,
    env: &Environment,
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
                return Ok(());
            }
            let Some(digest) = plan.digest.clone() else {
                return Ok(());
            };
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
            pull.seen = None;
            observe::want(draft);
            Ok(())
        }
        Outcome::PullMerged if merging => {
            pull.merging = None;
            pull.merge_refused = None;
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
            // Tried again at the next refresh; the pull request stays as it is, and nothing of it is applied unapproved.
            pull.refreshing = None;
            pull.updating = None;
            if merging {
                pull.merging = None;
                pull.merge_refused = Some((why.clone(), draft.now + draft.settings.retry_first));
            }
            pull.planned_at = draft.now - draft.settings.refresh_every + draft.settings.retry_first;
            draft.note(Some(name), "refresh-failed", why.clone());
            Ok(())
        }
        Outcome::PullClosed | Outcome::PullNeedless if updating => {
            pull.updating = None;
            observe::want(draft);
            Ok(())
        }
        other => Err(format!("not an answer to an open pull request: {other:?}")),
    }
}
