//! What people ask for.

use super::advance::with_env;
use super::{Draft, new_environment, observe};
use crate::event::{Ask, Command};
use crate::facts::PullKind;
use crate::gates;
use crate::ids::{CommitSha, EnvName, PackageDigest};
use crate::policy::Mode;
use crate::state::{Aside, Asked, Environment, Hold, Override, Phase, RunPhase};

pub(super) fn take(draft: &mut Draft, command: &Command) -> Result<(), String> {
    observe::want(draft);
    if command.ask == Ask::Observe {
        // Who asks to look does not ask for the end of a pause.
        draft.state.observing.not_before = None;
        return Ok(());
    }
    if draft.state.head.is_none() {
        draft.state.asked_early.push(command.clone());
        return Ok(());
    }
    if let Ask::NewEnvironment { env, from, files } = &command.ask {
        return new_environment::ask(draft, env, from, files, &command.by);
    }
    let Some(name) = command.ask.env() else {
        return Ok(());
    };
    if !draft.state.environments.contains_key(name) {
        let known: Vec<&str> = draft
            .state
            .environments
            .keys()
            .map(EnvName::as_str)
            .collect();
        return Err(format!(
            "no environment `{name}`; there are: {}",
            known.join(", ")
        ));
    }
    let name = name.clone();
    with_env(draft, &name, |draft, env| one(draft, &name, env, command)).unwrap_or(Ok(()))
}

/// What was asked before anything was known.
pub(super) fn take_early(draft: &mut Draft) {
    for command in std::mem::take(&mut draft.state.asked_early) {
        if let Err(why) = take(draft, &command) {
            draft.note(command.ask.env(), "refused", why);
        }
    }
}

fn one(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    command: &Command,
) -> Result<(), String> {
    let by = &command.by;
    let acts = !matches!(
        command.ask,
        Ask::Observe | Ask::Hold { .. } | Ask::Resume { .. }
    );
    // What is being destroyed may be locked, and what refused to go may go by now.
    let of_the_end = matches!(command.ask, Ask::Unlock { .. } | Ask::Retry { .. });
    let absent = env.policy.absent && !of_the_end;
    if acts && (env.gone || absent) {
        return Err(format!(
            "{name} is not in Git (or absent); nothing is done to it"
        ));
    }
    match &command.ask {
        Ask::Observe | Ask::NewEnvironment { .. } => Ok(()),
        Ask::Capture { .. } => {
            if env.policy.mode != Mode::FreeForm {
                return Err(format!(
                    "{name} is promoted; only free-form environments are captured"
                ));
            }
            env.capture.wanted = true;
            env.capture.not_before = None;
            draft.note(Some(name), "capture-asked", format!("by {by}"));
            Ok(())
        }
        Ask::Hold { reason, .. } => {
            env.hold = Some(Hold {
                by: by.clone(),
                reason: reason.clone(),
                since: draft.now,
            });
            draft.note(Some(name), "held", format!("by {by}: {reason}"));
            Ok(())
        }
        Ask::Resume { .. } => match env.hold.take() {
            Some(_) => {
                draft.note(Some(name), "resumed", format!("by {by}"));
                Ok(())
            }
            None => Err(format!("{name} is not held")),
        },
        Ask::Reconcile { .. } => {
            if env.policy.mode == Mode::FreeForm {
                return Err(format!(
                    "{name} is free-form: it is captured, never reconciled"
                ));
            }
            env.drift.wanted = true;
            env.drift.not_before = None;
            // A person asking is the look that the brake waits for.
            env.drift.healed.clear();
            draft.note(Some(name), "reconcile-asked", format!("by {by}"));
            Ok(())
        }
        Ask::Heal { .. } => super::heal::ask(draft, name, env, by),
        Ask::Adopt { takeover, .. } => super::takeover::ask(draft, name, env, takeover, by),
        Ask::Unlock { stack, unlock, .. } => {
            super::unlock::ask(draft, name, env, (stack, unlock), by)
        }
        Ask::Retry { .. } => retry(draft, name, env, by),
        Ask::Rollback {
            to, now, reason, ..
        } => rollback(draft, name, env, by, to.as_ref(), *now, reason),
    }
}

/// What failed is tried again. What was rolled back from is let in again only by asking when nothing else was to be tried: whoever
/// helps a step along on the way back does not ask for that.
fn retry(draft: &mut Draft, name: &EnvName, env: &mut Environment, by: &str) -> Result<(), String> {
    let built = super::build::again(draft);
    let unread = draft.state.observing.error.is_some();
    draft.state.observing.not_before = None;
    // What was rolled back from counts again by its old approval, and nothing but letting it in helps it along.
    let stopped = env.run.as_ref().is_some_and(|run| {
        matches!(run.phase, RunPhase::NeedsApproval { .. })
            && env.put_aside.get(&run.package) == Some(&Aside::RolledBack)
    });
    let failed = go_on(draft, env) || built || unread;
    let leaving = env.over.is_some()
        || env.asked.is_some()
        || env
            .promotion
            .as_ref()
            .is_some_and(|promotion| promotion.kind == PullKind::Rollback);
    let aside = env.put_aside.len();
    env.put_aside
        .retain(|_, why| *why == Aside::RolledBack && ((failed && !stopped) || leaving));
    let let_in = env.put_aside.len() < aside;
    if !failed && !let_in {
        return Err(match &env.refused {
            Some((_, refusal)) => {
                format!("no step failed in {name}; {refusal}; {}", refusal.way_out())
            }
            None => format!(
                "nothing failed in {name} and nothing is put aside: there is nothing to try again"
            ),
        });
    }
    draft.note(Some(name), "retry-asked", format!("by {by}"));
    if let_in {
        let text = "what was put aside may come again";
        draft.note(Some(name), "let-in-again", text);
    }
    Ok(())
}

