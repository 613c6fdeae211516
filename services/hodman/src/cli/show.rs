//! What is there, what waits, why, and how it came to this.

use super::args::Remote;
use super::client::Client;
use super::output::{lines_of, plain, print, print_json, table};
use crate::web::view::{EnvironmentView, HistoryView, PipelineView, StatusView};
use chrono::{DateTime, Utc};
use hodman_core::reason::stamp;
use std::fmt::Write as _;
use std::process::ExitCode;

pub(super) async fn status(remote: &Remote, json: bool) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let status: StatusView = client.get(&["status"], &[]).await?;
    if json {
        print_json(&status)?;
        return Ok(ExitCode::SUCCESS);
    }
    for pipeline in &status.pipelines {
        print(&pipeline_lines(pipeline))?;
    }
    print(&daemon_lines(&status))?;
    Ok(ExitCode::SUCCESS)
}

fn pipeline_lines(pipeline: &PipelineView) -> String {
    let head = pipeline
        .head
        .as_ref()
        .map_or("not read yet".to_owned(), |head| {
            format!("at {}", head.short())
        });
    let read = pipeline
        .observed_at
        .map_or(String::new(), |at| format!(", read {}", stamp(at)));
    let mut text = format!("{} ({}) {head}{read}\n", pipeline.name, pipeline.repository);
    let build = pipeline
        .build
        .as_ref()
        .and_then(|build| build.error.as_ref());
    for error in [&pipeline.observe_error, &pipeline.bundle_error]
        .into_iter()
        .flatten()
        .chain(build)
    {
        let _ = writeln!(text, "  ! {}", plain(error));
    }
    let mut rows = table(&["  environment", "standing", "package", "since", "waits for"]);
    for env in &pipeline.environments {
        rows.add_row([
            format!("  {}", env.explanation.env),
            env.explanation.standing.to_string(),
            env.short_package().to_owned(),
            env.since.map_or_else(String::new, stamp),
            waits_for(&env.words),
        ]);
    }
    text.push_str(&lines_of(&rows));
    text
}

/// The first reason, and that it is not the only one.
fn waits_for(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => plain(one),
        [first, more @ ..] => format!("{} (and {} more: explain)", plain(first), more.len()),
    }
}

fn daemon_lines(status: &StatusView) -> String {
    let health = &status.health;
    let running = health.outbox.values().sum::<u64>();
    let mut text = format!(
        "inbox: {} pending, {} poison; under way: {running}\n",
        health.pending(),
        health.poison()
    );
    for (label, queue) in &health.queues {
        let why = queue
            .why
            .as_ref()
            .map_or(String::new(), |why| format!(": {}", plain(why)));
        let _ = writeln!(text, "queue {label}: {}{why}", queue.state);
    }
    if health.poison() > 0 {
        text.push_str("`hodman events list --state poison` shows what could not be understood\n");
    }
    text
}

pub(super) async fn explain(
    env: Option<&str>,
    remote: &Remote,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let environments: Vec<EnvironmentView> = match env {
        Some(env) => {
            let pipeline = client.pipeline().await?;
            let one: EnvironmentView = client
                .get(&["pipelines", &pipeline, "environments", env], &[])
                .await?;
            if json {
                print_json(&one)?;
                return Ok(ExitCode::SUCCESS);
            }
            vec![one]
        }
        None => {
            let status: StatusView = client.get(&["status"], &[]).await?;
            let wanted = |one: &PipelineView| {
                remote
                    .pipeline
                    .as_ref()
                    .is_none_or(|name| name == &one.name)
            };
            status
                .pipelines
                .into_iter()
                .filter(wanted)
                .flat_map(|one| one.environments)
                .collect()
        }
    };
    if json {
        print_json(&environments)?;
    } else if environments.is_empty() {
        print(
            "no environments are known yet: the repository has not been read, or has no environments/",
        )?;
    } else {
        let texts: Vec<String> = environments.iter().map(screen).collect();
        print(&texts.join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One environment on one screen.
fn screen(env: &EnvironmentView) -> String {
    let since = |at: DateTime<Utc>| format!(" since {}", stamp(at));
    let mut text = format!(
        "{}/{} is {}{}\n",
        env.pipeline,
        env.explanation.env,
        env.explanation.standing,
        env.since.map_or_else(String::new, since)
    );
    let mut list = |title: &str, none: &str, lines: &[String]| {
        let _ = writeln!(text, "  {title}");
        if lines.is_empty() {
            let _ = writeln!(text, "    {none}");
        }
        for line in lines {
            let _ = writeln!(text, "    - {}", plain(line));
        }
    };
    list("there:", "nothing was applied yet", &env.explanation.there);
    list("waits:", "nothing waits", &env.words);
    let pulls: Vec<String> = env
        .pulls
        .iter()
        .map(|pull| format!("#{} {}: {}", pull.number, pull.kind.label(), pull.url))
        .collect();
    if !pulls.is_empty() {
        list("pull requests:", "", &pulls);
    }
    text
}

pub(super) async fn history(
    env: Option<&str>,
    limit: usize,
    remote: &Remote,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let pipeline = client.pipeline().await?;
    let query = [("limit", limit.to_string())];
    let entries: Vec<HistoryView> = match env {
        Some(env) => {
            client
                .get(
                    &["pipelines", &pipeline, "environments", env, "history"],
                    &query,
                )
                .await?
        }
        None => {
            client
                .get(&["pipelines", &pipeline, "history"], &query)
                .await?
        }
    };
    if json {
        print_json(&entries)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = table(&["when", "environment", "what", "why"]);
    for entry in &entries {
        let env = entry.env.clone().unwrap_or_default();
        rows.add_row([
            stamp(entry.at),
            env,
            entry.kind.clone(),
            plain(&entry.because),
        ]);
    }
    print(&lines_of(&rows))?;
    Ok(ExitCode::SUCCESS)
}
