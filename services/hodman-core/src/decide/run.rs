//! Something approved on its way into the workspace: gates, apply, verify.

use super::advance::with_env;
use super::{Draft, bars, still};
use crate::effect::{Act, Approved};
use crate::event::Outcome;
use crate::gates;
use crate::ids::EnvName;
use crate::reason::Reason;
use crate::state::{Cause, Deployed, Environment, Run, RunPhase};

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    expire_override(draft, name, env);
    start(draft, name, env);
    let Some(run) = &env.run else { return };
    let tries = match &run.phase {
        RunPhase::Waiting => 0,
        RunPhase::Failed {
            not_before: Some(at),
            tries,
            ..
        } if *at <= draft.now => *tries,
        RunPhase::Failed { not_before, .. } => return draft.wake(*not_before),
        RunPhase::Applying { .. } | RunPhase::Verifying { .. } | RunPhase::NeedsApproval { .. } => {
            return;
        }
    };
    let hours = |reason: &Reason| matches!(reason, Reason::WindowClosed { .. });
    if waits(env, draft).iter().all(hours) {
        bars::window_passed(env, draft.now);
    }
    let reasons = waits(env, draft);
    if !reasons.is_empty() {
        for reason in &reasons {
            draft.wake(gates::wakes_at(reason));
        }
        return;
    }
    let binding = env.run.as_ref().map(|run| run.binding.clone());
    let head = draft.state.head.as_ref();
    let config = binding.and_then(|binding| env.approved_config(head, &binding).cloned());
    let Some(config) = config else {
        return;
    };
    if let Some((op, _)) = env.drift.comparing.take() {
        // What is being compared is about to change: its answer would show differences that nobody made.
        draft.cancel(op);
        env.drift.wanted = true;
    }
    let Some(run) = &mut env.run else { return };
    let act = Act::Apply {
        package: run.package.clone(),
        config,
        binding: run.binding.clone(),
        approved: run.approved.clone(),
    };
    run.phase = RunPhase::Applying {
        op: draft.emit(Some(name), act),
        tries,
    };
    draft.note(
        Some(name),
        "applying",
        format!("package {}", run.package.short()),
    );
    bars::begun(env);
}

/// What stands between an approved run and its apply.
fn waits(env: &Environment, draft: &Draft) -> Vec<Reason> {
    crate::explain::run_waits(&draft.state, env, draft.now)
}

/// Begins a run when something approved is not in place and nothing is on its way.
fn start(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.busy() || env.broken.is_some() {
        return;
    }
    // What somebody wrote into main's file since nobody approved, also not by going back.
    let approved = env
        .accepted
        .as_ref()
        .map(|accepted| accepted.binding.clone());
    let next = match (&env.over, &env.accepted) {
        (Some(over), _) if !over.done => approved.map(|binding| Run {
            cause: Cause::Override {
                by: over.by.clone(),
                reason: over.reason.clone(),
            },
            package: over.package.clone(),
            source_commit: over.source_commit.clone(),
            binding,
            approved: Approved::Reversible,
            phase: RunPhase::Waiting,
        }),
        (None, Some(accepted)) if !accepted.done => Some(Run {
            cause: accepted.cause.clone(),
            package: accepted.package.clone(),
            source_commit: accepted.source_commit.clone(),
            binding: accepted.binding.clone(),
            approved: accepted.approved.clone(),
            phase: RunPhase::Waiting,
        }),
        _ => None,
    };
    let Some(next) = next else { return };
    let same = env.run.as_ref().is_some_and(|run| {
        run.cause == next.cause
            && run.package == next.package
            && run.binding == next.binding
            && run.approved == next.approved
    });
    if !same {
        draft.note(
            Some(name),
            "run",
            format!("package {} is to be applied", next.package.short()),
        );
        env.run = Some(next);
    }
}

