//! Which package could go on into an environment next.

use crate::gates;
use crate::ids::PackageDigest;
use crate::policy::OpenWhen;
use crate::reason::Reason;
use crate::state::{Environment, PipelineState};
use chrono::{DateTime, Utc};

/// The next package for an environment, and what keeps it from going on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// The package.
    pub package: Option<PackageDigest>,
    /// Everything that it waits for.
    pub waits: Vec<Reason>,
}

/// Which package could go on into `env`. `env` may be lent out of `state`: its own place there is not read.
#[must_use]
pub fn candidate(state: &PipelineState, env: &Environment, now: DateTime<Utc>) -> Candidate {
    let before = gates::predecessors(state, &env.policy, &[]);
    let none = |reason| Candidate {
        package: None,
        waits: vec![reason],
    };
    let next = if before.is_empty() {
        state.packages.last().map(|package| package.digest.clone())
    } else {
        // The newest that any predecessor has in place; the gates then ask whether all have passed it.
        let mut found: Vec<usize> = before
            .iter()
            .filter_map(|(_, env)| env.and_then(|env| env.current.as_ref()))
            .filter_map(|current| {
                state
                    .packages
                    .iter()
                    .position(|known| known.digest == current.package)
            })
            .collect();
        found.sort_unstable();
        found.last().map(|at| state.packages[*at].digest.clone())
    };
    let Some(package) = next else {
        let waits = before
            .iter()
            .map(|(name, _)| Reason::NotThereYet {
                env: (*name).clone(),
            })
            .collect::<Vec<_>>();
        // There is one, and it has not come as far as the predecessors.
        return match state.packages.is_empty() || waits.is_empty() {
            true => none(Reason::NoPackage),
            false => Candidate {
                package: None,
                waits,
            },
        };
    };
    if is_here(state, env, &package) {
        return none(Reason::UpToDate);
    }
    if let Some(why) = env.put_aside.get(&package) {
        return Candidate {
            waits: vec![Reason::PutAside {
                package: package.clone(),
                why: why.to_string(),
            }],
            package: Some(package),
        };
    }
    let source = state.package(&package).map(|known| known.commit.clone());
    let mut waits = source.map_or_else(Vec::new, |source| {
        gates::entry(state, env, &[], &package, &source, now)
    });
    if env.policy.open == OpenWhen::Window {
        waits.extend(gates::window(&env.policy, now));
    }
    Candidate {
        package: Some(package),
        waits,
    }
}

/// This package, or a newer one, is what ought to be in place already.
#[must_use]
pub fn is_here(state: &PipelineState, env: &Environment, package: &PackageDigest) -> bool {
    let position = |digest: &PackageDigest| {
        state
            .packages
            .iter()
            .position(|known| &known.digest == digest)
    };
    env.desired_package()
        .is_some_and(|here| here == package || position(here) >= position(package))
}
