//! `hodman plan`: the whole plan, as text.

use super::args::Remote;
use super::client::Client;
use super::failure::{Exit, Failure};
use super::output::{print, print_json};
use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon::Parts;
use anyhow::Context as _;
use hodman_core::ids::{EnvName, PackageDigest};
use hodman_core::state::{Package, PipelineState};
use hodman_model::plan::Plan;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

#[derive(Deserialize, Serialize)]
struct Answer {
    digest: String,
    plan: Plan,
}

pub(super) async fn plan(env: &str, remote: &Remote, json: bool) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let pipeline = client.pipeline().await?;
    let answer: Answer = client
        .get(&["pipelines", &pipeline, "environments", env, "plan"], &[])
        .await?;
    if json {
        print_json(&answer)?;
    } else {
        print(&format!("{}\n{}", answer.plan.to_table(), answer.digest))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a plan here and now, beside a daemon or without one.
pub(super) async fn fresh(
    env: &str,
    package: Option<&str>,
    remote: &Remote,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let (pipeline, parts) = parts(remote, "--fresh").await?;
    let package = match package {
        Some(start) => Some(named(&parts, &pipeline, start).await?),
        None => None,
    };
    let plan = parts
        .work
        .preview(&pipeline, &EnvName::from(env), package.as_ref())
        .await?;
    let digest = plan.digest().to_string();
    if json {
        print_json(&Answer { digest, plan })?;
    } else {
        print(&format!("{}\n{digest}", plan.to_table()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A package by the start of its digest, as every page shows it.
async fn named(parts: &Parts, pipeline: &str, start: &str) -> anyhow::Result<PackageDigest> {
    const WHOLE: usize = 64;
    let hex = start.strip_prefix("sha256:").unwrap_or(start);
    if hex.len() == WHOLE {
        return Ok(PackageDigest(format!("sha256:{hex}")));
    }
    let state: PipelineState = match parts.store.load_state(pipeline).await? {
        Some(row) => serde_json::from_str(&row.json)?,
        None => PipelineState::default(),
    };
    one_of(&state.packages, hex)
}

/// The one package that the digits mean.
fn one_of(packages: &[Package], hex: &str) -> anyhow::Result<PackageDigest> {
    let whole = format!("sha256:{hex}");
    let meant = |package: &&Package| package.digest.as_str().starts_with(&whole);
    let mut found = packages.iter().filter(meant);
    let failure = match (found.next(), found.next()) {
        (Some(one), None) if !hex.is_empty() => return Ok(one.digest.clone()),
        (Some(_), _) => format!("{hex} may be several packages: give more of the digest"),
        (None, _) => format!("no package begins with {hex}"),
    };
    Err(Failure::new(Exit::Usage, failure).into())
}

/// The parts of a daemon of this process, to read with: nothing of it is started. `flag` is what asked for it.
pub(super) async fn parts(remote: &Remote, flag: &str) -> anyhow::Result<(String, Parts)> {
    let path = remote.config.as_deref().with_context(|| {
        format!("{flag} needs --config: it says where the repository and the workspaces are")
    })?;
    let config = Config::load(path, Purpose::Serve)?;
    let pipeline = match (&remote.pipeline, config.pipelines.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.name.clone(),
        (None, _) => anyhow::bail!("several pipelines are configured; say which with --pipeline"),
    };
    let address = config.listen;
    let parts = Parts::open_beside(config, Clock::system(), address).await?;
    Ok((pipeline, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_package_by_its_first_digits() {
        let packages = ["ab12", "ab13", "cd"].map(|start| Package {
            digest: PackageDigest(format!("sha256:{start}")),
            inputs: start.into(),
            commit: start.into(),
            at: DateTime::UNIX_EPOCH,
        });
        let named = |hex| one_of(&packages, hex).map_err(|error| error.to_string());
        assert_eq!(named("ab13"), Ok(packages[1].digest.clone()));
        assert!(named("ab").is_err_and(|why| why.contains("several")));
        assert!(named("ff").is_err_and(|why| why.contains("no package begins with ff")));
        assert!(named("").is_err());
    }
}
