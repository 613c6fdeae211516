//! Objects of a former owner: asked for by a person, proposed in a pull request that changes the environment's binding.
//!
//! From there on it is a binding like any other: its pull request shows the plan, its merge approves it.

use super::Draft;
use super::advance::with_env;
use crate::effect::Act;
use crate::event::{Outcome, Takeover};
use crate::ids::EnvName;
use crate::policy::Mode;
use crate::state::Environment;

pub(super) fn ask(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    takeover: &Takeover,
    by: &str,
) -> Result<(), String> {
    if env.policy.mode == Mode::FreeForm {
        return Err(format!(
            "{name} is free-form: hodman captures what is there and owns none of it"
        ));
    }
    if takeover.objects.is_empty() && takeover.resources.is_empty() {
        return Err("the list names no object of a kind that is managed".to_owned());
    }
    if env.takeover.running.is_some() {
        return Err(format!("a takeover in {name} is being proposed already"));
    }
    let Some(config) = draft.state.head.clone() else {
        return Err("nothing is known of the repository yet".to_owned());
    };
    let resources = match takeover.resources.len() {
        0 => String::new(),
        count => format!(" and {count} resources of AWS"),
    };
    draft.note(
        Some(name),
        "takeover-asked",
        format!(
            "by {by}: {} objects{resources}, from {}",
            takeover.objects.len(),
            takeover.from
        ),
    );
    let act = Act::TakeOver {
        config,
        takeover: takeover.clone(),
        by: by.to_owned(),
    };
    env.takeover.running = Some(draft.emit(Some(name), act));
    env.takeover.error = None;
    Ok(())
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        env.takeover.running = None;
        match outcome {
            Outcome::PullReady { number, .. } => {
                env.takeover.pull = Some(*number);
                draft.note(Some(name), "takeover-proposed", number.to_string());
                Ok(())
            }
            Outcome::PullNeedless => {
                draft.note(
                    Some(name),
                    "takeover-needless",
                    "the environment's file names all of them already",
                );
                Ok(())
            }
            // Asked for by a person, who is told and may ask again; nothing is tried by itself.
            Outcome::Failed { why, .. } => {
                env.takeover.error = Some(why.clone());
                draft.note(Some(name), "takeover-refused", why.clone());
                Ok(())
            }
            other => Err(format!("not an answer to a takeover: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
