//! What of a declaration an object must show, and what else it needs.

use std::collections::BTreeSet;

use hodman_model::kinds::Kind;
use serde_json::Value;

/// The texts, numbers and switches of a declaration that the object must show; neither references nor who may do what.
pub fn leaves(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(fields) => fields
            .iter()
            .filter(|(field, _)| !matches!(field.as_str(), "permissions" | "grants"))
            .for_each(|(_, item)| leaves(item, found)),
        // References are known after an apply only; paths are rewritten; texts that hold JSON are written anew.
        Value::String(text)
            if text.contains("${") || text.starts_with("../") || text.starts_with('{') => {}
        Value::String(text) => {
            // The service says paths with and without it.
            found.push(text.strip_prefix("/Workspace").unwrap_or(text).into());
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => found.push(value.clone()),
    }
}

/// A text, number or switch and the fields that lead to it. Where in a list it stands is left out: the order of many means nothing.
pub type Leaf = (String, Value);

/// Every one of them below `at`.
pub fn placed_leaves(at: &str, value: &Value, found: &mut Vec<Leaf>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| placed_leaves(at, item, found)),
        Value::Object(fields) => {
            for (field, item) in fields {
                let dot = if at.is_empty() { "" } else { "." };
                placed_leaves(&format!("{at}{dot}{field}"), item, found);
            }
        }
        Value::Null => {}
        leaf => found.push((at.to_owned(), leaf.clone())),
    }
}

/// Those of `config` that the service answers as they were written. What it spells otherwise is compared by a plan that needs
/// nothing more.
pub fn kept_leaves(kind: &dyn Kind, config: &Value) -> Vec<Value> {
    let (mut said, mut kept) = (vec![], vec![]);
    leaves(config, &mut said);
    leaves(&kind.rules().normalise(config), &mut kept);
    said.retain(|leaf| leaf.as_str().is_none_or(str::is_empty) || kept.contains(leaf));
    said
}

/// Adds what the declarations of `stays` refer to.
pub fn with_needs(stays: &mut BTreeSet<&'static str>, all: &[(&'static str, Value)]) {
    loop {
        let needed: Vec<&str> = all
            .iter()
            .map(|(kind, _)| *kind)
            .filter(|kind| !stays.contains(kind))
            .filter(|kind| {
                let reference = format!("${{resources.{kind}.");
                let refers = |config: &Value| config.to_string().contains(&reference);
                all.iter()
                    .any(|(other, config)| stays.contains(other) && refers(config))
            })
            .collect();
        if needed.is_empty() {
            return;
        }
        stays.extend(needed);
    }
}
