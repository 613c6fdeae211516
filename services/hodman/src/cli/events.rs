//! `hodman events`: everything that came in, and what became of it.

use super::args::Events;
use super::client::Client;
use super::output::{lines_of, plain, plain_lines, print, print_json, table};
use crate::web::view::EventView;
use hodman_core::reason::stamp;
use serde_json::{Value, json};
use std::process::ExitCode;

pub(super) async fn events(what: Events, json: bool) -> anyhow::Result<ExitCode> {
    match what {
        Events::List {
            state,
            kind,
            source,
            before,
            limit,
            remote,
        } => {
            let mut query = vec![
                ("state", state),
                ("kind", kind),
                ("source", source),
                ("limit", limit.to_string()),
            ];
            query.extend(before.map(|seq| ("before", seq.to_string())));
            let events: Vec<EventView> = Client::new(&remote)?.get(&["events"], &query).await?;
            if json {
                print_json(&events)?
            } else {
                print(&list(&events))?
            }
        }
        Events::Show { seq, remote } => {
            let event: EventView = Client::new(&remote)?
                .get(&["events", &seq.to_string()], &[])
                .await?;
            if json {
                print_json(&event)?
            } else {
                print(&whole(&event)?)?
            }
        }
        Events::Replay { seq, remote } => {
            let path = ["events", &seq.to_string(), "replay"];
            let answer: Value = Client::new(&remote)?.post(&path, &json!({})).await?;
            if json {
                print_json(&answer)?
            } else {
                print(&format!("event {seq} is in again as {}", answer["seq"]))?
            }
        }
        Events::Dismiss { seq, remote } => {
            let path = ["events", &seq.to_string(), "dismiss"];
            let answer: Value = Client::new(&remote)?.post(&path, &json!({})).await?;
            if json {
                print_json(&answer)?
            } else {
                print(&format!("event {seq} is dismissed"))?
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(events: &[EventView]) -> String {
    let mut rows = table(&["event", "came", "source", "kind", "state", "note"]);
    for event in events {
        rows.add_row([
            event.seq.to_string(),
            stamp(event.received_at),
            plain(&event.source),
            plain(&event.kind),
            event.state.clone(),
            plain(event.note.as_deref().unwrap_or_default()),
        ]);
    }
    lines_of(&rows)
}

fn whole(event: &EventView) -> anyhow::Result<String> {
    let mut lines = vec![
        format!("event     {}", event.seq),
        format!("source    {}", plain(&event.source)),
        format!("kind      {}", plain(&event.kind)),
        format!("delivery  {}", plain(&event.delivery)),
        format!("came      {}", stamp(event.received_at)),
        format!("state     {}", event.state),
    ];
    lines.extend(
        event
            .note
            .as_ref()
            .map(|note| format!("note      {}", plain(note))),
    );
    if let Some(normalised) = &event.normalised {
        lines.push(format!(
            "\nin hodman's form:\n{}",
            plain_lines(&serde_json::to_string_pretty(normalised)?)
        ));
    }
    lines.push(format!(
        "\nbeside the body:\n{}",
        plain_lines(&serde_json::to_string_pretty(&event.meta)?)
    ));
    if let Some(body) = event.body.as_ref().filter(|body| !body.is_empty()) {
        lines.push(format!(
            "\nbody ({} bytes):\n{}",
            event.bytes,
            plain_lines(body)
        ));
    }
    Ok(lines.join("\n"))
}
