//! Placeholders become what they stand for, when a plan is applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::references::{Placeholder, placeholder};
use crate::bundle::ResourceKey;

/// Placeholders that nothing is known for; the resources they name were not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing known for {}", .0.join(", "))]
pub struct Unresolved(pub Vec<String>);

/// `config` with `${files}` as `files_folder` and `${resources.….id}` as the ids in `outputs`.
///
/// A text that is nothing but one id becomes a number when the id is one: `run_job_task.job_id` is a number in the API.
///
/// # Errors
/// The placeholders that nothing is known for.
pub fn substitute(
    config: &Value,
    files_folder: &str,
    outputs: &BTreeMap<ResourceKey, String>,
) -> Result<Value, Unresolved> {
    let mut missing = BTreeSet::new();
    let value = walk(config, files_folder, outputs, &mut missing);
    if missing.is_empty() {
        Ok(value)
    } else {
        Err(Unresolved(missing.into_iter().collect()))
    }
}

fn walk(
    value: &Value,
    folder: &str,
    outputs: &BTreeMap<ResourceKey, String>,
    missing: &mut BTreeSet<String>,
) -> Value {
    match value {
        Value::String(text) => {
            let done = replace_all(text, &mut |placeholder| match placeholder {
                Placeholder::Files => Some(folder.to_owned()),
                Placeholder::Output(key, field) => {
                    let id = outputs.get(key).filter(|_| field == "id").cloned();
                    if id.is_none() {
                        missing.insert(format!("${{resources.{key}.{field}}}"));
                    }
                    id
                }
            });
            match whole(text) {
                Some(Placeholder::Output(key, _)) if key.kind == "jobs" => done
                    .parse::<u64>()
                    .map_or_else(|_| Value::String(done), Value::from),
                _ => Value::String(done),
            }
        }
        Value::Array(items) => items
            .iter()
            .map(|item| walk(item, folder, outputs, missing))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), walk(item, folder, outputs, missing)))
            .collect(),
        other => other.clone(),
    }
}

/// The placeholder that is all of `text`.
fn whole(text: &str) -> Option<Placeholder> {
    let inside = text.strip_prefix("${")?.strip_suffix('}')?;
    placeholder(inside)
}

/// `text` with every placeholder replaced by what `replace` gives; what it gives nothing for stays.
pub(super) fn replace_all(
    text: &str,
    replace: &mut dyn FnMut(&Placeholder) -> Option<String>,
) -> String {
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

/// A text or number as text.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
