//! `${…}` in modules and calls.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, did_you_mean};

/// `value` with every `${…}` that `replace` knows. A text that is nothing but one takes the type of what it stands for; inside of a
/// longer text only scalars have a place.
pub(super) fn walk(value: &Value, replace: &mut dyn FnMut(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => words(text, replace),
        Value::Array(items) => items.iter().map(|item| walk(item, replace)).collect(),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, item)| {
                let key = match words(key, replace) {
                    Value::String(key) => key,
                    _ => key.clone(),
                };
                (key, walk(item, replace))
            });
            entries.collect()
        }
        other => other.clone(),
    }
}

fn words(text: &str, replace: &mut dyn FnMut(&str) -> Option<Value>) -> Value {
    if !text.contains("${") {
        return Value::from(text);
    }
    let inside = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    if let Some(inside) = inside.filter(|inside| !inside.contains("${")) {
        return replace(inside).unwrap_or_else(|| Value::from(text));
    }
    let mut done = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        done.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('}') else {
            rest = &rest[start..];
            break;
        };
        let written = &rest[start..=start + end];
        match replace(&written[2..written.len() - 1]) {
            Some(Value::String(new)) => done.push_str(&new),
            Some(scalar @ (Value::Number(_) | Value::Bool(_))) => {
                done.push_str(&scalar.to_string())
            }
            _ => done.push_str(written),
        }
        rest = &rest[start + end + 1..];
    }
    done.push_str(rest);
    Value::from(done)
}

/// `modules.<call>.outputs.<name>` as its two names.
pub(super) fn output(inside: &str) -> Option<(&str, &str)> {
    let (call, name) = inside.strip_prefix("modules.")?.split_once(".outputs.")?;
    let plain = |word: &str| !word.is_empty() && !word.contains('.');
    (plain(call) && plain(name)).then_some((call, name))
}

/// Whether it is written as our references are, and not as what others write in the same way, such as `aws:username` in a policy.
pub(super) fn is_reference(inside: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    inside.starts_with(|c: char| c.is_ascii_alphabetic()) && inside.chars().all(plain)
}

/// Whether what is none of the references of a module's text was meant as one. Others that write in the same way, such as Spark in its
/// settings, begin otherwise.
pub(super) fn is_almost(inside: &str) -> bool {
    const HEADS: &[&str] = &[
        "call",
        "calls",
        "environment",
        "environments",
        "input",
        "inputs",
        "module",
        "modules",
        "resource",
        "resources",
        "stack",
        "stacks",
    ];
    let head = inside.split_once('.').map(|(head, _)| head);
    is_reference(inside) && head.is_some_and(|head| HEADS.contains(&head))
}

/// What may have been meant by a reference to another call that is none.
pub(super) fn meant_output(inside: &str) -> String {
    match inside.split('.').collect::<Vec<_>>().as_slice() {
        ["module" | "modules", call, _, name] | ["module" | "modules", call, name] => {
            format!("did you mean `${{modules.{call}.outputs.{name}}}`?")
        }
        _ => "`${modules.<call>.outputs.<name>}` is what another call gives".to_owned(),
    }
}

/// The call and the output that a workspace's host is, when it is one: `${modules.workspace.outputs.host}`.
#[must_use]
pub fn host_of(host: &str) -> Option<(&str, &str)> {
    output(host.strip_prefix("${")?.strip_suffix('}')?)
}

/// `value` with what calls give in place of every `${modules.….outputs.…}`.
pub(super) fn fill_outputs(
    file: &str,
    value: &Value,
    outputs: &BTreeMap<String, BTreeMap<String, Value>>,
) -> Result<Value, Diagnostic> {
    let mut wrong = None;
    let filled = walk(value, &mut |inside| {
        let Some((call, name)) = output(inside) else {
            if inside.starts_with("modules.") {
                let words = format!("`${{{inside}}}` stands for nothing here");
                let error = Diagnostic::error(file, words).hint(meant_output(inside));
                wrong.get_or_insert(error);
            }
            return None;
        };
        let given = outputs.get(call).and_then(|outputs| outputs.get(name));
        if given.is_none() {
            wrong.get_or_insert_with(|| nobody_gives(file, call, name, outputs));
        }
        given.cloned()
    });
    wrong.map_or(Ok(filled), Err)
}

/// The error for an output that there is not.
pub(super) fn nobody_gives(
    file: &str,
    call: &str,
    name: &str,
    outputs: &BTreeMap<String, BTreeMap<String, Value>>,
) -> Diagnostic {
    let Some(given) = outputs.get(call) else {
        let mut error = Diagnostic::error(file, format!("`modules.{call}` is not called here"));
        error.hint = did_you_mean(call, outputs.keys().map(String::as_str));
        return error;
    };
    let mut error = Diagnostic::error(file, format!("`modules.{call}` has no output `{name}`"));
    error.hint = did_you_mean(name, given.keys().map(String::as_str));
    error
}
