//! One pipeline: what is known of its repository, its packages, and its environments in order.

use super::environment::{self, EnvironmentView};
use crate::config::Pipeline;
use crate::web::WebParts;
use crate::web::trouble::Trouble;
use chrono::{DateTime, Utc};
use hodman_core::ids::{CommitSha, EnvName, PackageDigest};
use hodman_core::state::{Build, Package, PipelineState};
use serde::{Deserialize, Serialize};

/// How many packages are shown.
const PACKAGES: usize = 10;

/// A pipeline as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PipelineView {
    /// Its name.
    pub name: String,
    /// `owner/name`.
    pub repository: String,
    /// Where people look at it.
    pub url: String,
    /// Head of the default branch when last seen.
    pub head: Option<CommitSha>,
    /// When the repository was last read.
    pub observed_at: Option<DateTime<Utc>>,
    /// Why the last attempt to read it failed.
    pub observe_error: Option<String>,
    /// Failures in a row.
    pub observe_failures: u32,
    /// Why the bundle on the default branch cannot be read.
    pub bundle_error: Option<String>,
    /// The build under way or failed.
    pub build: Option<BuildView>,
    /// The newest first.
    pub packages: Vec<PackageView>,
    /// Predecessors first.
    pub environments: Vec<EnvironmentView>,
}

/// A build.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BuildView {
    /// It runs now.
    pub running: bool,
    /// Why it failed.
    pub error: Option<String>,
    /// Next try.
    pub retry_at: Option<DateTime<Utc>>,
}

/// A package.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackageView {
    /// Its name.
    pub digest: PackageDigest,
    /// Built from.
    pub commit: CommitSha,
    /// Where people look at that commit.
    pub commit_url: String,
    /// When hodman learned of it.
    pub at: DateTime<Utc>,
    /// Environments that have it in place.
    pub environments: Vec<EnvName>,
}

/// Reads one.
pub(super) async fn view(
    web: &WebParts,
    pipeline: &Pipeline,
    now: DateTime<Utc>,
) -> Result<PipelineView, Trouble> {
    let state = super::state(web, &pipeline.name).await?.unwrap_or_default();
    let url = format!("{}/{}", web.forge_url, pipeline.repository);
    let mut environments = Vec::new();
    for name in in_order(&state) {
        environments.extend(environment::view(web, pipeline, &state, name, now).await?);
    }
    Ok(PipelineView {
        name: pipeline.name.clone(),
        repository: pipeline.repository.clone(),
        head: state.head.clone(),
        observed_at: state.observing.last,
        observe_error: state.observing.error.clone(),
        observe_failures: state.observing.failures,
        bundle_error: state.inputs_error.clone(),
        build: state.build.as_ref().map(build),
        packages: state
            .packages
            .iter()
            .rev()
            .take(PACKAGES)
            .map(|known| package(&state, known, &url))
            .collect(),
        environments,
        url,
    })
}

fn build(build: &Build) -> BuildView {
    BuildView {
        running: build.op.is_some(),
        error: build.error.clone(),
        retry_at: build.not_before,
    }
}

fn package(state: &PipelineState, package: &Package, url: &str) -> PackageView {
    let has_it = |env: &&EnvName| {
        state.environments[*env]
            .current
            .as_ref()
            .is_some_and(|current| current.package == package.digest)
    };
    PackageView {
        digest: package.digest.clone(),
        commit: package.commit.clone(),
        commit_url: format!("{url}/commit/{}", package.commit),
        at: package.at,
        environments: state.environments.keys().filter(has_it).cloned().collect(),
    }
}

/// Predecessors before successors, otherwise by name. A circle, which the policy refuses elsewhere, comes last.
fn in_order(state: &PipelineState) -> Vec<&EnvName> {
    let mut placed: Vec<&EnvName> = Vec::new();
    let mut rest: Vec<&EnvName> = state.environments.keys().collect();
    while !rest.is_empty() {
        let ready = |name: &&EnvName| {
            let after = &state.environments[*name].policy.after;
            after
                .iter()
                .all(|before| placed.contains(&before) || !state.environments.contains_key(before))
        };
        let at = rest.iter().position(ready).unwrap_or(0);
        placed.push(rest.remove(at));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_core::state::Environment;

    fn environment(after: &[&str]) -> Environment {
        let mut env = Environment::default();
        env.policy.after = after.iter().map(|name| EnvName::from(*name)).collect();
        env
    }

    #[test]
    fn predecessors_come_first() {
        let mut state = PipelineState::default();
        for (name, after) in [
            ("a-prod", &["qa"][..]),
            ("qa", &["dev"]),
            ("dev", &[]),
            ("x", &["gone"]),
        ] {
            state.environments.insert(name.into(), environment(after));
        }
        let names: Vec<&str> = in_order(&state).iter().map(|name| name.as_str()).collect();
        assert_eq!(names, ["dev", "qa", "a-prod", "x"]);
    }

    #[test]
    fn a_circle_ends() {
        let mut state = PipelineState::default();
        state.environments.insert("a".into(), environment(&["b"]));
        state.environments.insert("b".into(), environment(&["a"]));
        assert_eq!(in_order(&state).len(), 2);
    }
}
