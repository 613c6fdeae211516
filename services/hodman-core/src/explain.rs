//! How an environment stands and why it waits: computed from facts, the same for the web page, the CLI and pull requests.

mod candidate;
mod standing;
mod waits;

pub use candidate::{Candidate, candidate, is_here};
pub use standing::Standing;
pub use waits::{gate_lines, pull_waits, refuses, run_waits};

use crate::gates;
use crate::ids::{EnvName, PackageDigest};
use crate::policy::{Mode, ScheduleSpec};
use crate::reason::{Reason, stamp};
use crate::schedule::Schedule;
use crate::state::{Aside, Capture, Environment, Phase, PipelineState, RunPhase};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What an environment is about, in one screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Which.
    pub env: EnvName,
    /// In one word.
    pub standing: Standing,
    /// The package in place.
    pub package: Option<PackageDigest>,
    /// What is there.
    pub there: Vec<String>,
    /// What waits, and why.
    pub waits: Vec<Reason>,
}

/// Explains one environment.
#[must_use]
pub fn explain(state: &PipelineState, name: &EnvName, now: DateTime<Utc>) -> Option<Explanation> {
    explain_env(state, name, state.environments.get(name)?, now)
}

/// Explains one environment that may be lent out of the state.
pub(crate) fn explain_env(
    state: &PipelineState,
    name: &EnvName,
    env: &Environment,
    now: DateTime<Utc>,
) -> Option<Explanation> {
    Some(Explanation {
        env: name.clone(),
        standing: standing(env),
        package: env.current.as_ref().map(|current| current.package.clone()),
        there: there(env),
        waits: waits(state, env, now),
    })
}

/// Whether nothing of an environment that shall be absent is left, as far as anybody knows.
fn destroyed(env: &Environment) -> bool {
    let accepted = env.accepted.as_ref();
    // A file that cannot be read says nothing yet of what is to go.
    env.policy.absent
        && env.broken.is_none()
        && accepted.is_none_or(|accepted| {
            accepted.done
                && env
                    .binding
                    .as_ref()
                    .is_none_or(|now| *now == accepted.binding)
        })
}

/// One exhaustive answer from the facts, the worst first.
#[must_use]
pub fn standing(env: &Environment) -> Standing {
    if env.gone || destroyed(env) {
        return Standing::Gone;
    }
    if env.broken.is_some() {
        return Standing::Broken;
    }
    if env.policy.mode == Mode::FreeForm {
        return Standing::FreeForm;
    }
    match env.run.as_ref().map(|run| &run.phase) {
        Some(RunPhase::Applying { .. } | RunPhase::Failed { waits: true, .. }) => {
            return Standing::Applying;
        }
        Some(RunPhase::Verifying { .. }) => return Standing::Verifying,
        Some(RunPhase::NeedsApproval { .. }) => return Standing::NeedsApproval,
        Some(RunPhase::Failed { waits: false, .. }) => return Standing::Failed,
        Some(RunPhase::Waiting) if env.hold.is_none() => return Standing::Approved,
        Some(RunPhase::Waiting) | None => {}
    }
    if env.hold.is_some() {
        return Standing::Held;
    }
    if env.refused.is_some() {
        return Standing::Refused;
    }
    match &env.promotion {
        Some(promotion) if promotion.is_stuck() => return Standing::Failed,
        Some(_) => return Standing::Proposed,
        None => {}
    }
    match &env.current {
        None => Standing::Empty,
        Some(current) if current.healthy_since.is_none() => Standing::Unhealthy,
        Some(_) => match &env.drift.found {
            Some(found) if found.until.is_some() => Standing::DriftProposed,
            Some(_) => Standing::Drifted,
            None => Standing::Healthy,
        },
    }
}

