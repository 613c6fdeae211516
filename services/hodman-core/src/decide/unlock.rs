//! The state of a stack that stands in everybody's way: freed because a person asks for it, never by itself. Whether somebody still
//! works under a lock, only people know.

use super::Draft;
use super::advance::with_env;
use super::command::go_on;
use crate::effect::Act;
use crate::event::{Outcome, Unlock};
use crate::ids::EnvName;
use crate::policy::Mode;
use crate::state::Environment;

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
    if matches!(unlock, Unlock::Lock(id) if id.is_empty()) {
        return Err("which lock? the reason that it stands in names its id".to_owned());
    }
    if env.unlocking.running.is_some() {
        return Err(format!("a stack of {name} is being unlocked already"));
    }
    let Some(config) = draft.state.head.clone() else {
        return Err("nothing is known of the repository yet".to_owned());
    };
    let what = match unlock {
        Unlock::Lock(id) => format!("lock {id} of {stack}"),
        Unlock::StoreState => format!("the state of {stack} that was not stored"),
        Unlock::ForgetState => format!("the state of {stack} that is older than the stored one"),
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

pub(super) fn ended(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        env.unlocking.running = None;
        match outcome {
            Outcome::Unlocked => {
                draft.note(Some(name), "unlocked", "the stack's state is free");
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
