//! From an inbox row to the pipelines it is for and the event it is for them.

use crate::config::Pipeline;
use crate::intake::{CommandRequest, EventKind, ForgeEvent, Provider, normalise, source};
use chrono::{DateTime, Utc};
use hodman_core::effect::{Act, Effect};
use hodman_core::event::Event;
use hodman_core::ids::Op;
use hodman_store::{InboxRow, NewEvent};

/// Where a row goes.
#[derive(Debug)]
pub enum Destination {
    /// To these pipelines.
    Pipelines {
        /// Their names; never empty.
        names: Vec<String>,
        /// What it is for them.
        event: Box<Event>,
    },
    /// Nobody here is concerned.
    Nobody {
        /// Why.
        why: String,
    },
    /// It cannot be understood; kept and shown.
    Poison {
        /// Why.
        why: String,
    },
}

/// Sorts one row.
#[must_use]
pub fn route(row: &InboxRow, pipelines: &[Pipeline]) -> Destination {
    let event = &row.event;
    match event.source.as_str() {
        source::TIMER => for_its_pipeline(event, pipelines, || Ok(Event::Tick)),
        source::DAEMON => for_its_pipeline(event, pipelines, || {
            Ok(Event::Woken {
                why: "the daemon started".to_owned(),
            })
        }),
        source::EFFECT => {
            for_its_pipeline(event, pipelines, || serde_json::from_slice(&event.body))
        }
        source::COMMAND => command(event, pipelines),
        _ => match normalise(&row.event) {
            Ok(forge) => forge_event(&forge, pipelines),
            Err(error) => Destination::Poison {
                why: error.to_string(),
            },
        },
    }
}

fn for_its_pipeline(
    event: &NewEvent,
    pipelines: &[Pipeline],
    read: impl FnOnce() -> Result<Event, serde_json::Error>,
) -> Destination {
    let Some(name) = event
        .pipeline
        .clone()
        .filter(|name| pipelines.iter().any(|known| &known.name == name))
    else {
        return Destination::Nobody {
            why: "its pipeline is not configured here".to_owned(),
        };
    };
    match read() {
        Ok(event) => Destination::Pipelines {
            names: vec![name],
            event: Box::new(event),
        },
        Err(error) => Destination::Poison {
            why: format!("not an event of this version: {error}"),
        },
    }
}

fn command(event: &NewEvent, pipelines: &[Pipeline]) -> Destination {
    let asked: CommandRequest = match serde_json::from_slice(&event.body) {
        Ok(asked) => asked,
        Err(error) => {
            return Destination::Poison {
                why: format!("not a command: {error}"),
            };
        }
    };
    let names: Vec<String> = match event.pipeline.clone().or(asked.pipeline.clone()) {
        Some(name) => pipelines
            .iter()
            .filter(|known| known.name == name)
            .map(|known| known.name.clone())
            .collect(),
        // With one pipeline nobody has to name it.
        None if pipelines.len() == 1 => pipelines.iter().map(|known| known.name.clone()).collect(),
        None => {
            return Destination::Poison {
                why: "several pipelines are configured; the command names none".to_owned(),
            };
        }
    };
    if names.is_empty() {
        return Destination::Nobody {
            why: "its pipeline is not configured here".to_owned(),
        };
    }
    Destination::Pipelines {
        names,
        event: Box::new(Event::Commanded(asked.command())),
    }
}

fn forge_event(forge: &ForgeEvent, pipelines: &[Pipeline]) -> Destination {
    // News from AWS names no repository: whoever keeps something there looks.
    let names: Vec<String> = pipelines
        .iter()
        .filter(|known| {
            forge.provider == Provider::Aws
                || forge
                    .repository
                    .as_deref()
                    .is_some_and(|name| known.is_in(name))
        })
        .map(|known| known.name.clone())
        .collect();
    if names.is_empty() {
        let repository = forge.repository.as_deref().unwrap_or_default();
        return Destination::Nobody {
            why: format!("no pipeline is in repository `{repository}`"),
        };
    }
    // What people write changes nothing that hodman reads, and hodman writes comments itself.
    if matches!(
        forge.kind,
        EventKind::Comment | EventKind::Ping | EventKind::Other(_)
    ) {
        return Destination::Nobody {
            why: "nothing that hodman reads changes by it".to_owned(),
        };
    }
    let why = forge.in_words();
    Destination::Pipelines {
        names,
        event: Box::new(match &forge.object {
            Some(object) => Event::Noticed {
                object: object.clone(),
                why,
            },
            None if matches!(forge.kind, EventKind::Check | EventKind::Status) => {
                Event::Reported { why }
            }
            None => Event::Woken { why },
        }),
    }
}

/// The word for an effect in lists and logs, and for who has hands for it: its `act`. A comparison is told from the plan that
/// a promotion waits for.
pub(super) fn kind_of(effect: &Effect) -> String {
    if matches!(effect.act, Act::Plan { compares: true, .. }) {
        return "compare".to_owned();
    }
    serde_json::to_value(&effect.act)
        .ok()
        .and_then(|value| {
            value
                .get("act")
                .and_then(|act| act.as_str().map(str::to_owned))
        })
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The inbox row for an ended effect. Its delivery names pipeline and op, so one effect has one outcome.
///
/// # Errors
/// When the outcome cannot be written as JSON.
pub fn effect_event(
    pipeline: &str,
    op: Op,
    attempt: i64,
    outcome: hodman_core::event::Outcome,
    now: DateTime<Utc>,
) -> Result<NewEvent, serde_json::Error> {
    let body = serde_json::to_vec(&Event::Ended { op, outcome })?;
    Ok(NewEvent {
        source: source::EFFECT.to_owned(),
        delivery: format!("{pipeline}:{}:{attempt}", op.0),
        kind: "ended".to_owned(),
        pipeline: Some(pipeline.to_owned()),
        meta: serde_json::json!({ "op": op.0, "attempt": attempt }),
        body,
        received_at: now,
    })
}
