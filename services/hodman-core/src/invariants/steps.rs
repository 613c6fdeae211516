//! What must hold of what one decision asks for. By what right something is merged or begun is read off the facts here once more,
//! apart from the gates that decide it.

use crate::effect::{Act, Effect};
use crate::facts::{CheckState, PullKind};
use crate::ids::{CommitSha, EnvName, PackageDigest};
use crate::policy::Mode;
use crate::state::{Aside, Cause, Environment, PipelineState, RunPhase};

/// Looks at everything that was asked for on the way from one state to the next.
///
/// # Errors
/// Each broken rule, in words.
pub fn check_step(
    before: &PipelineState,
    after: &PipelineState,
    effects: &[Effect],
) -> Result<(), Vec<String>> {
    let mut broken = Vec::new();
    for effect in effects {
        let Some((name, env)) = of(after, effect) else {
            continue;
        };
        let mut unless = |holds: bool, rule: &str| {
            if !holds {
                broken.push(format!("{name}: {rule}"));
            }
        };
        match &effect.act {
            Act::MergePull { .. } => {
                unless(env.hold.is_none(), "merged in spite of a hold");
                let Some(promotion) = &env.promotion else {
                    unless(false, "merged for no promotion");
                    continue;
                };
                let onward = promotion.kind == PullKind::Promotion;
                let (package, source) = (&promotion.package, &promotion.source_commit);
                unless(
                    !onward || rolled_back_before(after, env, package).is_none(),
                    "merged, and its predecessor was rolled back from it",
                );
                unless(
                    !onward || green(after, env, source),
                    "merged without a check that is asked for",
                );
            }
            Act::Apply {
                package, binding, ..
            } => {
                unless(env.hold.is_none(), "applied in spite of a hold");
                let approved = env.accepted.as_ref();
                unless(
                    approved.is_some_and(|accepted| &accepted.binding == binding),
                    "applied under a binding that nobody approved",
                );
                unless(
                    !begins(before, name, env, package)
                        || rolled_back_before(after, env, package).is_none(),
                    "applied, and its predecessor was rolled back from it",
                );
            }
            _ => {}
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken)
    }
}

fn of<'a>(state: &'a PipelineState, effect: &'a Effect) -> Option<(&'a EnvName, &'a Environment)> {
    let name = effect.env.as_ref()?;
    Some((name, state.environments.get(name)?))
}

/// An environment anywhere before this one that somebody rolled back from this package.
fn rolled_back_before<'a>(
    state: &'a PipelineState,
    env: &'a Environment,
    package: &PackageDigest,
) -> Option<&'a EnvName> {
    let mut way: Vec<&EnvName> = env.policy.after.iter().collect();
    let mut at = 0;
    while let Some(name) = way.get(at).copied() {
        at += 1;
        let before = state.environments.get(name);
        let Some(before) = before.filter(|before| before.policy.mode == Mode::Promoted) else {
            continue;
        };
        if before.put_aside.get(package) == Some(&Aside::RolledBack) {
            return Some(name);
        }
        for further in &before.policy.after {
            if !way.contains(&further) {
                way.push(further);
            }
        }
    }
    None
}

fn green(state: &PipelineState, env: &Environment, source: &CommitSha) -> bool {
    let checks = state.checks.get(source);
    let is = |name: &String| checks.and_then(|known| known.get(name));
    let mut asked = env.policy.gates.checks.iter();
    asked.all(|name| is(name) == Some(&CheckState::Success))
}

/// A pinned package that never was here, of which nothing was tried before.
fn begins(
    before: &PipelineState,
    name: &EnvName,
    env: &Environment,
    package: &PackageDigest,
) -> bool {
    let pinned = env.run.as_ref().is_some_and(|run| {
        matches!(run.cause, Cause::Pin { .. } | Cause::Binding { .. }) && &run.package == package
    });
    let tried = before
        .environments
        .get(name)
        .and_then(|env| env.run.as_ref());
    let tried =
        tried.is_some_and(|run| &run.package == package && !matches!(run.phase, RunPhase::Waiting));
    let here = |env: &Environment| {
        let mut all = env.before.iter().chain(&env.current);
        all.any(|one| &one.package == package)
    };
    pinned && !tried && !here(env)
}
