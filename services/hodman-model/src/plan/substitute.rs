//! Placeholders become what they stand for, when a plan is applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::follow::whole;
use super::known::Known;
use super::references::{Placeholder, placeholder};
use crate::bundle::ResourceKey;

/// Placeholders that nothing is known for; the resources they name were not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing known for {}", .0.join(", "))]
pub struct Unresolved(pub Vec<String>);

/// [`substitute_known`] where nothing but ids is known.
///
/// # Errors
/// The placeholders that nothing is known for.
pub fn substitute(
    config: &Value,
    files_folder: &str,
    outputs: &BTreeMap<ResourceKey, String>,
) -> Result<Value, Unresolved> {
    let mut known = Known::default();
    outputs.iter().for_each(|(key, id)| known.id(key, id));
    substitute_known(config, files_folder, &known)
}

/// `config` with `${files}` as `files_folder` and every other placeholder as `known` says.
///
/// A text that is nothing but one placeholder takes the type of what it stands for: `run_job_task.job_id` is a number
/// in the API.
///
/// # Errors
/// The placeholders that nothing is known for.
pub fn substitute_known(
    config: &Value,
    files_folder: &str,
    known: &Known,
) -> Result<Value, Unresolved> {
    let mut work = Substitution {
        folder: files_folder,
        known,
        missing: BTreeSet::new(),
    };
    let value = work.walk(config);
    if work.missing.is_empty() {
        Ok(value)
    } else {
        Err(Unresolved(work.missing.into_iter().collect()))
    }
}

struct Substitution<'a> {
    folder: &'a str,
    known: &'a Known,
    missing: BTreeSet<String>,
}

impl Substitution<'_> {
    fn walk(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => match whole(text).and_then(|found| self.known.get(&found)) {
                Some(typed) => typed,
                None => Value::String(self.text(text)),
            },
            Value::Array(items) => items.iter().map(|item| self.walk(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, item)| (self.text(key), self.walk(item)))
                .collect(),
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        replace_all(text, &mut |found| {
            let value = match found {
                Placeholder::Files => Some(self.folder.to_owned()),
                other => self.known.get(other).as_ref().and_then(scalar_text),
            };
            if value.is_none() {
                self.missing.insert(found.to_string());
            }
            value
        })
    }
}

/// `text` with every placeholder replaced by what `replace` gives; what it gives nothing for stays.
pub(super) fn replace_all(
    text: &str,
    replace: &mut dyn FnMut(&Placeholder) -> Option<String>,
) -> String {
    if !text.contains("${") {
        return text.to_owned();
    }
    let mut done = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        done.push_str(before);
        let Some(end) = from.find('}') else {
            rest = from;
            break;
        };
        let (written, after) = from.split_at(end + 1);
        let inside = &written[2..end];
        match placeholder(inside).and_then(|found| replace(&found)) {
            Some(new) => done.push_str(&new),
            None => done.push_str(written),
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

/// A text, number or truth as text.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
