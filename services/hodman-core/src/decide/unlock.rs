//! A stack that stands in everybody's way: freed because a person asks for it, never by itself. Whether somebody still works under a
//! lock, or what a way back may leave out, only people know.

use super::Draft;
use super::advance::with_env;
use super::command::go_on;
use crate::effect::Act;
use crate::event::{Outcome, Unlock};
use crate::ids::EnvName;
use crate::policy::Mode;
use crate::state::Environment;
use std::collections::BTreeSet;

pub(super) fn ask(
    draft: &mut Draft,
    name: &EnvName,
    env: &mut Environment,
    (stack, unlock): (&str, &Unlock),
    by: &str,
) -> Result<(), String> {
    if env.policy.mode == Mode::FreeForm {
        return Err(format!("{name} is free-form: it has no stacks"));
    }
    let what = what(stack, unlock)?;
    if env.unlocking.running.is_some() {
        return Err(format!("a stack of {name} is being unlocked already"));
    }
    let Some(config) = draft.state.head.clone() else {
        return Err("nothing is known of the repository yet".to_owned());
    };
    draft.note(Some(name), "unlock-asked", format!("by {by}: {what}"));
    let act = Act::Unlock {
        config,
        stack: stack.to_owned(),
        unlock: unlock.clone(),
        by: by.to_owned(),
    };
    env.unlocking.running = Some(draft.emit(Some(name), act));
    env.unlocking.error = None;
    Ok(())
}

/// What is asked for, in words; an error when it says too little.
fn what(stack: &str, unlock: &Unlock) -> Result<String, String> {
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let nameless = |names: &BTreeSet<String>| names.iter().any(|name| name.trim().is_empty());
    match unlock {
        Unlock::Lock(id) if id.is_empty() => {
            Err("which lock? the reason that it stands in names its id".to_owned())
        }
        Unlock::Lock(id) => Ok(format!("lock {id} of {stack}")),
        Unlock::StoreState => Ok(format!("the state of {stack} that was not stored")),
        Unlock::ForgetState { gone } if nameless(gone) => {
            Err("what is gone? the refusal before this one names the addresses".to_owned())
        }
        Unlock::ForgetState { gone } => {
            let what = format!("the state of {stack} that is older than the stored one");
            Ok(match gone.is_empty() {
                true => what,
                false => format!("{what}, of which is gone: {}", list(gone)),
            })
        }
        Unlock::GoBack { skip } if skip.is_empty() || nameless(skip) => {
            Err("which resources? the failure names those that cannot go back".to_owned())
        }
        Unlock::GoBack { skip } => Ok(format!(
            "the way back of {stack}, which leaves as it is: {}",
            list(skip)
        )),
    }
}

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        env.unlocking.running = None;
        match outcome {
            Outcome::Unlocked => {
                draft.note(Some(name), "unlocked", "the stack is free");
                // What failed because of it need not wait for its next try. Nothing else was asked for.
                go_on(draft, env);
                Ok(())
            }
            // Asked for by a person, who is told and may ask again; nothing is tried by itself.
            Outcome::Failed { why, .. } => {
                env.unlocking.error = Some(why.clone());
                draft.note(Some(name), "unlock-refused", why.clone());
                Ok(())
            }
            other => Err(format!("not an answer to an unlock: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
