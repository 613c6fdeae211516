//! The secrets of a plan, so that none is shown, wherever it stands.
//!
//! Terraform marks sensitive values by place. That is not enough: the built-in `terraform_data` copies its `input` to an
//! `output` whose marks are gone after the apply, and providers do the same in messages and rendered texts.

use std::collections::BTreeSet;

use serde_json::Value;

/// Texts shorter than this are masked only where the whole value is the secret.
const LONG_ENOUGH_TO_SEARCH: usize = 6;

#[derive(Default)]
pub(super) struct Secrets(BTreeSet<String>);

impl Secrets {
    /// Remembers what `mask` marks in `value`.
    pub(super) fn marked(&mut self, value: &Value, mask: &Value) {
        match (value, mask) {
            (_, Value::Bool(true)) => self.all(value),
            (Value::Object(map), Value::Object(masks)) => {
                for (key, mask) in masks {
                    if let Some(value) = map.get(key) {
                        self.marked(value, mask);
                    }
                }
            }
            (Value::Array(items), Value::Array(masks)) => {
                for (value, mask) in items.iter().zip(masks) {
                    self.marked(value, mask);
                }
            }
            _ => {}
        }
    }

    /// Remembers every text and every number in `value`.
    pub(super) fn all(&mut self, value: &Value) {
        match value {
            Value::String(text) if !text.is_empty() => {
                self.0.insert(text.clone());
            }
            Value::Number(number) => {
                self.0.insert(number.to_string());
            }
            Value::Array(items) => items.iter().for_each(|item| self.all(item)),
            Value::Object(map) => map.values().for_each(|item| self.all(item)),
            _ => {}
        }
    }

    /// Whether a secret stands in `value`, as a whole or inside a longer text or a key.
    pub(super) fn are_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.are_in_text(text),
            // A number is one as a whole, and never one that others have in them.
            Value::Number(number) => self.0.contains(&number.to_string()),
            Value::Array(items) => items.iter().any(|item| self.are_in(item)),
            Value::Object(map) => map
                .iter()
                .any(|(key, item)| self.are_in_text(key) || self.are_in(item)),
            _ => false,
        }
    }

    fn are_in_text(&self, text: &str) -> bool {
        self.0.contains(text)
            || self.0.iter().any(|secret| {
                secret.len() >= LONG_ENOUGH_TO_SEARCH && text.contains(secret.as_str())
            })
    }
}
