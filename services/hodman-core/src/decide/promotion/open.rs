//! An open promotion pull request: its plan is kept fresh, and it is merged by hodman where the environment says so.

use super::super::{Draft, heal};
use crate::effect::Act;
use crate::explain;
use crate::gates;
use crate::ids::EnvName;
use crate::policy::MergeBy;
use crate::state::{Environment, OpenPull, Phase, Promotion};

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if let Some(pull) = open_pull(env) {
        refresh(draft, name, env, &pull);
    }
    // Read again: what is being refreshed is not merged.
    if let Some(pull) = open_pull(env) {
        merge(draft, name, env, &pull);
    }
}

fn open_pull(env: &Environment) -> Option<Box<OpenPull>> {
    match &env.promotion.as_ref()?.phase {
        Phase::Open(pull) if !pull.is_merged() => Some(pull.clone()),
        _ => None,
    }
}

fn refresh(draft: &mut Draft, name: &EnvName, env: &mut Environment, pull: &OpenPull) {
    if pull.refreshing.is_some() || pull.updating.is_some() || pull.merging.is_some() {
        return;
    }
    let due = pull.planned_at + draft.settings.refresh_every;
    let rebound = env
        .binding
        .as_ref()
        .is_some_and(|binding| binding != &pull.binding);
    if due > draft.now && !rebound {
        return draft.wake(Some(due));
    }
    if pull.refresh_after.is_some_and(|at| at > draft.now) {
        return draft.wake(pull.refresh_after);
    }
    let Some(config) = draft.state.head.clone() else {
        return;
    };
    let Some(promotion) = &mut env.promotion else {
        return;
    };
    let op = draft.emit(
        Some(name),
        Act::Plan {
            package: promotion.package.clone(),
            config,
            compares: false,
        },
    );
    if let Phase::Open(pull) = &mut promotion.phase {
        pull.refreshing = Some(op);
    }
}

fn merge(draft: &mut Draft, name: &EnvName, env: &mut Environment, pull: &OpenPull) {
    // What destroys an environment is for a person to merge, whatever the environment says of promotions.
    if env.policy.merge != MergeBy::Auto
        || env.policy.absent
        || pull.merging.is_some()
        || pull.refreshing.is_some()
        || pull.updating.is_some()
    {
        return;
    }
    if let Some((_, again)) = pull
        .merge_refused
        .as_ref()
        .filter(|(_, again)| *again > draft.now)
    {
        return draft.wake(Some(*again));
    }
    // Only the head that we made and that the forge confirms: a person's commit on it needs a person's merge.
    let ours = pull
        .seen
        .as_ref()
        .is_some_and(|seen| seen.head == pull.head && !seen.person_pushed);
    // A plan that could not be confirmed in time is not merged by itself.
    let fresh = pull.planned_at + draft.settings.refresh_every > draft.now;
    let waits = explain::pull_waits(&draft.state, env, draft.now);
    // No merge by itself of what cannot be undone or may double something; of what only puts back, nor of what stops what runs.
    let asked = env.promotion.as_ref();
    let repairs = asked.is_some_and(|promotion| heal::is_own(env, promotion));
    let for_a_person = !pull.plan.irreversible.is_empty()
        || !pull.plan.perhaps_there.is_empty()
        || repairs && !pull.plan.maintenance.is_empty();
    if !ours || !fresh || !waits.is_empty() || for_a_person {
        for reason in &waits {
            draft.wake(gates::wakes_at(reason));
        }
        return;
    }
    let op = draft.emit(
        Some(name),
        Act::MergePull {
            number: pull.number,
            head: pull.head.clone(),
        },
    );
    draft.note(
        Some(name),
        "merging",
        format!("{} at {}", pull.number, pull.head.short()),
    );
    if let Some(Promotion {
        phase: Phase::Open(pull),
        ..
    }) = &mut env.promotion
    {
        pull.merging = Some(op);
    }
}
