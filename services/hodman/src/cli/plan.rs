//! `hodman plan`: the whole plan, as text.

use super::args::Remote;
use super::client::Client;
use super::output::{print, print_json};
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
