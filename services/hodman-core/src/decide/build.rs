//! Packages: one for each set of inputs that reaches main, never two for the same bytes.

use super::Draft;
use crate::effect::Act;
use crate::event::Outcome;
use crate::state::{Build, Package};

pub(super) fn advance(draft: &mut Draft) {
    let (Some(inputs), Some(head)) = (draft.state.inputs.clone(), draft.state.head.clone()) else {
        return;
    };
    if draft
        .state
        .packages
        .iter()
        .any(|package| package.inputs == inputs)
    {
        // What was built before and came back (a revert) becomes the newest again.
        promote_known(draft, &inputs);
        draft.state.build = draft.state.build.take().filter(|build| build.op.is_some());
        return;
    }
    let known = draft
        .state
        .build
        .clone()
        .filter(|build| build.inputs == inputs);
    match known {
        Some(build) if build.op.is_some() => return,
        Some(build) if build.not_before.is_none() && build.error.is_some() => return,
        Some(build) if build.not_before.is_some_and(|at| at > draft.now) => {
            draft.wake(build.not_before);
            return;
        }
        _ => {}
    }
    // One build at a time; a newer commit waits for the running one, whose outcome is still a package.
    if draft
        .state
        .build
        .as_ref()
        .is_some_and(|build| build.op.is_some())
    {
        return;
    }
    let before = draft.state.build.take();
    let (tries, lasting) = before
        .filter(|build| build.inputs == inputs)
        .map_or((0, 0), |build| (build.tries, build.lasting));
    let op = draft.emit(
        None,
        Act::Build {
            commit: head,
            inputs: inputs.clone(),
        },
    );
    draft.state.build = Some(Build {
        op: Some(op),
        inputs,
        error: None,
        tries,
        lasting,
        not_before: None,
    });
}

/// Somebody asks for what failed: it begins anew. Whether anything had failed.
pub(super) fn again(draft: &mut Draft) -> bool {
    let failed = draft
        .state
        .build
        .take_if(|build| build.op.is_none() && build.error.is_some());
    failed.is_some()
}

fn promote_known(draft: &mut Draft, inputs: &crate::ids::InputsId) {
    let packages = &mut draft.state.packages;
    let Some(at) = packages
        .iter()
        .position(|package| &package.inputs == inputs)
    else {
        return;
    };
    if at + 1 < packages.len() {
        let known = packages.remove(at);
        let text = format!("main is back at package {}", known.digest.short());
        packages.push(known);
        draft.note(None, "package", text);
    }
}

pub(super) fn ended(draft: &mut Draft, outcome: &Outcome) -> Result<(), String> {
    let Some(mut build) = draft.state.build.take() else {
        return Err("no build is under way".to_owned());
    };
    match outcome {
        Outcome::Built {
            inputs,
            package,
            commit,
        } => {
            // Other inputs may still give the same bytes (a file that is not packaged): no second package then.
            if let Some(known) = draft
                .state
                .packages
                .iter_mut()
                .find(|known| &known.digest == package)
            {
                known.inputs = inputs.clone();
                draft.note(
                    None,
                    "package",
                    format!(
                        "{} leaves package {} as it is",
                        commit.short(),
                        package.short()
                    ),
                );
                return Ok(());
            }
            draft.note(
                None,
                "package",
                format!("package {} built from {}", package.short(), commit.short()),
            );
            let at = draft.now;
            draft.state.packages.push(Package {
                digest: package.clone(),
                inputs: inputs.clone(),
                commit: commit.clone(),
                at,
            });
            let extra = draft
                .state
                .packages
                .len()
                .saturating_sub(draft.settings.remember);
            draft.state.packages.drain(..extra);
            Ok(())
        }
        Outcome::Failed { why, transient } => {
            build.op = None;
            build.tries += 1;
            build.error = Some(why.clone());
            // A command that fetches what it needs, or a store that does not let us in for a moment, looks like what lasts.
            let pause = if *transient {
                Some(draft.settings.backoff(build.tries))
            } else {
                build.lasting += 1;
                let first = draft.settings.build_again;
                let again = build.lasting < draft.settings.build_tries;
                again.then(|| draft.settings.doubled(first, build.lasting))
            };
            build.not_before = pause.map(|pause| draft.now + pause);
            draft.note(None, "build-failed", why.clone());
            draft.state.build = Some(build);
            Ok(())
        }
        other => {
            draft.state.build = Some(build);
            Err(format!("not an answer to building: {other:?}"))
        }
    }
}
