//! One object of a workspace as it was read.

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Marker;

/// One object as the workspace has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its id in this workspace, as text.
    pub id: String,
    /// Its name; seldom unique.
    pub name: String,
    /// Our marker, when it carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<Marker>,
    /// The name that is unique in the workspace, or the path; see [`super::Kind::natural`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub natural: Option<String>,
    /// Its fields in managed form: no marker, no state, no defaults, keyed lists sorted.
    pub config: Value,
    /// What others may refer to beside `id` and the fields of `config`: what only the server knows, such as `url`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub outputs: Value,
    /// Who made it, as far as the API says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last; neither jobs nor clusters say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<DateTime<Utc>>,
}

/// An answer of the workspace that does not look like the object that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {kind} in the workspace's answer has no `{field}`")]
pub struct ReadError {
    /// The word for one object of the kind.
    pub kind: &'static str,
    /// What is missing.
    pub field: &'static str,
}

/// An id that may be a number (jobs) or a text (clusters).
pub(super) fn id_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A non-empty text field.
pub(super) fn text(answer: &Value, field: &str) -> Option<String> {
    let text = answer.get(field)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A time in milliseconds since 1970; 0 means never.
pub(super) fn millis(answer: &Value, field: &str) -> Option<DateTime<Utc>> {
    let millis = answer.get(field)?.as_i64().filter(|millis| *millis > 0)?;
    Utc.timestamp_millis_opt(millis).single()
}

/// A time as RFC 3339 writes it.
pub(super) fn rfc3339(answer: &Value, field: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(answer.get(field)?.as_str()?).ok()?;
    Some(time.with_timezone(&Utc))
}