fn there(env: &Environment) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(current) = &env.current {
        let health = match (&current.healthy_since, &current.unhealthy) {
            (Some(since), _) => format!("healthy since {}", stamp(*since)),
            (None, Some(why)) => format!("not healthy: {why}"),
            (None, None) => "not verified yet".to_owned(),
        };
        lines.push(format!(
            "package {} from {}, applied {}, {health}",
            current.package.short(),
            current.source_commit.short(),
            stamp(current.applied_at)
        ));
    }
    if let Some(number) = env.accepted.as_ref().and_then(|accepted| accepted.pull) {
        lines.push(format!("approved by merging {number}"));
    }
    if let Some(over) = &env.over {
        lines.push(format!(
            "override to {} by {}: {} (until {})",
            over.package.short(),
            over.by,
            over.reason,
            stamp(over.until)
        ));
    }
    if let Some(found) = &env.drift.found {
        let mut line = format!(
            "differs from Git since {}: {}",
            stamp(found.since),
            found.plan.counts()
        );
        if let Some(number) = found.proposed {
            line.push_str(&format!("; proposed in {number}"));
        }
        if let Some(until) = found.until {
            line.push_str(&format!("; counts as proposed until {}", stamp(until)));
        }
        if let Some(note) = &found.note {
            line.push_str(&format!("; {note}"));
        }
        lines.push(line);
    }
    if let Some(asked) = &env.drift.asked {
        lines.push(format!(
            "{} asked for what differs to be put back",
            asked.by
        ));
    }
    if let Some(last) = env.drift.last {
        lines.push(format!("last compared {}", stamp(last)));
    }
    if let Some(last) = env.capture.last {
        lines.push(format!("last captured {}", stamp(last)));
    }
    if let Some(number) = env.capture.pull {
        lines.push(format!("capture pull request {number}"));
    }
    if let Some(number) = env.takeover.pull {
        lines.push(format!("takeover proposed in {number}"));
    }
    if let Some(why) = &env.takeover.error {
        lines.push(format!("the last takeover was refused: {why}"));
    }
    if let Some(why) = &env.unlocking.error {
        lines.push(format!("the last unlock was refused: {why}"));
    }
    if env.capture.conflicts > 0 {
        lines.push(conflicts(&env.capture));
    }
    lines
}

fn conflicts(capture: &Capture) -> String {
    let (count, named) = (capture.conflicts, &capture.conflicting);
    let differ = if count == 1 {
        "object differs"
    } else {
        "objects differ"
    };
    let mut line = format!(
        "{count} {differ} here and in Git and no capture says who is right; Git's side stays until somebody settles it"
    );
    // States of earlier versions have no names.
    if !named.is_empty() {
        line.push_str(&format!(": {}", named.join(", ")));
        let shown = u32::try_from(named.len()).unwrap_or(u32::MAX);
        let more = count.saturating_sub(shown);
        if more > 0 {
            line.push_str(&format!(" and {more} more"));
        }
    }
    line
}

fn waits(state: &PipelineState, env: &Environment, now: DateTime<Utc>) -> Vec<Reason> {
    if env.gone || destroyed(env) {
        return vec![Reason::Gone];
    }
    let broken = env.broken.clone();
    let mut reasons: Vec<Reason> = broken
        .map(|error| Reason::Broken { error })
        .into_iter()
        .collect();
    reasons.extend(unread(state));
    reasons.extend(gates::hold(env));
    if env.hold.is_some() && env.still.is_some() {
        reasons.push(Reason::StaysStopped);
    }
    if let Some(why) = &env.capture.error {
        reasons.push(Reason::Failed {
            what: "capture".to_owned(),
            why: why.clone(),
            retry_at: env.capture.not_before,
        });
    }
    if env.policy.mode == Mode::FreeForm {
        return reasons;
    }
    reasons.extend(
        env.refused
            .clone()
            .map(|(_, refusal)| Reason::Refused { refusal }),
    );
    reasons.extend(run_reasons(state, env, now));
    reasons.extend(promotion_reasons(state, env, now));
    if let Some(accepted) = &env.accepted
        && let Some(why) = env.put_aside.get(&accepted.package)
        && (env.over.is_none() || matches!(why, Aside::Declined(_)))
    {
        reasons.push(Reason::PutAside {
            package: accepted.package.clone(),
            why: why.to_string(),
        });
    }
    if env.promotion.is_none() {
        reasons.extend(candidate(state, env, now).waits);
    }
    if let Some(still) = &env.still
        && let Some(why) = &still.error
    {
        reasons.push(Reason::Failed {
            what: "letting go on what was stopped".to_owned(),
            why: why.clone(),
            retry_at: Some(still.not_before),
        });
    }
    if let Some(why) = &env.drift.error {
        reasons.push(Reason::Failed {
            what: "comparing".to_owned(),
            why: why.clone(),
            retry_at: env
                .drift
                .not_before
                .filter(|_| env.drift.wanted)
                .or_else(|| next_slot(env.policy.reconcile.as_ref(), now)),
        });
    }
    reasons.dedup();
    reasons
}

