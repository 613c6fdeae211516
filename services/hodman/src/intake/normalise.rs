//! From a stored delivery to the one form of all events. Pure: the same row always gives the same event.
//!
//! What cannot be understood is an error with a reason, never a panic: whoever knows a webhook secret, or may write
//! to a queue, decides what these bytes are.

mod cloudtrail;
mod github;
#[cfg(test)]
mod tests;
pub mod workspace;

use hodman_store::NewEvent;

use super::command::CommandRequest;
pub use super::event::{EventKind, ForgeEvent, Provider};
use super::source;

pub use github::is_known;

/// Why an event cannot be understood. It is kept, counted and shown; replaying it after a correction is possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Poison {
    /// The body is not the JSON that this kind of event has.
    #[error("the body is not a {kind} event: {problem}")]
    Body {
        /// The source's word for the event.
        kind: String,
        /// What the parser says; without content of the body.
        problem: String,
    },
    /// It was refused when it came.
    #[error("{0}")]
    Refused(String),
    /// Nobody here knows this source.
    #[error("no event comes from {0:?}")]
    Source(String),
}

/// The key in an event's `meta` that says why it was refused when it came.
pub const REFUSED: &str = "refused";

/// Brings a stored event into the common form.
///
/// # Errors
/// When it cannot be understood; the event is poison.
pub fn normalise(event: &NewEvent) -> Result<ForgeEvent, Poison> {
    if let Some(reason) = event.meta.get(REFUSED).and_then(serde_json::Value::as_str) {
        return Err(Poison::Refused(reason.to_owned()));
    }
    match event.source.as_str() {
        source::GITHUB => github::normalise(event),
        source::COMMAND => command(event),
        source::EVENTBRIDGE | source::S3 => {
            let mut notice = bare(event, Provider::Aws, EventKind::Notice);
            notice.action = Some(event.kind.clone());
            if event.kind == workspace::CHANGED {
                let message = serde_json::from_slice(&event.body).unwrap_or_default();
                notice.object = workspace::named(&message);
                return Ok(notice);
            }
            match cloudtrail::read(&event.kind, &event.body) {
                Some(cloudtrail::News::Of { object, call }) => {
                    notice.object = Some(object);
                    notice.action = Some(call);
                }
                Some(cloudtrail::News::Nothing) => {
                    notice.kind = EventKind::Other(event.kind.clone());
                }
                None => {}
            }
            Ok(notice)
        }
        other => Err(Poison::Source(other.to_owned())),
    }
}

fn command(event: &NewEvent) -> Result<ForgeEvent, Poison> {
    let request: CommandRequest =
        serde_json::from_slice(&event.body).map_err(|error| Poison::Body {
            kind: "command".to_owned(),
            problem: in_short(&error),
        })?;
    let mut normalised = bare(event, Provider::Hodman, EventKind::Command);
    normalised.action = Some(request.word());
    normalised.sender = Some(request.by.clone());
    normalised.command = Some(request);
    Ok(normalised)
}

fn bare(event: &NewEvent, provider: Provider, kind: EventKind) -> ForgeEvent {
    ForgeEvent::bare(provider, kind, &event.delivery, event.received_at)
}

/// What is wrong and where, without what the body holds there.
fn in_short(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let what = match error.classify() {
        Category::Io => "cannot be read",
        Category::Syntax => "not JSON",
        Category::Eof => "ends too early",
        Category::Data => "a field is missing or of another type",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}
