//! Conditions on a promotion, looked at in one fixed order so that the first reason shown is the first to mend.

use crate::facts::CheckState;
use crate::ids::{CommitSha, EnvName, PackageDigest};
use crate::policy::{Mode, Policy};
use crate::reason::Reason;
use crate::schedule::Schedule;
use crate::state::{Aside, Deployed, Environment, PipelineState};
use crate::window::{self, Freeze, Window, WindowKind};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;

/// Promoted predecessors; free-form ones have nothing to pass.
#[must_use]
pub fn predecessors<'a>(
    state: &'a PipelineState,
    policy: &'a Policy,
) -> Vec<(&'a EnvName, Option<&'a Environment>)> {
    policy
        .after
        .iter()
        .map(|name| (name, state.environments.get(name)))
        .filter(|(_, env)| env.is_none_or(|env| env.policy.mode == Mode::Promoted))
        .collect()
}

/// The environment had this very package in place and healthy, the last time it had it at all.
#[must_use]
pub fn passed(env: &Environment, package: &PackageDigest) -> bool {
    env.latest(package)
        .is_some_and(|deployed| deployed.healthy_since.is_some())
}

/// Having the package here would be news: it is not in place, and was not healthy here when it last was.
#[must_use]
pub fn arrives(env: &Environment, package: &PackageDigest) -> bool {
    let current = env.current.as_ref();
    current.is_none_or(|current| &current.package != package) && !passed(env, package)
}

/// What still stands between a package and a promotion into the environment, predecessors first, then checks.
#[must_use]
pub fn entry(
    state: &PipelineState,
    policy: &Policy,
    package: &PackageDigest,
    source: &CommitSha,
    now: DateTime<Utc>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (name, env) in predecessors(state, policy) {
        reasons.extend(predecessor(name, env, policy, package, now));
    }
    reasons.extend(rolled_back_earlier(state, policy, package));
    let known = state.checks.get(source);
    for name in &policy.gates.checks {
        match known.and_then(|checks| checks.get(name)) {
            Some(CheckState::Success) => {}
            Some(CheckState::Failure) => reasons.push(Reason::CheckFailed { name: name.clone() }),
            Some(CheckState::Pending) | None => {
                reasons.push(Reason::CheckPending { name: name.clone() });
            }
        }
    }
    reasons
}

/// Where the package was rolled back from further up the way. What lies between has it still, healthy as it may be: somebody found
/// out more since it passed there.
fn rolled_back_earlier(
    state: &PipelineState,
    policy: &Policy,
    package: &PackageDigest,
) -> Vec<Reason> {
    let direct = predecessors(state, policy);
    let mut seen: BTreeSet<&EnvName> = direct.iter().map(|(name, _)| *name).collect();
    let mut open: Vec<&Environment> = direct.into_iter().filter_map(|(_, env)| env).collect();
    let mut reasons = Vec::new();
    while let Some(env) = open.pop() {
        for (name, earlier) in predecessors(state, &env.policy) {
            if !seen.insert(name) {
                continue;
            }
            reasons.extend(rolled_back(name, earlier, package));
            open.extend(earlier);
        }
    }
    reasons
}

/// However long it had been good there before: somebody found out more.
fn rolled_back(
    name: &EnvName,
    env: Option<&Environment>,
    package: &PackageDigest,
) -> Option<Reason> {
    let aside = env.and_then(|env| env.put_aside.get(package));
    (aside == Some(&Aside::RolledBack)).then(|| Reason::NotHealthy {
        env: name.clone(),
        why: format!("it was rolled back from there; `hodman retry {name}` lets it on again"),
    })
}

fn predecessor(
    name: &EnvName,
    env: Option<&Environment>,
    policy: &Policy,
    package: &PackageDigest,
    now: DateTime<Utc>,
) -> Option<Reason> {
    let rolled_back = rolled_back(name, env, package);
    if rolled_back.is_some() {
        return rolled_back;
    }
    let there = env
        .and_then(|env| env.current.as_ref())
        .filter(|current| &current.package == package);
    let Some(current) = there else {
        // It went on to something newer after passing this one, soak and all: that still counts as passed.
        let soaked = env
            .and_then(|env| env.latest(package))
            .is_some_and(|old| soaked(old, policy));
        return (!soaked).then(|| Reason::NotThereYet { env: name.clone() });
    };
    let Some(since) = current.healthy_since else {
        let why = current
            .unhealthy
            .clone()
            .unwrap_or_else(|| "not verified yet".to_owned());
        return Some(Reason::NotHealthy {
            env: name.clone(),
            why,
        });
    };
    let until = since + soak(policy);
    (until > now).then(|| Reason::Soaking {
        env: name.clone(),
        until,
    })
}

/// Whether something that is no longer in place was healthy for long enough while it was.
fn soaked(old: &Deployed, policy: &Policy) -> bool {
    let (Some(since), Some(until)) = (old.healthy_since, old.replaced_at) else {
        return false;
    };
    since + soak(policy) <= until
}

fn soak(policy: &Policy) -> Duration {
    // A hundred years are for ever; more would leave the range of dates.
    Duration::seconds(policy.gates.soak_seconds.clamp(0, 3_155_760_000))
}

/// Whether something may be applied now, as far as windows and freezes go.
#[must_use]
pub fn window(policy: &Policy, now: DateTime<Utc>) -> Option<Reason> {
    let mut windows = Vec::new();
    for spec in &policy.gates.windows {
        match Schedule::parse(&spec.cron, &spec.zone) {
            Ok(schedule) => windows.push(Window {
                kind: if spec.deny {
                    WindowKind::Deny
                } else {
                    WindowKind::Allow
                },
                schedule,
                duration: std::time::Duration::from_secs(spec.seconds.unsigned_abs()),
            }),
            // Closed rather than open: a window nobody can read must not let anything through.
            Err(error) => {
                return Some(Reason::WindowClosed {
                    because: format!("window `{}` cannot be read: {error}", spec.cron),
                    until: None,
                });
            }
        }
    }
    let freezes: Vec<Freeze> = policy
        .gates
        .freezes
        .iter()
        .map(|freeze| Freeze {
            from: freeze.from,
            to: freeze.to,
            reason: freeze.reason.clone(),
        })
        .collect();
    let found = window::gate(&windows, &freezes, now);
    (!found.open).then(|| Reason::WindowClosed {
        because: found.because.to_string(),
        until: found.changes_at,
    })
}

/// The hold, as a reason.
#[must_use]
pub fn hold(env: &Environment) -> Option<Reason> {
    env.hold.as_ref().map(|hold| Reason::Held {
        by: hold.by.clone(),
        reason: hold.reason.clone(),
    })
}

/// When a reason may stop holding by the passing of time alone.
#[must_use]
pub fn wakes_at(reason: &Reason) -> Option<DateTime<Utc>> {
    match reason {
        Reason::Soaking { until, .. } => Some(*until),
        Reason::WindowClosed { until, .. } => *until,
        Reason::Failed { retry_at, .. } => *retry_at,
        _ => None,
    }
}
