//! Secrets that a bundle holds as they are, where it may only say where they stand.

use serde_json::Value;

use super::pattern::Keep;
use super::{Kind, redaction::REDACTED};

/// Kinds whose fields that cannot be read back are secrets and nothing else: a bundle never holds one.
const NEVER_WRITTEN_OUT: &[&str] = &[
    "secrets",
    "git_credentials",
    "connections",
    "storage_credentials",
];

/// Where a value can stand, in place of the value.
const SOURCES: [&str; 4] = ["env", "file", "aws_secrets_manager", "aws_ssm"];

/// Whether what cannot be read back of this kind is a secret and nothing else.
#[must_use]
pub fn is_of_secrets(kind: &dyn Kind) -> bool {
    NEVER_WRITTEN_OUT.contains(&kind.name())
}

/// Whether a key of a mapping says where a value is.
#[must_use]
pub fn is_source(key: &str) -> bool {
    SOURCES.contains(&key)
}

/// Whether a mapping says where a value is, or is meant to.
#[must_use]
pub fn names_source<'k>(mut keys: impl Iterator<Item = &'k String>) -> bool {
    keys.any(|key| is_source(key))
}

/// Whether a text is a value, and no name of a secret of the workspace.
#[must_use]
pub fn is_value(text: &str) -> bool {
    !(text.starts_with("{{secrets/") && text.ends_with("}}"))
}

/// Whether there is text beside references in the value of a field that cannot be read back.
#[must_use]
pub fn is_written_out(value: &Value) -> bool {
    match value {
        Value::String(text) => is_value(text),
        Value::Number(_) => true,
        Value::Array(items) => items.iter().any(is_written_out),
        Value::Object(map) => !names_source(map.keys()) && map.values().any(is_written_out),
        Value::Null | Value::Bool(_) => false,
    }
}

/// Puts [`REDACTED`] in the place of all of them in `config`, and gives what stood there.
pub fn hide(kind: &dyn Kind, config: &mut Value) -> Vec<Value> {
    let mut hidden = Vec::new();
    if is_of_secrets(kind) {
        for pattern in &kind.rules().write_only {
            pattern.visit(config, &mut |value| {
                hide_in(value, &mut hidden);
                Keep::Yes
            });
        }
    }
    hidden
}

fn hide_in(value: &mut Value, hidden: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide_in(item, hidden)),
        Value::Object(map) if !names_source(map.keys()) => {
            map.values_mut().for_each(|item| hide_in(item, hidden));
        }
        value if !value.is_object() && is_written_out(value) => {
            hidden.push(std::mem::replace(value, REDACTED.into()));
        }
        _ => {}
    }
}
