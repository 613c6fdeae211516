//! Conditions on a promotion, looked at in one fixed order so that the first reason shown is the first to mend.

mod hours;

pub use hours::{never_open_together, window};

use crate::facts::CheckState;
use crate::ids::{CommitSha, EnvName, PackageDigest, PullNumber};
use crate::policy::{Mode, NamedCheck, Policy};
use crate::reason::Reason;
use crate::state::{Aside, Deployed, Environment, PipelineState};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;

/// Promoted predecessors; free-form ones have nothing to pass. One that these pull requests set free still has.
#[must_use]
pub fn predecessors<'a>(
    state: &'a PipelineState,
    policy: &'a Policy,
    pulls: &[PullNumber],
) -> Vec<(&'a EnvName, Option<&'a Environment>)> {
    policy
        .after
        .iter()
        .map(|name| (name, state.environments.get(name)))
        .filter(|(_, env)| env.is_none_or(|env| is_promoted(env, pulls)))
        .collect()
}

fn is_promoted(env: &Environment, pulls: &[PullNumber]) -> bool {
    let mut policies = env.policies(pulls);
    policies.any(|policy| policy.mode == Mode::Promoted)
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

/// What still stands between a package and a promotion into `env`, predecessors first, then checks. `pulls` bring it: what they
/// changed is asked for as it was before, too. `env` may be lent out of `state`: its own place there is not read.
#[must_use]
pub fn entry(
    state: &PipelineState,
    env: &Environment,
    pulls: &[PullNumber],
    package: &PackageDigest,
    source: &CommitSha,
    now: DateTime<Utc>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for policy in env.policies(pulls) {
        for (name, before) in predecessors(state, policy, pulls) {
            reasons.extend(predecessor(name, before, policy, pulls, package, now));
        }
        reasons.extend(rolled_back_earlier(state, policy, pulls, package));
        reasons.extend(checks(state, policy, source));
    }
    reasons
}

fn checks(state: &PipelineState, policy: &Policy, source: &CommitSha) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for check in policy.gates.named() {
        let answer = answer(state, source, &check);
        let (name, _) = check;
        match answer {
            Some(CheckState::Success) => {}
            Some(CheckState::Failure) => reasons.push(Reason::CheckFailed { name }),
            Some(CheckState::Pending) | None => reasons.push(Reason::CheckPending { name }),
        }
    }
    reasons
}

/// What the check says about the commit. As long as the last look asked only for another one that is shown alike, that is nothing.
fn answer(state: &PipelineState, source: &CommitSha, check: &NamedCheck) -> Option<CheckState> {
    let answered = &state.observing.answered;
    let alike = answered.iter().any(|(shown, _)| shown == &check.0);
    if alike && !answered.contains(check) {
        return None;
    }
    state.checks.get(source)?.get(&check.0).copied()
}

/// Where the package was rolled back from further up the way. What lies between has it still, healthy as it may be: somebody found
/// out more since it passed there.
fn rolled_back_earlier(
    state: &PipelineState,
    policy: &Policy,
    pulls: &[PullNumber],
    package: &PackageDigest,
) -> Vec<Reason> {
    let direct = predecessors(state, policy, pulls);
    let mut seen: BTreeSet<&EnvName> = direct.iter().map(|(name, _)| *name).collect();
    let mut open: Vec<&Environment> = direct.into_iter().filter_map(|(_, env)| env).collect();
    let mut reasons = Vec::new();
    while let Some(env) = open.pop() {
        for policy in env.policies(pulls) {
            for (name, earlier) in predecessors(state, policy, pulls) {
                if !seen.insert(name) {
                    continue;
                }
                reasons.extend(rolled_back(name, earlier, package));
                open.extend(earlier);
            }
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
    pulls: &[PullNumber],
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
        let passed = env.is_some_and(|env| {
            let old = env.latest(package);
            old.is_some_and(|old| soaked(old, policy) && unasked(env, old, pulls).is_none())
        });
        return (!passed).then(|| Reason::NotThereYet { env: name.clone() });
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
    if let Some(job) = env.and_then(|env| unasked(env, current, pulls)) {
        return Some(Reason::NotHealthy {
            env: name.clone(),
            why: format!("`{job}` was not asked, which the pull request took out of its way"),
        });
    }
    let until = since + soak(policy);
    (until > now).then(|| Reason::Soaking {
        env: name.clone(),
        until,
    })
}

/// The job that had to find it healthy before these pull requests changed that, and was not asked.
fn unasked<'a>(
    env: &'a Environment,
    deployed: &Deployed,
    pulls: &'a [PullNumber],
) -> Option<&'a str> {
    let verify = env.bars_of(pulls).filter_map(|bar| bar.verify.as_ref());
    // What is asked for still was not taken away; whether it was asked is for the health to say.
    let now = env.policy.verify.as_ref().map(|verify| &verify.run_job);
    let verify = verify.filter(|verify| now != Some(&verify.run_job));
    let mut jobs = verify.map(|verify| verify.run_job.as_str());
    jobs.find(|job| deployed.judged_by.as_deref() != Some(*job))
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
