//! One live object in the form in which it is compared with the desired one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::follow::follow_desired;
use super::known::Known;
use super::references::{folders_to_placeholder, ids_to_references};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::pattern::Keep;
use crate::kinds::{Kind, Listed, Policies, grants, permissions};

/// What the workspace's ids and folders mean.
pub(crate) struct Symbols<'a> {
    /// Resources by (kind, id).
    pub keys: BTreeMap<(String, String), ResourceKey>,
    /// What placeholders stand for.
    pub known: Known,
    /// The environment's folder of file sets.
    pub files_root: &'a str,
    /// Who we are, as permissions name us.
    pub me: Option<&'a str>,
    /// What cluster policies fill.
    pub policies: Cow<'a, Policies>,
}

impl Symbols<'_> {
    /// What they mean once these are removed: their ids are nobody's.
    pub(super) fn without(&mut self, gone: &BTreeSet<ResourceKey>) {
        self.keys.retain(|_, key| !gone.contains(key));
        gone.iter().for_each(|key| self.known.forget(key));
    }
}

/// The object's config with ids and folders as placeholders and without what the server filled, and the file sets it
/// points to. Of permissions and grants there is only what `desired` speaks of.
pub(crate) fn symbolic(
    kind: &dyn Kind,
    live: &Listed,
    desired: Option<&Value>,
    symbols: &Symbols<'_>,
) -> (Value, BTreeSet<Digest>) {
    let rules = kind.rules();
    let mut value = match desired {
        Some(_) => rules.without_fills_of(&live.config, desired, &symbols.policies),
        None => live.config.clone(),
    };
    if let (Value::Object(map), Some(desired)) = (&mut value, desired) {
        for field in rules.beside {
            if let Some(wanted) = desired.get(*field)
                && !map.contains_key(*field)
            {
                let said = live.outputs.get(*field).unwrap_or(wanted);
                map.insert((*field).to_owned(), said.clone());
            }
        }
    }
    let mut folders = BTreeSet::new();
    folders_to_placeholder(&mut value, symbols.files_root, &mut folders);
    ids_to_references(kind, &mut value, &symbols.keys);
    if let Some(desired) = desired {
        follow_desired(&mut value, desired, rules, &symbols.known);
    }
    for pattern in &rules.write_only {
        pattern.visit(&mut value, &mut |_| Keep::No);
    }
    let mut access = Map::new();
    if let Value::Object(map) = &mut value {
        for field in [permissions::FIELD, grants::FIELD] {
            let there = map.remove(field);
            access.extend(there.map(|there| (field.to_owned(), there)));
        }
    }
    let mut value = rules.normalised(value);
    if let (Value::Object(map), Some(desired)) = (&mut value, desired) {
        for field in [permissions::FIELD, grants::FIELD] {
            let Some(wanted) = desired.get(field) else {
                continue;
            };
            // Where nobody has any, and nobody is to have any, it is the same whether that was read.
            let empty = || is_empty(wanted) || live.config.get(field).is_some();
            let there = access.remove(field);
            let there = there.or_else(|| empty().then(|| Value::Object(Map::new())));
            let there = there.map(|there| match kind.permissions() {
                Some(known) if field == permissions::FIELD => {
                    known.comparable(&there, wanted, symbols.me)
                }
                _ => there,
            });
            map.extend(there.map(|there| (field.to_owned(), there)));
        }
        for field in rules.said_empty {
            if desired.get(*field).is_some_and(is_empty) {
                map.entry(*field)
                    .or_insert_with(|| Value::Array(Vec::new()));
            }
        }
    }
    (value, folders)
}

/// Puts into `before`, the object as it is compared with `managed`, what the last apply said of it and nothing says any more, as far
/// as it is still so. What somebody else or the server made of it since is theirs.
pub(crate) fn put_left(
    before: &mut Value,
    kind: &dyn Kind,
    live: &Listed,
    (managed, left): (&Value, &BTreeMap<FieldPath, Value>),
    symbols: &Symbols<'_>,
) {
    let silent = |path: &&FieldPath| path.get(managed).is_none();
    if !left.keys().any(|path| silent(&path)) {
        return;
    }
    let mut said = managed.clone();
    for path in left.keys().filter(silent) {
        path.put(&mut said, left.get(path).cloned());
    }
    let (there, _) = symbolic(kind, live, Some(&said), symbols);
    for path in left.keys().filter(silent) {
        if path.get(&there).is_some() && path.get(&there) == left.get(path) {
            path.put(before, left.get(path).cloned());
        }
    }
}

/// Whether a list or mapping is there to say that there is nothing in it.
fn is_empty(said: &Value) -> bool {
    match said {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}