/// An environment that people work in freely is not written to: what was approved before it became one, and has not
/// begun, begins no more. When it is promoted again, what main names by then is what counts.
pub(super) fn set_aside(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.busy() {
        return;
    }
    if let Some(run) = env.run.take() {
        let text = format!(
            "package {} is not applied: the environment is free-form by now",
            run.package.short()
        );
        draft.note(Some(name), "run-set-aside", text);
    }
}

fn expire_override(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let Some(over) = &env.over else { return };
    if over.until > draft.now {
        return draft.wake(Some(over.until));
    }
    draft.note(
        Some(name),
        "override-ends",
        format!("the override by {} expired", over.by),
    );
    env.over = None;
    let on_its_way = env
        .run
        .take_if(|run| matches!(run.cause, Cause::Override { .. }));
    match on_its_way.as_ref().map(|run| &run.phase) {
        // After its time it must not begin any more, and what has begun stops before its next step.
        Some(RunPhase::Applying { op, .. }) => draft.cancel(*op),
        // In place already: what the verification says is still true.
        Some(RunPhase::Verifying { .. }) => env.run = on_its_way,
        _ => {}
    }
    // What was approved is what counts again, and it is not in place: nobody approved the way back, though.
    if let Some(accepted) = &mut env.accepted {
        accepted.again();
    }
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        let Some(run) = env.run.take() else {
            return Err("no run is under way".to_owned());
        };
        match (&run.phase, outcome) {
            (
                RunPhase::Applying { .. },
                Outcome::Applied {
                    done,
                    satisfied,
                    uploaded,
                    ..
                },
            ) => {
                let text = format!(
                    "{done} actions done, {satisfied} already satisfied, {uploaded} files uploaded"
                );
                draft.note(Some(name), "applied", text);
                applied(draft, name, env, run);
                Ok(())
            }
            (
                RunPhase::Applying { .. },
                Outcome::NotApproved {
                    plan,
                    outside,
                    stands_still,
                },
            ) => {
                // Whoever stopped it was cut off before it said so, and nobody comes again before there is an approval.
                if *stands_still {
                    still::stands(draft, env);
                }
                draft.note(
                    Some(name),
                    "needs-approval",
                    format!("outside the approved plan: {}", outside.join(", ")),
                );
                if matches!(run.cause, Cause::Heal) {
                    // The difference changed while it was being put back: compare anew instead of asking anybody.
                    super::drift::heal_failed(env, &run.approved);
                    env.drift.wanted = true;
                    return Ok(());
                }
                let phase = RunPhase::NeedsApproval {
                    outside: outside.clone(),
                    plan: plan.clone(),
                };
                env.run = Some(Run { phase, ..run });
                Ok(())
            }
            (RunPhase::Applying { tries, .. }, Outcome::Failed { why, transient }) => {
                let tries = tries + 1;
                let again = *transient && tries < draft.settings.apply_tries;
                let not_before = again.then(|| draft.now + draft.settings.backoff(tries));
                draft.note(Some(name), "apply-failed", why.clone());
                if !again && matches!(run.cause, Cause::Heal) {
                    // One repair that failed must not end repairing: the next comparison finds the difference again.
                    super::drift::heal_failed(env, &run.approved);
                    env.drift.error = Some(why.clone());
                    super::heal::failed(draft, name, env, why);
                    if *transient {
                        super::drift::again_after(draft, env, draft.settings.retry_at_most);
                    }
                    return Ok(());
                }
                let phase = RunPhase::Failed {
                    why: why.clone(),
                    tries,
                    not_before,
                    waits: false,
                };
                env.run = Some(Run { phase, ..run });
                Ok(())
            }
            (
                RunPhase::Applying { tries, .. },
                Outcome::Waits { why } | Outcome::StandsStill { why },
            ) => {
                if matches!(outcome, Outcome::StandsStill { .. }) {
                    still::stands(draft, env);
                }
                draft.note(Some(name), "apply-waits", why.clone());
                let phase = RunPhase::Failed {
                    why: why.clone(),
                    tries: *tries,
                    not_before: Some(draft.now + draft.settings.busy_pause),
                    waits: true,
                };
                env.run = Some(Run { phase, ..run });
                Ok(())
            }
            (RunPhase::Verifying { .. }, Outcome::Verified { good, detail }) => {
                verified(draft, name, env, &run, *good, detail);
                Ok(())
            }
            (RunPhase::Verifying { .. }, Outcome::Failed { why, .. }) => {
                verified(draft, name, env, &run, false, why);
                Ok(())
            }
            (_, other) => {
                let text = format!("not an answer to this run: {other:?}");
                env.run = Some(run);
                Err(text)
            }
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}

fn applied(draft: &mut Draft, name: &EnvName, env: &mut Environment, run: Run) {
    // It goes to its end only after it let everything go on.
    env.still = None;
    match &run.cause {
        Cause::Override { .. } => {
            if let Some(over) = env.over.as_mut().filter(|over| over.package == run.package) {
                over.done = true;
            }
        }
        Cause::Heal => {}
        Cause::Pin { .. } | Cause::Binding { .. } | Cause::Recovered => {
            if let Some(accepted) = env.accepted.as_mut().filter(|accepted| {
                accepted.package == run.package
                    && accepted.binding == run.binding
                    && accepted.approved == run.approved
            }) {
                accepted.done = true;
            }
        }
    }
    env.drift.found = None;
    env.drift.report = None;
    // Whether what somebody asked to be put back is back, too, only a comparison says.
    env.drift.wanted |= env.drift.asked.is_some();
    if matches!(run.cause, Cause::Heal) {
        // Compared once more: only an empty plan says that it is back.
        env.drift.wanted = true;
        return;
    }
    let replaced = env.current.replace(Deployed {
        package: run.package.clone(),
        source_commit: run.source_commit.clone(),
        binding: run.binding.clone(),
        applied_at: draft.now,
        healthy_since: None,
        unhealthy: None,
        judged_by: env.policy.verify.clone().map(|verify| verify.run_job),
        replaced_at: None,
    });
    env.drift.healed.clear();
    if let Some(old) = replaced.filter(|old| old.package != run.package) {
        env.before.push(Deployed {
            replaced_at: Some(draft.now),
            ..old
        });
        let extra = env.before.len().saturating_sub(draft.settings.remember);
        env.before.drain(..extra);
    }
    match env.policy.verify.clone() {
        Some(spec) => {
            let op = draft.emit(
                Some(name),
                Act::Verify {
                    spec,
                    package: run.package.clone(),
                },
            );
            env.run = Some(Run {
                phase: RunPhase::Verifying { op },
                ..run
            });
        }
        None => verified(draft, name, env, &run, true, "no verification is asked for"),
    }
}

fn verified(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    run: &Run,
    good: bool,
    detail: &str,
) {
    let Some(current) = env
        .current
        .as_mut()
        .filter(|current| current.package == run.package)
    else {
        return;
    };
    if good {
        current.healthy_since = Some(draft.now);
        current.unhealthy = None;
        draft.note(
            Some(name),
            "healthy",
            format!("package {}: {detail}", run.package.short()),
        );
    } else {
        current.healthy_since = None;
        current.unhealthy = Some(detail.to_owned());
        draft.note(
            Some(name),
            "unhealthy",
            format!("package {}: {detail}", run.package.short()),
        );
    }
}

/// What was found not healthy is put in place and verified once more. Whether there is such a thing.
pub(super) fn verify_anew(env: &mut Environment) -> bool {
    let current = env.current.as_ref();
    let unhealthy = current.is_some_and(|current| current.unhealthy.is_some());
    let again = env.run.is_none() && unhealthy;
    match &mut env.accepted {
        Some(accepted) if again => {
            accepted.again();
            true
        }
        _ => false,
    }
}
