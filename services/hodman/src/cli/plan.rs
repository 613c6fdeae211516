//! `hodman plan`: the whole plan, as text.

use super::args::Remote;
use super::client::Client;
use super::output::{print, print_json};
use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon::Parts;
use anyhow::Context as _;
use hodman_core::ids::{EnvName, PackageDigest};
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
    let package = package.map(PackageDigest::from);
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
    let parts = Parts::open(config, Clock::system(), address).await?;
    Ok((pipeline, parts))
}
