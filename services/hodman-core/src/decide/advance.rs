//! Everything that can go on, goes on: predecessors before successors, so that what passes here is seen there at once.

use super::{
    Draft, build, capture, drift, gone, heal, keep, observe, promotion, report, run, slots, still,
};
use crate::ids::EnvName;
use crate::policy::Mode;
use crate::state::{Environment, PipelineState};
use std::collections::BTreeSet;

pub(super) fn advance(draft: &mut Draft) {
    observe::advance(draft);
    build::advance(draft);
    for name in in_order(&draft.state) {
        with_env(draft, &name, |draft, env| {
            if env.gone || env.policy.absent || env.policy.mode == Mode::FreeForm {
                env.drift.asked = None;
            }
            if env.gone {
                return gone::advance(draft, &name, env);
            }
            keep::advance(draft, &name, env);
            if env.policy.absent {
                // Nothing new comes here, nothing is compared or captured: what is there goes, when that is approved.
                if env.policy.mode == Mode::Promoted {
                    run::advance(draft, &name, env);
                    still::advance(draft, &name, env);
                    promotion::advance(draft, &name, env);
                    report::advance(draft, &name, env);
                }
                return;
            }
            slots::advance(draft, &name, env);
            match env.policy.mode {
                Mode::FreeForm => {
                    run::set_aside(draft, &name, env);
                    capture::advance(draft, &name, env);
                }
                Mode::Promoted => {
                    run::advance(draft, &name, env);
                    drift::advance(draft, &name, env);
                    still::advance(draft, &name, env);
                    promotion::advance(draft, &name, env);
                    heal::advance(draft, &name, env);
                    report::advance(draft, &name, env);
                }
            }
        });
    }
    gone::forget(&mut draft.state);
}

/// Lends one environment out of the state. While it is lent its place holds an empty one, which no rule about an
/// environment's own predecessors ever reads.
pub(super) fn with_env<T>(
    draft: &mut Draft,
    name: &EnvName,
    act: impl FnOnce(&mut Draft, &mut Environment) -> T,
) -> Option<T> {
    let mut env = std::mem::take(draft.state.environments.get_mut(name)?);
    let result = act(draft, &mut env);
    draft.state.environments.insert(name.clone(), env);
    Some(result)
}

/// Predecessors first. An unknown or circular `after` is broken by name order: such environments never pass their gates.
fn in_order(state: &PipelineState) -> Vec<EnvName> {
    let mut ordered = Vec::new();
    let mut placed = BTreeSet::new();
    while ordered.len() < state.environments.len() {
        let ready = state.environments.iter().find(|(name, env)| {
            !placed.contains(*name)
                && env.policy.after.iter().all(|before| {
                    placed.contains(before) || !state.environments.contains_key(before)
                })
        });
        let next = ready.or_else(|| {
            state
                .environments
                .iter()
                .find(|(name, _)| !placed.contains(*name))
        });
        let Some((name, _)) = next else { break };
        placed.insert(name.clone());
        ordered.push(name.clone());
    }
    ordered
}
