//! `${resources.<kind>.<key>.<field>}`: found in configs, and put in place of the ids that a workspace says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::substitute::{replace_all, scalar_text};
use crate::bundle::{Lookup, ResourceKey};
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
    /// `${lookup.<kind>.<name>}`
    Lookup(String, String),
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files => f.write_str(files::PLACEHOLDER),
            Self::Output(key, field) => write!(f, "${{resources.{key}.{field}}}"),
            Self::Lookup(kind, name) => write!(f, "${{lookup.{kind}.{name}}}"),
        }
    }
}

/// Reads what stands between `${` and `}`; none for what is no placeholder of ours.
pub(super) fn placeholder(inside: &str) -> Option<Placeholder> {
    if inside == "files" {
        return Some(Placeholder::Files);
    }
    if let Some((kind, name)) = Lookup::parse(inside) {
        return Some(Placeholder::Lookup(kind.to_owned(), name.to_owned()));
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

/// The resource whose id `text` stands for, when it is nothing but the placeholder for it.
#[must_use]
pub fn id_reference(text: &str) -> Option<ResourceKey> {
    let inside = text.strip_prefix("${")?.strip_suffix('}')?;
    match placeholder(inside)? {
        Placeholder::Output(key, field) if field == "id" => Some(key),
        Placeholder::Output(..) | Placeholder::Files | Placeholder::Lookup(..) => None,
    }
}

/// Every placeholder in `config`.
pub(super) fn placeholders_in(config: &Value) -> BTreeSet<Placeholder> {
    let mut found = BTreeSet::new();
    collect(config, &mut found);
    found
}

/// The fields of other resources that `config` asks for.
#[must_use]
pub fn asked_in(config: &Value) -> BTreeMap<ResourceKey, BTreeSet<String>> {
    let mut asked = BTreeMap::new();
    for placeholder in placeholders_in(config) {
        if let Placeholder::Output(key, field) = placeholder {
            let fields: &mut BTreeSet<String> = asked.entry(key).or_default();
            fields.insert(field);
        }
    }
    asked
}

/// Every resource that `config` refers to.
pub(super) fn references_in(config: &Value) -> BTreeSet<ResourceKey> {
    let placeholders = placeholders_in(config).into_iter();
    placeholders
        .filter_map(|placeholder| match placeholder {
            Placeholder::Output(key, _) => Some(key),
            Placeholder::Files | Placeholder::Lookup(..) => None,
        })
        .collect()
}

fn collect(value: &Value, found: &mut BTreeSet<Placeholder>) {
    match value {
        Value::String(text) if text.contains("${") => {
            replace_all(text, &mut |placeholder| {
                found.insert(placeholder.clone());
                None
            });
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        // Principals are keys in the managed form of permissions and grants.
        Value::Object(map) => map.iter().for_each(|(key, item)| {
            if key.contains("${") {
                collect(&Value::from(key.as_str()), found);
            }
            collect(item, found);
        }),
        _ => {}
    }
}

/// Whether `value` holds a reference or a lookup, so that what it stands for is another in every workspace.
pub(crate) fn is_symbolic(value: &Value) -> bool {
    match value {
        Value::String(text) => is_symbolic_text(text),
        Value::Array(items) => items.iter().any(is_symbolic),
        Value::Object(map) => map
            .iter()
            .any(|(key, item)| is_symbolic_text(key) || is_symbolic(item)),
        _ => false,
    }
}

fn is_symbolic_text(text: &str) -> bool {
    text.contains("${resources.") || text.contains("${lookup.")
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

/// Puts `${files}` in place of folders of file sets below `root`; gives the digests of those sets.
pub(super) fn folders_to_placeholder(value: &mut Value, root: &str, found: &mut BTreeSet<Digest>) {
    match value {
        Value::String(text) => {
            for (range, digest) in files::folders_in(root, text).into_iter().rev() {
                found.insert(digest);
                text.replace_range(range, files::PLACEHOLDER);
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
