//! Environments that are not in Git any more. Nothing is done to what stands there; their pull requests are closed, since nothing
//! would come of a merge, and one in which nothing ever was is forgotten.

use super::advance::with_env;
use super::{Draft, promotion, pulls, strays};
use crate::facts::ForgeFacts;
use crate::ids::EnvName;
use crate::state::{Environment, Phase, PipelineState, Promotion};

/// Takes in which of the environments a look at the repository did not find.
pub(super) fn seen(draft: &mut Draft, facts: &ForgeFacts) {
    let names: Vec<EnvName> = draft.state.environments.keys().cloned().collect();
    for name in names {
        let gone = !facts.environments.contains_key(&name);
        with_env(draft, &name, |draft, env| {
            env.gone = gone;
            if gone {
                pulls::own(draft, &name, env, facts);
            }
        });
    }
}

pub(super) fn advance(draft: &mut Draft, name: &EnvName, env: &mut Environment) {
    let because = "its environment is not in Git any more";
    if env.promotion.as_ref().is_some_and(is_over) {
        env.promotion = None;
    }
    promotion::give_up(draft, name, env, because);
    strays::close_all(draft, name, env, because);
}

/// A merged pin beside no `environment.yaml` is no one's.
fn is_over(promotion: &Promotion) -> bool {
    match &promotion.phase {
        Phase::Open(pull) => pull.is_merged(),
        _ => false,
    }
}

/// Forgets those in which nothing was ever applied and of which nothing is under way.
pub(super) fn forget(state: &mut PipelineState) {
    state
        .environments
        .retain(|_, env| !env.gone || something(env));
}

/// What forgetting would lose, or leave without an answer.
fn something(env: &Environment) -> bool {
    let under_way = env.promotion.is_some()
        || env.run.is_some()
        || env.still.is_some()
        || env.asked.is_some()
        || !env.strays.is_empty()
        || !env.saying.is_empty()
        || env.capture.running.is_some()
        || env.takeover.running.is_some()
        || env.unlocking.running.is_some()
        || env.drift.comparing.is_some()
        || env.drift.looking.is_some();
    // A hold is a person's word, and stays should the folder come back.
    let remembered = env.accepted.is_some()
        || env.current.is_some()
        || !env.before.is_empty()
        || env.hold.is_some()
        || env.over.is_some();
    under_way || remembered
}
