//! What stands before a merge by hodman, and before an apply.

use crate::facts::PullKind;
use crate::gates;
use crate::reason::Reason;
use crate::state::{Cause, Environment, Phase, PipelineState, Promotion, RunPhase};
use chrono::{DateTime, Utc};

/// What stands between an approved run and its apply.
#[must_use]
pub fn run_waits(state: &PipelineState, env: &Environment, now: DateTime<Utc>) -> Vec<Reason> {
    let Some(run) = &env.run else { return vec![] };
    let mut reasons: Vec<Reason> = gates::hold(env).into_iter().collect();
    reasons.extend(env.broken.clone().map(|error| Reason::Broken { error }));
    // Going back at once does not wait for somebody's change of the binding: it is done under the approved one.
    let at_once = matches!(run.cause, Cause::Override { .. });
    let bound = if at_once {
        env.approved_config(state.head.as_ref(), &run.binding)
            .is_some()
    } else {
        env.binding.as_ref() == Some(&run.binding)
    };
    if !bound {
        reasons.push(Reason::NeedsApproval {
            outside: vec!["the binding that main has now".to_owned()],
        });
    }
    // What is asked for now, and what was before the pull request changed that.
    let pulls = env.running_pulls();
    // Between approval and window a predecessor may have been rolled back. What has begun goes on: half is worse than either.
    let pinned = matches!(run.cause, Cause::Pin { .. } | Cause::Binding { .. });
    let begins = run.phase == RunPhase::Waiting && gates::arrives(env, &run.package);
    if pinned && begins {
        let source = state.package(&run.package).map(|known| &known.commit);
        let source = source.unwrap_or(&run.source_commit);
        reasons.extend(gates::entry(state, env, &pulls, &run.package, source, now));
    }
    // An override is there for the night when no window is open; a hold is a person's word, though, and stays.
    if !at_once {
        let policies = env.policies(&pulls);
        reasons.extend(policies.filter_map(|policy| gates::window(policy, now)));
    }
    // What both policies ask for is told once.
    let mut told: Vec<Reason> = Vec::new();
    for reason in reasons {
        if !told.contains(&reason) {
            told.push(reason);
        }
    }
    told
}

/// What stands between an open pull request and its merge by hodman.
#[must_use]
pub fn pull_waits(state: &PipelineState, env: &Environment, now: DateTime<Utc>) -> Vec<Reason> {
    let Some(promotion) = &env.promotion else {
        return vec![];
    };
    let mut reasons: Vec<Reason> = gates::hold(env).into_iter().collect();
    let asks = match promotion.kind {
        PullKind::Promotion => true,
        PullKind::Replan => gates::arrives(env, &promotion.package),
        PullKind::Rollback | PullKind::Capture | PullKind::Adopt => false,
    };
    if asks {
        reasons.extend(gates::entry(
            state,
            env,
            &[],
            &promotion.package,
            &promotion.source_commit,
            now,
        ));
    }
    let seen = match &promotion.phase {
        Phase::Open(pull) => pull.seen.as_ref(),
        _ => None,
    };
    let have = seen.map_or(0, |seen| seen.approvals);
    let want = env.policy.gates.approvals;
    if have < want {
        reasons.push(Reason::Reviews { have, want });
    }
    reasons.extend(gates::window(&env.policy, now));
    reasons
}

/// Whether a pin that is merged while this holds is refused. A window guards the apply, and a hold whatever is done: neither asks who
/// merged when.
#[must_use]
pub fn refuses(reason: &Reason) -> bool {
    match reason {
        Reason::NotThereYet { .. }
        | Reason::NotHealthy { .. }
        | Reason::Soaking { .. }
        | Reason::CheckPending { .. }
        | Reason::CheckFailed { .. }
        | Reason::Reviews { .. } => true,
        Reason::Held { .. }
        | Reason::StaysStopped
        | Reason::WindowClosed { .. }
        | Reason::Merge { .. }
        | Reason::MergeRefused { .. }
        | Reason::Busy { .. }
        | Reason::Failed { .. }
        | Reason::PersonPushed { .. }
        | Reason::Broken { .. }
        | Reason::Refused { .. }
        | Reason::NeedsApproval { .. }
        | Reason::PutAside { .. }
        | Reason::Gone
        | Reason::UpToDate
        | Reason::NoPackage => false,
    }
}

/// The gates of a promotion, one line each, for its pull request.
#[must_use]
pub fn gate_lines(
    state: &PipelineState,
    env: &Environment,
    promotion: &Promotion,
    now: DateTime<Utc>,
) -> Vec<String> {
    let with = Environment {
        promotion: Some(promotion.clone()),
        ..env.clone()
    };
    let waits = pull_waits(state, &with, now);
    if waits.is_empty() {
        vec!["every gate is open: merging applies at once".to_owned()]
    } else {
        waits.iter().map(ToString::to_string).collect()
    }
}
