//! `${resources.<kind>.<key>.<field>}`: found in configs, and put in place of the ids that a workspace says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::substitute::{replace_all, scalar_text};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::kinds::pattern::Keep;
use crate::kinds::{Kind, files};

/// One placeholder in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Placeholder {
    /// `${files}`
    Files,
    /// `${resources.<kind>.<key>.<field>}`
    Output(ResourceKey, String),
}

/// Reads what stands between `${` and `}`; none for what is no placeholder of ours.
pub(super) fn placeholder(inside: &str) -> Option<Placeholder> {
    if inside == "files" {
        return Some(Placeholder::Files);
    }
    let mut parts = inside.strip_prefix("resources.")?.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), Some(key), Some(field))
            if !kind.is_empty() && !key.is_empty() && !field.is_empty() =>
        {
            Some(Placeholder::Output(
                ResourceKey::new(kind, key),
                field.to_owned(),
            ))
        }
        _ => None,
    }
}

/// The placeholder for the id of a resource.
pub(super) fn id_of(key: &ResourceKey) -> String {
    format!("${{resources.{key}.id}}")
}

/// Every resource that `config` refers to, with the field.
pub(super) fn references_in(config: &Value) -> BTreeSet<(ResourceKey, String)> {
    let mut found = BTreeSet::new();
    collect(config, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<(ResourceKey, String)>) {
    match value {
        Value::String(text) => {
            replace_all(text, &mut |placeholder| {
                if let Placeholder::Output(key, field) = placeholder {
                    found.insert((key.clone(), field.clone()));
                }
                None
            });
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The ids of other objects in a live `config`: (kind, id). Capture turns those into references whose objects it
/// captures, too, and says which it could not.
#[must_use]
pub fn refers_to(kind: &dyn Kind, config: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut scratch = config.clone();
    for reference in &kind.rules().references {
        reference.at.visit(&mut scratch, &mut |value| {
            if let Some(id) = scalar_text(value).filter(|id| !id.starts_with("${")) {
                found.insert((reference.kind.to_owned(), id));
            }
            Keep::Yes
        });
    }
    found
}

/// Puts `${resources.….id}` in place of ids in the fields that hold ids, as far as `keys` knows them by (kind, id).
pub(crate) fn ids_to_references(
    kind: &dyn Kind,
    config: &mut Value,
    keys: &BTreeMap<(String, String), ResourceKey>,
) {
    for reference in &kind.rules().references {
        reference.at.visit(config, &mut |value| {
            let known =
                scalar_text(value).and_then(|id| keys.get(&(reference.kind.to_owned(), id)));
            if let Some(key) = known {
                *value = Value::String(id_of(key));
            }
            Keep::Yes
        });
    }
}

/// Where `desired` has a text with placeholders and `live` has just what they stand for, puts the text into `live`:
/// ids also stand in parameters and other places that no rule knows.
pub(super) fn follow_desired(
    live: &mut Value,
    desired: &Value,
    list_key: &dyn Fn(&str) -> Option<&'static str>,
    ids: &BTreeMap<ResourceKey, String>,
    name: &str,
) {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => {
            for (key, live) in live.iter_mut() {
                if let Some(desired) = desired.get(key) {
                    follow_desired(live, desired, list_key, ids, key);
                }
            }
        }
        (Value::Array(live), Value::Array(desired)) => {
            let field = list_key(name);
            for (index, live) in live.iter_mut().enumerate() {
                let twin = match field {
                    Some(field) => desired
                        .iter()
                        .find(|item| item.get(field) == live.get(field)),
                    None => desired.get(index),
                };
                if let Some(twin) = twin {
                    follow_desired(live, twin, list_key, ids, "");
                }
            }
        }
        (live, Value::String(text)) if text.contains("${") => {
            let rendered = replace_all(text, &mut |placeholder| match placeholder {
                Placeholder::Output(key, field) if field == "id" => ids.get(key).cloned(),
                Placeholder::Output(..) | Placeholder::Files => None,
            });
            if rendered != *text && scalar_text(live).as_deref() == Some(rendered.as_str()) {
                *live = Value::String(text.clone());
            }
        }
        _ => {}
    }
}

/// Puts `${files}` in place of folders of file sets below `root`; gives the digests of those sets.
pub(super) fn folders_to_placeholder(value: &mut Value, root: &str, found: &mut BTreeSet<Digest>) {
    match value {
        Value::String(text) => {
            if let Some((digest, inside)) = files::split(root, text) {
                let symbolic = format!("{}{inside}", files::PLACEHOLDER);
                found.insert(digest);
                *text = symbolic;
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| folders_to_placeholder(item, root, found)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|item| folders_to_placeholder(item, root, found)),
        _ => {}
    }
}
