//! A new environment: asked for by a person, proposed in a pull request like any change of `environments/`.

use super::Draft;
use crate::effect::Act;
use crate::event::Outcome;
use crate::ids::EnvName;
use std::collections::BTreeMap;

pub(super) fn ask(
    draft: &mut Draft,
    name: &EnvName,
    from: &str,
    files: &BTreeMap<String, String>,
    by: &str,
) -> Result<(), String> {
    if !name.is_plain() {
        return Err(format!(
            "`{name}` cannot be the name of an environment: lower-case letters, digits and hyphens, 63 at most"
        ));
    }
    let there = draft.state.environments.get(name);
    if there.is_some_and(|env| !env.gone) {
        return Err(format!("there is an environment `{name}` already"));
    }
    let Some(config) = draft.state.head.clone() else {
        return Err("nothing is known of the repository yet".to_owned());
    };
    let known = draft.state.proposing.get(name);
    if known.is_some_and(|known| known.running.is_some()) {
        return Err(format!("`{name}` is being proposed already"));
    }
    draft.note(
        Some(name),
        "environment-asked",
        format!("by {by}, from {from}"),
    );
    let act = Act::NewEnvironment {
        config,
        from: from.to_owned(),
        files: files.clone(),
        by: by.to_owned(),
    };
    let op = draft.emit(Some(name), act);
    let proposing = draft.state.proposing.entry(name.clone()).or_default();
    proposing.running = Some(op);
    proposing.error = None;
    Ok(())
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    let Some(proposing) = draft.state.proposing.get_mut(name) else {
        return Err("nobody asked for it".to_owned());
    };
    proposing.running = None;
    match outcome {
        Outcome::PullReady { number, .. } => {
            proposing.pull = Some(*number);
            draft.note(Some(name), "environment-proposed", number.to_string());
            Ok(())
        }
        Outcome::PullNeedless => {
            draft.note(Some(name), "environment-needless", "Git has it already");
            Ok(())
        }
        // Asked for by a person, who is told and may ask again.
        Outcome::Failed { why, .. } => {
            proposing.error = Some(why.clone());
            draft.note(Some(name), "environment-refused", why.clone());
            Ok(())
        }
        other => Err(format!("not an answer to a new environment: {other:?}")),
    }
}

/// What is in Git is on its way no more.
pub(super) fn arrived(draft: &mut Draft) {
    let environments = &draft.state.environments;
    draft.state.proposing.retain(|name, proposing| {
        proposing.running.is_some() || environments.get(name).is_none_or(|env| env.gone)
    });
}
