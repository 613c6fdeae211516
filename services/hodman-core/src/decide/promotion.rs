//! Which package goes on into which environment, and its pull request: one at a time, planned afresh while it is open.

mod open;
mod outcome;

pub(super) use outcome::ended;

use super::{Draft, heal, strays};
use crate::effect::Act;
use crate::explain::{self, Candidate};
use crate::facts::PullKind;
use crate::gates;
use crate::ids::{CommitSha, EnvName, PackageDigest};
use crate::policy::Mode;
use crate::state::{Cause, Environment, Phase, Promotion, Run, RunPhase};

/// What a promotion is to bring, and why.
pub(super) struct Goal {
    pub kind: PullKind,
    pub package: PackageDigest,
    pub commit: CommitSha,
    pub because: String,
}

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.policy.mode != Mode::Promoted || env.broken.is_some() {
        return;
    }
    unneeded(draft, name, env);
    asked(draft, name, env);
    replan(draft, name, env);
    candidate(draft, name, env);
    retry(draft, name, env);
    strays::advance(draft, name, env);
    open::advance(draft, name, env);
}

/// Ends a promotion whose aim was reached or given up by other means.
fn unneeded(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(promotion) = env.promotion.clone() else {
        return;
    };
    let needed = match promotion.kind {
        PullKind::Rollback => env
            .accepted
            .as_ref()
            .is_none_or(|accepted| accepted.package != promotion.package),
        PullKind::Replan => replan_for(env).is_some_and(|goal| goal.package == promotion.package),
        PullKind::Promotion | PullKind::Capture | PullKind::Adopt => {
            !env.policy.absent
                && !explain::is_here(&draft.state, env, &promotion.package)
                && !env.put_aside.contains_key(&promotion.package)
        }
    };
    if !needed {
        give_up(draft, name, env, "it is not needed any more");
    }
}

/// Leaves a promotion as soon as it can be left, and closes its pull request.
pub(super) fn give_up(draft: &mut Draft, name: &EnvName, env: &mut Environment, because: &str) {
    let Some(promotion) = env.promotion.clone() else {
        return;
    };
    match &promotion.phase {
        Phase::Planning { op, .. } => {
            draft.cancel(*op);
            env.promotion = None;
        }
        Phase::Failed { .. } | Phase::Blocked { .. } => env.promotion = None,
        // One that was merged ends by its pin, not by being closed.
        Phase::Open(pull) if pull.merging.is_none() && !pull.is_merged() => {
            env.promotion = None;
            strays::leave(env, &promotion, pull.number);
            strays::close(draft, name, env, pull.number, because);
        }
        // What is being opened, closed or merged is waited for.
        Phase::Open(_) | Phase::Opening { .. } | Phase::Clearing { .. } => {}
    }
}

/// A rollback takes the place of whatever is on its way, as soon as that can be left.
fn asked(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(asked) = env.asked.clone() else {
        return;
    };
    let goal = Goal {
        kind: PullKind::Rollback,
        package: asked.package,
        commit: asked.source_commit,
        because: asked.because,
    };
    if replace(draft, name, env, goal, "superseded by a rollback") {
        env.asked = None;
    }
}

/// What is needed is not what was approved: the same package again, with the plan as it is now.
fn replan(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.promotion.is_some() || env.hold.is_some() {
        return;
    }
    if let Some(goal) = replan_for(env) {
        begin(draft, name, env, goal);
    }
}

/// What has to be approved anew, if anything has.
fn replan_for(env: &Environment) -> Option<Goal> {
    let accepted = env.accepted.as_ref()?;
    if env.busy() {
        return None;
    }
    let because = unapproved(env).or_else(|| heal::wanted(env))?;
    let (package, commit) = own_run(env)
        .map_or((&accepted.package, &accepted.source_commit), |run| {
            (&run.package, &run.source_commit)
        });
    // Somebody closed the last one, or rolled back from the package: asked again only when told to.
    if env.put_aside.contains_key(package) {
        return None;
    }
    Some(Goal {
        kind: PullKind::Replan,
        package: package.clone(),
        commit: commit.clone(),
        because,
    })
}

fn own_run(env: &Environment) -> Option<&Run> {
    env.run
        .as_ref()
        .filter(|run| !matches!(run.cause, Cause::Override { .. }))
}

/// Why what was approved is not enough for what is to be there, if it is not.
pub(super) fn unapproved(env: &Environment) -> Option<String> {
    let accepted = env.accepted.as_ref()?;
    let run = own_run(env);
    let outside = match run.map(|run| &run.phase) {
        Some(RunPhase::NeedsApproval { outside, .. }) => Some(outside.join(", ")),
        _ => None,
    };
    let rebound = env
        .binding
        .as_ref()
        .is_some_and(|binding| binding != &accepted.binding);
    match (outside, rebound) {
        (Some(outside), _) => Some(format!("the approved plan does not cover {outside}")),
        (None, true) if env.policy.absent => Some(
            "its file says `state: absent`: everything that hodman made here is destroyed"
                .to_owned(),
        ),
        (None, true) => Some("the binding on main changed without an approved plan".to_owned()),
        (None, false) => None,
    }
}