/// Whatever failed in the environment goes on at once. Whether anything had.
pub(super) fn go_on(draft: &Draft, env: &mut Environment) -> bool {
    let mut failed = false;
    if let Some(found) = &mut env.drift.found {
        failed |= found.note.take().is_some();
    }
    if env.drift.error.is_some() && env.policy.mode == Mode::Promoted {
        env.drift.wanted = true;
        env.drift.not_before = None;
        failed = true;
    }
    match env.run.as_mut().map(|run| &mut run.phase) {
        // It has begun, and stays what has: no gate is asked once more with half of it in place.
        Some(RunPhase::Failed {
            tries, not_before, ..
        }) => {
            (*tries, *not_before) = (0, Some(draft.now));
            failed = true;
        }
        Some(phase @ RunPhase::NeedsApproval { .. }) => {
            *phase = RunPhase::Waiting;
            failed = true;
        }
        _ => {}
    }
    if let Some(promotion) = &mut env.promotion
        && let Phase::Failed { not_before, .. } = &mut promotion.phase
    {
        *not_before = Some(draft.now);
        failed = true;
    }
    if let Some(promotion) = &mut env.promotion
        && let Phase::Open(pull) = &mut promotion.phase
    {
        failed |= pull.merge_refused.take().is_some();
    }
    if env.policy.mode == Mode::FreeForm && env.capture.error.is_some() {
        env.capture.wanted = true;
        env.capture.not_before = None;
        failed = true;
    }
    failed | super::run::verify_anew(env)
}

fn rollback(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    by: &str,
    to: Option<&PackageDigest>,
    now: bool,
    reason: &str,
) -> Result<(), String> {
    if env.policy.mode == Mode::FreeForm {
        return Err(format!("{name} is free-form: hodman never changes it"));
    }
    let bad = arriving(env).cloned();
    let (package, commit) = target(name, env, bad.as_ref(), to)?;
    if let Some(bad) = bad.filter(|bad| bad != &package) {
        env.put_aside.insert(bad, Aside::RolledBack);
    }
    env.put_aside.remove(&package);
    // What differs from what is left is nobody's concern any more.
    env.drift.asked = None;
    draft.note(
        Some(name),
        "rollback-asked",
        format!("by {by} to {}: {reason}", package.short()),
    );
    if now {
        // Whatever is on its way stops before its next step: nobody waits for what is being rolled back from.
        if let Some(run) = env.run.take_if(|run| run.package != package)
            && let RunPhase::Applying { op, .. } | RunPhase::Verifying { op } = run.phase
        {
            draft.cancel(op);
        }
        env.over = Some(Override {
            package: package.clone(),
            by: by.to_owned(),
            reason: reason.to_owned(),
            at: draft.now,
            until: draft.now + draft.settings.override_for,
            source_commit: commit.clone(),
            done: false,
        });
    }
    env.asked = Some(Asked {
        because: format!("rollback to {} by {by}: {reason}", package.short()),
        package,
        source_commit: commit,
    });
    Ok(())
}

/// What a rollback is to leave: what is being put in place or was left half done, else what is there.
fn arriving(env: &Environment) -> Option<&PackageDigest> {
    let begun = env.run.as_ref().filter(|run| {
        matches!(
            run.phase,
            RunPhase::Applying { .. } | RunPhase::Verifying { .. } | RunPhase::Failed { .. }
        )
    });
    begun
        .map(|run| &run.package)
        .or(env.current.as_ref().map(|current| &current.package))
}

/// The package to go back to: the one named, or the last other one that was healthy here and was not rolled back from.
fn target(
    name: &EnvName,
    env: &Environment,
    bad: Option<&PackageDigest>,
    to: Option<&PackageDigest>,
) -> Result<(PackageDigest, CommitSha), String> {
    let found = env
        .before
        .iter()
        .chain(&env.current)
        .rev()
        .filter(|old| Some(&old.package) != bad && gates::passed(env, &old.package))
        .find(|old| match to {
            Some(to) => names(to, &old.package),
            None => env.put_aside.get(&old.package) != Some(&Aside::RolledBack),
        });
    found
        .map(|old| (old.package.clone(), old.source_commit.clone()))
        .ok_or_else(|| match to {
            Some(to) if bad.is_some_and(|bad| names(to, bad)) => format!(
                "package {} is what is there, or on its way; `hodman reconcile {name} --heal` puts back what differs from it",
                bad.map_or("", PackageDigest::short)
            ),
            Some(to) => {
                format!("package {to} was never healthy here; nothing is rolled back to it")
            }
            None => "there is no earlier package that was healthy here".to_owned(),
        })
}

/// People name a package by the first digits of its digest, as every page shows them.
fn names(asked: &PackageDigest, package: &PackageDigest) -> bool {
    const DIGITS: usize = 4;
    let hex = |digest: &PackageDigest| {
        let text = digest.as_str();
        text.strip_prefix("sha256:").unwrap_or(text).to_owned()
    };
    let digits = hex(asked);
    asked == package || (digits.len() >= DIGITS && hex(package).starts_with(&digits))
}