/// Nothing new is seen, here or anywhere.
fn unread(state: &PipelineState) -> Option<Reason> {
    let why = state.observing.error.clone()?;
    Some(Reason::Failed {
        what: "reading the repository".to_owned(),
        why,
        retry_at: state.observing.not_before,
    })
}

/// When a schedule does it the next time.
fn next_slot(spec: Option<&ScheduleSpec>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let spec = spec?;
    let schedule = Schedule::parse(&spec.cron, &spec.zone).ok()?;
    schedule.next_after(now)
}

fn run_reasons(state: &PipelineState, env: &Environment, now: DateTime<Utc>) -> Vec<Reason> {
    let Some(run) = &env.run else { return vec![] };
    let gates = || {
        run_waits(state, env, now)
            .into_iter()
            .filter(|reason| !matches!(reason, Reason::Held { .. } | Reason::Broken { .. }))
    };
    match &run.phase {
        RunPhase::Waiting => gates().collect(),
        RunPhase::Applying { .. } => vec![Reason::Busy {
            doing: format!("applying package {}", run.package.short()),
        }],
        RunPhase::Verifying { .. } => vec![Reason::Busy {
            doing: format!("verifying package {}", run.package.short()),
        }],
        RunPhase::NeedsApproval { outside, .. } => vec![Reason::NeedsApproval {
            outside: outside.clone(),
        }],
        RunPhase::Failed {
            why, waits: true, ..
        } => {
            let doing = format!("applying package {} {why}", run.package.short());
            let mut reasons = vec![Reason::Busy { doing }];
            reasons.extend(gates());
            reasons
        }
        RunPhase::Failed {
            why, not_before, ..
        } => {
            vec![Reason::Failed {
                what: "applying".to_owned(),
                why: why.clone(),
                retry_at: *not_before,
            }]
        }
    }
}

fn promotion_reasons(state: &PipelineState, env: &Environment, now: DateTime<Utc>) -> Vec<Reason> {
    let Some(promotion) = &env.promotion else {
        return vec![];
    };
    match &promotion.phase {
        Phase::Clearing { old, .. } => vec![Reason::Busy {
            doing: format!("closing {old}, which is superseded"),
        }],
        Phase::Blocked { by } => vec![Reason::PersonPushed { number: *by }],
        Phase::Planning { .. } => vec![Reason::Busy {
            doing: format!("planning package {}", promotion.package.short()),
        }],
        Phase::Opening { .. } => vec![Reason::Busy {
            doing: "opening the pull request".to_owned(),
        }],
        Phase::Failed {
            why, not_before, ..
        } => {
            vec![Reason::Failed {
                what: "promoting".to_owned(),
                why: why.clone(),
                retry_at: *not_before,
            }]
        }
        Phase::Open(pull) => {
            let mut reasons = vec![Reason::Merge {
                number: pull.number,
            }];
            reasons.extend(
                pull.merge_refused
                    .as_ref()
                    .map(|(why, _)| Reason::MergeRefused { why: why.clone() }),
            );
            reasons.extend(
                pull_waits(state, env, now)
                    .into_iter()
                    .filter(|reason| !matches!(reason, Reason::Held { .. })),
            );
            reasons
        }
    }
}
