//! Which package goes on into which environment, and its pull request: one at a time, planned afresh while it is open.

mod open;
mod outcome;

pub(super) use outcome::ended;

use super::Draft;
use crate::effect::Act;
use crate::explain::{self, Candidate};
use crate::facts::PullKind;
use crate::gates;
use crate::ids::{CommitSha, EnvName, PackageDigest};
use crate::policy::Mode;
use crate::state::{Environment, Phase, Promotion, RunPhase};

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.policy.mode != Mode::Promoted || env.broken.is_some() {
        return;
    }
    replan(draft, name, env);
    candidate(draft, name, env);
    retry(draft, name, env);
    open::advance(draft, name, env);
}

/// What is needed is not what was approved: the same package again, with the plan as it is now.
fn replan(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.promotion.is_some() || env.hold.is_some() {
        return;
    }
    let outside = match env.run.as_ref().map(|run| &run.phase) {
        Some(RunPhase::NeedsApproval { outside, .. }) => Some(outside.join(", ")),
        _ => None,
    };
    let Some(accepted) = env.accepted.clone() else {
        return;
    };
    let rebound = env
        .binding
        .as_ref()
        .is_some_and(|binding| binding != &accepted.binding)
        && env.run.as_ref().is_none_or(|run| {
            !matches!(
                run.phase,
                RunPhase::Applying { .. } | RunPhase::Verifying { .. }
            )
        });
    let because = match (outside, rebound) {
        (Some(outside), _) => format!("the approved plan does not cover {outside}"),
        (None, true) => "the binding on main changed without an approved plan".to_owned(),
        (None, false) => return,
    };
    let run = env
        .run
        .as_ref()
        .map(|run| (run.package.clone(), run.source_commit.clone()));
    let (package, commit) = run.unwrap_or((accepted.package, accepted.source_commit));
    begin(draft, name, env, PullKind::Replan, package, commit, because);
}

/// The newest package that every predecessor has passed.
fn candidate(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
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
    if !waits.is_empty() || env.hold.is_some() {
        return;
    }
    let busy = env.run.as_ref().is_some_and(|run| {
        matches!(
            run.phase,
            RunPhase::Applying { .. } | RunPhase::Verifying { .. }
        )
    });
    if busy {
        return;
    }
    let Some(commit) = draft
        .state
        .package(&package)
        .map(|known| known.commit.clone())
    else {
        return;
    };
    match env.promotion.clone() {
        None => {
            let because = format!("package {} from {}", package.short(), commit.short());
            begin(
                draft,
                name,
                env,
                PullKind::Promotion,
                package,
                commit,
                because,
            );
        }
        Some(promotion) if promotion.kind == PullKind::Rollback || promotion.package == package => {
        }
        Some(promotion) => supersede(draft, name, env, &promotion, package, commit),
    }
}

/// A newer package takes the place of one that is still on its way.
fn supersede(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    old: &Promotion,
    package: PackageDigest,
    commit: CommitSha,
) {
    match &old.phase {
        Phase::Open(pull) if pull.merging.is_none() => {
            let because = format!("superseded by package {}", package.short());
            clear(
                draft,
                name,
                env,
                pull.number,
                &because,
                PullKind::Promotion,
                package,
                commit,
            );
        }
        Phase::Planning { op } => {
            draft.cancel(*op);
            let because = format!("package {} from {}", package.short(), commit.short());
            begin(
                draft,
                name,
                env,
                PullKind::Promotion,
                package,
                commit,
                because,
            );
        }
        Phase::Failed { .. } => {
            let because = format!("package {} from {}", package.short(), commit.short());
            begin(
                draft,
                name,
                env,
                PullKind::Promotion,
                package,
                commit,
                because,
            );
        }
        // What is being opened, closed or merged is waited for: cutting in there could leave two open.
        Phase::Open(_) | Phase::Opening { .. } | Phase::Clearing { .. } | Phase::Blocked { .. } => {
        }
    }
}

/// Closes an older pull request first; the new promotion goes on when it is closed.
#[expect(
    clippy::too_many_arguments,
    reason = "each names one part of the promotion that follows"
)]
pub(super) fn clear(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    old: crate::ids::PullNumber,
    because: &str,
    kind: PullKind,
    package: PackageDigest,
    commit: CommitSha,
) {
    let op = draft.emit(
        Some(name),
        Act::ClosePull {
            number: old,
            because: because.to_owned(),
        },
    );
    draft.note(Some(name), "superseded", format!("{old}: {because}"));
    env.promotion = Some(Promotion {
        kind,
        because: format!("package {} from {}", package.short(), commit.short()),
        package,
        source_commit: commit,
        tries: 0,
        phase: Phase::Clearing { op, old },
    });
}

pub(super) fn begin(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    kind: PullKind,
    package: PackageDigest,
    commit: CommitSha,
    because: String,
) {
    let Some(config) = draft.state.head.clone() else {
        return;
    };
    let op = draft.emit(
        Some(name),
        Act::Plan {
            package: package.clone(),
            config,
        },
    );
    draft.note(Some(name), "planning", because.clone());
    env.promotion = Some(Promotion {
        kind,
        package,
        source_commit: commit,
        because,
        tries: 0,
        phase: Phase::Planning { op },
    });
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
    let tries = promotion.tries;
    begin(
        draft,
        name,
        env,
        promotion.kind,
        promotion.package,
        promotion.source_commit,
        promotion.because,
    );
    if let Some(promotion) = &mut env.promotion {
        promotion.tries = tries;
    }
}
