//! News of single objects: looked at by themselves, and compared in whole only when one is not as it should be.

use super::advance::with_env;
use super::drift::{in_place, settled};
use super::{Draft, capture};
use crate::effect::Act;
use crate::event::{Named, Outcome};
use crate::ids::EnvName;
use crate::policy::Mode;
use crate::state::Environment;

/// What stands for the kind where a workspace itself is meant.
const WORKSPACE: &str = "workspace";

/// Objects that are remembered to be looked at; somebody who changes more at once is better compared in whole.
const REMEMBERED: usize = 50;

/// Remembers the object in every environment that it may belong to: which one it is only a look at the modules tells.
pub(super) fn take(draft: &mut Draft, object: &Named) -> Result<(), String> {
    if object.kind == WORKSPACE {
        return capture::news_of(draft, &object.name);
    }
    let mut concerned = false;
    for env in draft.state.environments.values_mut() {
        let stands = env.policy.on_aws && env.policy.mode == Mode::Promoted;
        if !stands || env.policy.absent || env.gone || env.current.is_none() {
            continue;
        }
        concerned = true;
        env.drift.noticed.insert(object.clone());
        if env.drift.noticed.len() > REMEMBERED {
            env.drift.noticed.clear();
            env.drift.wanted = true;
        }
    }
    match concerned {
        true => Ok(()),
        false => Err("no environment stands on objects of AWS".to_owned()),
    }
}

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    if env.drift.noticed.is_empty() || env.drift.looking.is_some() {
        return;
    }
    if env.drift.wanted {
        // A comparison of everything is about to begin and sees it.
        env.drift.noticed.clear();
        return;
    }
    // One that is under way may have looked there before.
    if env.drift.comparing.is_some() {
        return;
    }
    let (Some(package), Some(config)) = (in_place(env), settled(draft, env)) else {
        return;
    };
    let act = Act::Look {
        package,
        config,
        objects: std::mem::take(&mut env.drift.noticed),
    };
    env.drift.looking = Some(draft.emit(Some(name), act));
}

pub(super) fn looked(draft: &mut Draft, name: &EnvName, outcome: &Outcome) -> Result<(), String> {
    with_env(draft, name, |draft, env| {
        env.drift.looking = None;
        match outcome {
            Outcome::Looked { differ } if differ.is_empty() => Ok(()),
            Outcome::Looked { differ } => {
                draft.note(Some(name), "noticed", differ.join(", "));
                env.drift.wanted = true;
                Ok(())
            }
            Outcome::Failed { why, .. } => {
                draft.note(Some(name), "look-failed", why.clone());
                env.drift.wanted = true;
                Ok(())
            }
            other => Err(format!("not an answer to looking: {other:?}")),
        }
    })
    .unwrap_or_else(|| Err("no such environment".to_owned()))
}
