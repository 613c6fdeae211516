//! What people ask for: into the daemon's inbox, and back with what was decided.

use super::adopt;
use super::args::{self, Remote};
use super::client::Client;
use super::failure::{Exit, Failure};
use super::outcome::{self, Ended};
use super::output::{plain, print, print_json};
use crate::intake::CommandRequest;
use crate::web::view::EventView;
use anyhow::Context as _;
use hodman_core::event::{Ask, Unlock};
use serde_json::Value;
use std::process::ExitCode;
use std::time::Duration;

/// How long the command waits for the decision. Deciding takes milliseconds; a daemon that is busy with a burst may
/// need longer, and the request is safe in its inbox anyway.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn ask(ask: args::Ask, json: bool) -> anyhow::Result<ExitCode> {
    let wait = match &ask {
        args::Ask::Adopt { wait, .. }
        | args::Ask::Unlock { wait, .. }
        | args::Ask::Reconcile { wait, .. } => !wait.no_wait,
        _ => true,
    };
    let (ask, remote) = meant(ask)?;
    send(ask, &remote, wait, json).await
}

/// Puts it into the inbox and waits for what is decided, and, if so told, for what becomes of it.
pub(super) async fn send(
    ask: Ask,
    remote: &Remote,
    wait: bool,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let id = uuid::Uuid::new_v4().to_string();
    let pipeline = client.pipeline().await?;
    let request = CommandRequest::new(id, Some(pipeline.clone()), by(), ask);
    let answer: Value = client.post(&["commands"], &request).await?;
    let seq = answer["seq"]
        .as_i64()
        .context("the daemon's answer names no event: is it of the same version?")?;
    let event = decided(&client, seq).await?;
    if json {
        print_json(&event)?;
    }
    match event.state.as_str() {
        "handled" => {
            let ended = match wait {
                true => outcome::wait(&client, &pipeline, &request.ask, seq).await?,
                false => None,
            };
            let word = request.word();
            let text = match ended {
                Some(Ended::Refused(why)) => {
                    return Err(Failure::new(Exit::Failed, plain(&why)).into());
                }
                Some(Ended::Opened(number)) => {
                    let url = outcome::url(&client, &pipeline, &number).await?;
                    format!("{word}: {number} opened: {url}")
                }
                Some(Ended::Well(words)) => format!("{word}: {}", plain(&words)),
                // What only the daemon's memory holds is done; the rest goes on, and `explain` tells how.
                None if at_once(&request.ask) => format!("{word}: done (event {seq})"),
                None => format!("{word}: asked (event {seq})"),
            };
            if !json {
                print(&text)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        "pending" => {
            eprintln!(
                "{}: is in the inbox (event {seq}), not decided yet",
                request.word()
            );
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            let why = event.note.unwrap_or_else(|| event.state.clone());
            Err(Failure::new(Exit::Failed, plain(&why)).into())
        }
    }
}

fn at_once(ask: &Ask) -> bool {
    matches!(ask, Ask::Hold { .. } | Ask::Resume { .. } | Ask::Observe)
}

fn meant(ask: args::Ask) -> anyhow::Result<(Ask, Remote)> {
    Ok(match ask {
        args::Ask::Capture { env, remote } => (Ask::Capture { env: env.into() }, remote),
        args::Ask::Hold {
            env,
            reason,
            remote,
        } => (
            Ask::Hold {
                env: env.into(),
                reason,
            },
            remote,
        ),
        args::Ask::Resume { env, remote } => (Ask::Resume { env: env.into() }, remote),
        args::Ask::Reconcile {
            env, heal, remote, ..
        } => {
            let env = env.into();
            let ask = match heal {
                true => Ask::Heal { env },
                false => Ask::Reconcile { env },
            };
            (ask, remote)
        }
        args::Ask::Rollback {
            env,
            to,
            now,
            reason,
            remote,
        } => (
            Ask::Rollback {
                env: env.into(),
                to: to.map(Into::into),
                now,
                reason,
            },
            remote,
        ),
        args::Ask::Adopt {
            env,
            from,
            file,
            workspace,
            remote,
            ..
        } => {
            let takeover = adopt::read(from, &file, workspace)?;
            (
                Ask::Adopt {
                    env: env.into(),
                    takeover,
                },
                remote,
            )
        }
        args::Ask::Unlock {
            env,
            stack,
            lock,
            forget_state,
            gone,
            skip,
            remote,
            ..
        } => (
            Ask::Unlock {
                env: env.into(),
                stack,
                unlock: match (lock, forget_state) {
                    (Some(lock), _) => Unlock::Lock(lock),
                    (None, true) => Unlock::ForgetState {
                        gone: gone.into_iter().collect(),
                    },
                    (None, false) if !skip.is_empty() => Unlock::GoBack {
                        skip: skip.into_iter().collect(),
                    },
                    (None, false) => Unlock::StoreState,
                },
            },
            remote,
        ),
        args::Ask::Retry { env, remote } => (Ask::Retry { env: env.into() }, remote),
        args::Ask::Observe { remote } => (Ask::Observe, remote),
    })
}

/// Who asks, as this machine calls them.
fn by() -> String {
    let name = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    name("USER")
        .or_else(|| name("LOGNAME"))
        .unwrap_or_else(|| "the command line".to_owned())
}

/// The event once it is decided, or as it is when patience ends.
async fn decided(client: &Client, seq: i64) -> anyhow::Result<EventView> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let event: EventView = client.get(&["events", &seq.to_string()], &[]).await?;
        if event.state != "pending" || tokio::time::Instant::now() >= until {
            return Ok(event);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