/// The newest package that every predecessor has passed.
fn candidate(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.policy.absent {
        return;
    }
    let found = explain::candidate(&draft.state, env, draft.now);
    for reason in &found.waits {
        draft.wake(gates::wakes_at(reason));
    }
    let Candidate {
        package: Some(package),
        waits,
    } = found
    else {
        return;
    };
    if !waits.is_empty() || env.hold.is_some() || env.busy() {
        return;
    }
    let Some(commit) = draft
        .state
        .package(&package)
        .map(|known| known.commit.clone())
    else {
        return;
    };
    let goal = Goal {
        kind: PullKind::Promotion,
        because: format!("package {} from {}", package.short(), commit.short()),
        package,
        commit,
    };
    match &env.promotion {
        None => begin(draft, name, env, goal),
        Some(old) if old.package == goal.package => {}
        // A rollback is decided first, unless it cannot go on at all.
        Some(old) if old.kind == PullKind::Rollback && !old.is_stuck() => {}
        // What is being closed makes way for the newest in the end; what blocks, blocks the newest, too.
        Some(old) if matches!(old.phase, Phase::Clearing { .. } | Phase::Blocked { .. }) => {}
        Some(_) => {
            let because = format!("superseded by package {}", goal.package.short());
            replace(draft, name, env, goal, &because);
        }
    }
}

/// Puts a new aim in the place of what is on its way. False when that cannot be left right now: cutting in while a
/// pull request is opened or merged could leave two open.
fn replace(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    goal: Goal,
    because: &str,
) -> bool {
    let Some(old) = env.promotion.clone() else {
        begin(draft, name, env, goal);
        return true;
    };
    match &old.phase {
        Phase::Opening { .. } => return false,
        Phase::Open(pull) if pull.merging.is_some() => return false,
        Phase::Open(pull) => {
            for op in pull
                .refreshing
                .iter()
                .chain(pull.updating.iter().map(|(op, ..)| op))
            {
                draft.cancel(*op);
            }
            env.promotion = None;
            strays::leave(env, &old, pull.number);
            clear(draft, name, env, pull.number, goal, because);
        }
        Phase::Planning { op, .. } => {
            draft.cancel(*op);
            begin(draft, name, env, goal);
        }
        Phase::Failed { .. } | Phase::Blocked { .. } => begin(draft, name, env, goal),
        // Closed all the same, for another aim.
        Phase::Clearing { .. } => env.promotion = Some(goal.promotion(old.phase)),
    }
    true
}

/// Closes an older pull request first; the promotion goes on when it is closed.
fn clear(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    old: crate::ids::PullNumber,
    goal: Goal,
    because: &str,
) {
    if let Some(op) = strays::close(draft, name, env, old, because) {
        env.promotion = Some(goal.promotion(Phase::Clearing { op, old }));
    }
}

/// Begins with the plan; or with what stands in the way of a pull request.
pub(super) fn begin(draft: &mut Draft, name: &EnvName, env: &mut Environment, goal: Goal) {
    let Some(config) = draft.state.head.clone() else {
        return;
    };
    if env
        .look_first
        .is_some_and(|generation| draft.state.observing.done < generation)
    {
        env.promotion = Some(goal.promotion(Phase::Failed {
            why: "an opening failed; the forge is asked whether it went through".to_owned(),
            not_before: Some(draft.now),
        }));
        return;
    }
    env.look_first = None;
    if let Some((old, stray)) = strays::in_the_way(env, goal.kind, &goal.package) {
        if stray.person_pushed {
            env.promotion = Some(goal.promotion(Phase::Blocked { by: old }));
        } else {
            let because = format!("superseded by package {}", goal.package.short());
            clear(draft, name, env, old, goal, &because);
        }
        return;
    }
    let op = draft.emit(
        Some(name),
        Act::Plan {
            package: goal.package.clone(),
            config,
            compares: false,
        },
    );
    draft.note(Some(name), "planning", goal.because.clone());
    env.promotion = Some(goal.promotion(Phase::Planning { op, moved: false }));
}

/// A failed step begins again when its pause is over.
fn retry(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(promotion) = env.promotion.clone() else {
        return;
    };
    let Phase::Failed {
        not_before: Some(at),
        ..
    } = &promotion.phase
    else {
        return;
    };
    if *at > draft.now {
        return draft.wake(Some(*at));
    }
    if env.hold.is_some() && promotion.kind != PullKind::Rollback {
        return;
    }
    let tries = promotion.tries;
    begin(draft, name, env, Goal::of(promotion));
    if let Some(promotion) = &mut env.promotion {
        promotion.tries = tries;
    }
}

impl Goal {
    pub(super) fn of(promotion: Promotion) -> Self {
        Self {
            kind: promotion.kind,
            package: promotion.package,
            commit: promotion.source_commit,
            because: promotion.because,
        }
    }

    fn promotion(self, phase: Phase) -> Promotion {
        Promotion {
            kind: self.kind,
            package: self.package,
            source_commit: self.commit,
            because: self.because,
            tries: 0,
            phase,
        }
    }
}
