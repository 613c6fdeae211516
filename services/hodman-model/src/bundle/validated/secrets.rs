//! Secrets in what is shown: whoever looks at a bundle need not see them, and pages and logs keep what they are given.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::kinds::secrets::{REDACTED, redact};
use crate::kinds::{kind, written_out};

/// Shorter values stand elsewhere by chance: they are hidden where they are the whole.
const LONG_ENOUGH: usize = 4;

/// Hides what is a secret by its field, the same values wherever else they stand, variables that they are made of, and what looks
/// like one.
pub(super) fn hide(out: &mut Map<String, Value>) {
    let mut hidden = BTreeSet::new();
    let kinds = out.get_mut("resources").and_then(Value::as_object_mut);
    for (name, resources) in kinds.into_iter().flatten() {
        let resources = resources.as_object_mut().into_iter().flatten();
        for (_, resource) in resources {
            if let Some(kind) = kind(name) {
                hidden.extend(written_out::hide(kind, resource).iter().map(text));
            }
        }
    }
    let variables = out.get_mut("variables").and_then(Value::as_object_mut);
    for (name, variable) in variables.into_iter().flatten() {
        for field in ["default", "value"] {
            if let Some(said) = variable.get_mut(field) {
                cover(said, &|said| {
                    let of = |hidden: &String| said.len() >= LONG_ENOUGH && hidden.contains(said);
                    holds(said, &hidden) || hidden.iter().any(of)
                });
                *said = redact(name, said).0;
            }
        }
    }
    for (_, said) in out.iter_mut() {
        cover(said, &|said| holds(said, &hidden));
        *said = redact("", said).0;
    }
}

fn holds(said: &str, hidden: &BTreeSet<String>) -> bool {
    let mut hidden = hidden.iter();
    hidden.any(|hidden| {
        said == hidden || hidden.len() >= LONG_ENOUGH && said.contains(hidden.as_str())
    })
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn cover(value: &mut Value, is_hidden: &dyn Fn(&str) -> bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| cover(item, is_hidden)),
        Value::Object(map) => map.values_mut().for_each(|item| cover(item, is_hidden)),
        Value::String(_) | Value::Number(_) if is_hidden(&text(value)) => {
            *value = REDACTED.into();
        }
        _ => {}
    }
}
