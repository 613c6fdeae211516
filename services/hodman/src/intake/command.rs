//! What people ask for: one form for the command line, the web page and queues.
//!
//! ```json
//! {"hodman": "command", "id": "7f0c…", "pipeline": "shop", "by": "ann", "ask": "hold", "env": "prod", "reason": "audit"}
//! ```
//!
//! `id` makes a request one request however often it is sent; `pipeline` may be left out where the daemon serves one.

use chrono::{DateTime, Utc};
use hodman_core::event::{Ask, Command};
use hodman_store::NewEvent;
use serde::{Deserialize, Serialize};

use super::source;

/// A request, as it is sent and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRequest {
    /// Says what this JSON is.
    pub hodman: Mark,
    /// The sender's own id of this request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which pipeline; may be left out where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Who asks, as far as the sender knows.
    #[serde(default = "somebody")]
    pub by: String,
    /// What for.
    #[serde(flatten)]
    pub ask: Ask,
}

/// The word `command`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A request.
    Command,
}

fn somebody() -> String {
    "unknown".to_owned()
}

impl CommandRequest {
    /// A request with an id of its own.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        pipeline: Option<String>,
        by: impl Into<String>,
        ask: Ask,
    ) -> Self {
        Self {
            hodman: Mark::Command,
            id: Some(id.into()),
            pipeline,
            by: by.into(),
            ask,
        }
    }

    /// The request as the deciding core takes it.
    #[must_use]
    pub fn command(&self) -> Command {
        Command {
            by: self.by.clone(),
            ask: self.ask.clone(),
        }
    }

    /// The word of what is asked for: `hold`, `rollback`, …
    #[must_use]
    pub fn word(&self) -> String {
        serde_json::to_value(&self.ask)
            .ok()
            .and_then(|json| json["ask"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Whether a text of it holds a NUL character: nobody types one, and it would be kept as another character.
    #[must_use]
    pub fn holds_nul(&self) -> bool {
        fn holds(json: &serde_json::Value) -> bool {
            match json {
                serde_json::Value::String(text) => text.contains('\0'),
                serde_json::Value::Array(items) => items.iter().any(holds),
                serde_json::Value::Object(fields) => fields.values().any(holds),
                _ => false,
            }
        }
        serde_json::to_value(self).is_ok_and(|json| holds(&json))
    }

    /// The request as an event for the inbox. `delivery` tells it from every other request: its `id`, or what the way
    /// it came can offer.
    #[must_use]
    pub fn to_event(&self, delivery: &str, received_at: DateTime<Utc>) -> NewEvent {
        NewEvent {
            source: source::COMMAND.to_owned(),
            delivery: self.id.clone().unwrap_or_else(|| delivery.to_owned()),
            kind: self.word(),
            pipeline: self.pipeline.clone(),
            meta: serde_json::json!({"by": self.by}),
            body: serde_json::to_vec(self)
                .expect("strings, numbers and string keys always have a JSON form"),
            received_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form() {
        let json = r#"{"hodman":"command","id":"1","pipeline":"shop","by":"ann","ask":"hold","env":"prod","reason":"audit"}"#;
        let request: CommandRequest = serde_json::from_str(json).expect("a request");
        assert_eq!(
            request.ask,
            Ask::Hold {
                env: "prod".into(),
                reason: "audit".into()
            }
        );
        assert_eq!(serde_json::to_string(&request).expect("json"), json);
        assert_eq!(request.word(), "hold");
    }

    #[test]
    fn id_pipeline_and_by_may_be_left_out() {
        let json = r#"{"hodman":"command","ask":"rollback","env":"prod","to":null,"now":true,"reason":"broken"}"#;
        let request: CommandRequest = serde_json::from_str(json).expect("a request");
        let event = request.to_event("digest", DateTime::UNIX_EPOCH);
        assert_eq!(
            (
                event.source.as_str(),
                event.delivery.as_str(),
                event.kind.as_str()
            ),
            ("command", "digest", "rollback")
        );
        let again: CommandRequest = serde_json::from_slice(&event.body).expect("a request");
        assert_eq!(again, request);
        assert_eq!(again.command().by, "unknown");
    }

    #[test]
    fn what_is_not_a_request() {
        for json in [
            r#"{"ask":"observe"}"#,
            r#"{"hodman":"github-delivery","ask":"observe"}"#,
            r#"{"hodman":"command","ask":"destroy"}"#,
            r#"{"hodman":"command","ask":"hold","env":"prod"}"#,
            r#"{"hodman":"command"}"#,
        ] {
            assert!(
                serde_json::from_str::<CommandRequest>(json).is_err(),
                "{json}"
            );
        }
    }
}
