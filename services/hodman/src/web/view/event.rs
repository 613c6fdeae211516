//! Events and history entries as they are shown.

use crate::intake::normalise;
use chrono::{DateTime, Utc};
use hodman_model::kinds::secrets::redact;
use hodman_store::{HistoryRow, InboxRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most of a body that is shown. Bodies come from outside and may be 25 MiB long.
const LONGEST: usize = 64 * 1024;

/// An event of the inbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventView {
    /// Its number.
    pub seq: i64,
    /// Who told us.
    pub source: String,
    /// The source's id of the delivery.
    pub delivery: String,
    /// What it is, in the source's words.
    pub kind: String,
    /// The pipeline, where the source named it.
    pub pipeline: Option<String>,
    /// `pending`, `handled`, `ignored` or `poison`.
    pub state: String,
    /// Why it was ignored or is poison.
    pub note: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was dealt with.
    pub acked_at: Option<DateTime<Utc>>,
    /// Length of the body.
    pub bytes: u64,
    /// What was kept beside the body.
    pub meta: Value,
    /// The one form that events of every source are brought into; only when one event is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalised: Option<Value>,
    /// The body; only when one event is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// An entry of the history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HistoryView {
    /// Its place in the pipeline's history.
    pub position: i64,
    /// The version of the state that was committed with it.
    pub version: i64,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The environment it concerns.
    pub env: Option<String>,
    /// What happened, in one word.
    pub kind: String,
    /// Why.
    pub because: String,
    /// What belongs to it: the event that led to it.
    pub data: Value,
    /// Ties it to the entry before.
    pub hash: String,
}

impl EventView {
    /// For a list: without the body.
    #[must_use]
    pub fn listed(row: &InboxRow) -> Self {
        let event = &row.event;
        Self {
            seq: row.seq,
            source: event.source.clone(),
            delivery: event.delivery.clone(),
            kind: event.kind.clone(),
            pipeline: event.pipeline.clone(),
            state: row.state.as_str().to_owned(),
            note: row.note.clone(),
            received_at: event.received_at,
            acked_at: row.acked_at,
            bytes: event.body.len() as u64,
            meta: redact("", &event.meta).0,
            normalised: None,
            body: None,
        }
    }

    /// Whole.
    #[must_use]
    pub fn whole(row: &InboxRow) -> Self {
        let normalised = normalise(&row.event)
            .ok()
            .and_then(|event| serde_json::to_value(event).ok());
        Self {
            normalised,
            body: Some(body_text(&row.event.body)),
            ..Self::listed(row)
        }
    }
}

impl HistoryView {
    pub(super) fn of(row: HistoryRow) -> Self {
        Self {
            position: row.position,
            version: row.version,
            at: row.at,
            env: row.entry.env,
            kind: row.entry.kind,
            because: row.entry.because,
            data: row.entry.data,
            hash: row.hash,
        }
    }
}

/// A body as people read it: indented when it is JSON, without what looks like a secret, and cut.
#[must_use]
pub fn body_text(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(json) => serde_json::to_string_pretty(&redact("", &json).0).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body.get(..LONGEST).unwrap_or(body)).into_owned(),
    };
    if text.len() <= LONGEST && body.len() <= LONGEST {
        return text;
    }
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!(
        "{}\n… cut here; the body has {} bytes",
        &text[..end],
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_cut_and_hide_secrets() {
        assert_eq!(body_text(b"{\"a\":1}"), "{\n  \"a\": 1\n}");
        let text = body_text(br#"{"config":{"secret":"hodman-canary-5ecret-DO-NOT-LEAK"},"list":[{"api_token":"x1"}]}"#);
        assert!(!text.contains("canary") && !text.contains("x1"), "{text}");
        assert_eq!(body_text(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        let long = body_text("ä".repeat(100_000).as_bytes());
        assert!(long.len() < LONGEST + 100 && long.contains("cut here; the body has 200000 bytes"));
        let json = serde_json::json!({ "long": "ä".repeat(100_000) }).to_string();
        assert!(body_text(json.as_bytes()).len() < LONGEST + 100);
    }
}
