//! Objects of the last capture that the workspace does not have any more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::write;
use crate::bundle::ResourceKey;
use crate::capture::form::{digest, of_repo};
use crate::capture::keys::Keys;
use crate::capture::select::Selected;
use crate::capture::{CapturedAs, Work};
use crate::files::CapturedEntry;
use crate::kinds::kind;
use crate::yaml_edit;

/// Takes them out of the bundle, but for what was changed in Git, and what is left still refers to: a bundle that names
/// what it does not have resolves nowhere.
pub(super) fn capture(work: &mut Work<'_>, entries: Vec<CapturedEntry>) {
    let mut leaving: BTreeMap<ResourceKey, CapturedEntry> = BTreeMap::new();
    for entry in entries {
        let key = ResourceKey::new(&entry.kind, &entry.key);
        let Some(kind) = kind(&entry.kind) else {
            continue;
        };
        let (target, tree) = (work.input.target, work.input.tree);
        let git = of_repo(kind, &key, work.repo, target, tree, work.input.variables);
        match git {
            None => {}
            Some(git) if digest(&git) == entry.digest => drop(leaving.insert(key, entry)),
            Some(_) => {
                let detail = "gone from the workspace, changed in Git; it stays";
                stays(work, &key, entry, detail.to_owned());
            }
        }
    }
    // What stays refers to others in turn.
    loop {
        let needed = needed(work, &leaving);
        if needed.is_empty() {
            break;
        }
        for (key, by) in needed {
            let Some(entry) = leaving.remove(&key) else {
                continue;
            };
            let detail = format!(
                "gone from the workspace, but {by} still refers to it; it stays until that is changed"
            );
            stays(work, &key, entry, detail);
        }
    }
    for key in leaving.keys() {
        let Some(kind) = kind(&key.kind) else {
            continue;
        };
        write::removal(work, kind, key);
        let detail = "gone from the workspace".to_owned();
        work.row(&key.to_string(), CapturedAs::Removed, None, None, detail);
    }
}

fn stays(work: &mut Work<'_>, key: &ResourceKey, entry: CapturedEntry, detail: String) {
    work.row(&key.to_string(), CapturedAs::Conflict, None, None, detail);
    work.entries.push(entry);
}

/// Those of `leaving` to which the rest of the bundle refers, with one that does.
fn needed(
    work: &Work<'_>,
    leaving: &BTreeMap<ResourceKey, CapturedEntry>,
) -> BTreeMap<ResourceKey, String> {
    let mut found = BTreeMap::new();
    if leaving.is_empty() {
        return found;
    }
    let written = work.out.changes.keys().filter(|path| is_yaml(path));
    let files: BTreeSet<&String> = work.repo.files.iter().chain(written).collect();
    for file in files {
        let text = work.text(file);
        if !text.contains(START) {
            continue;
        }
        let mut value = yaml_edit::read(&text).unwrap_or_default();
        for key in leaving.keys() {
            for (other, place) in write::places(work.repo, key) {
                if other == *file {
                    place.put(&mut value, None);
                }
            }
        }
        walk(&value, &mut Vec::new(), &mut |path, text| {
            for key in referred(text).filter(|key| leaving.contains_key(key)) {
                let by = match path {
                    ["resources", kind, name, ..] | ["targets", _, "resources", kind, name, ..] => {
                        format!("{kind}.{name}")
                    }
                    _ => file.clone(),
                };
                found.entry(key).or_insert(by);
            }
        });
    }
    found
}

fn is_yaml(path: &str) -> bool {
    [".yml", ".yaml"].iter().any(|end| path.ends_with(end))
}

/// How a reference to a resource begins.
const START: &str = "${resources.";

/// The resources that a text refers to.
fn referred(text: &str) -> impl Iterator<Item = ResourceKey> {
    text.split(START).skip(1).filter_map(|rest| {
        let mut parts = rest.split('}').next()?.split('.');
        Some(ResourceKey::new(parts.next()?, parts.next()?))
    })
}

/// Visits every text with the keys that lead to it.
fn walk<'v>(value: &'v Value, path: &mut Vec<&'v str>, visit: &mut dyn FnMut(&[&str], &str)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, visit)),
        Value::Object(map) => {
            for (key, inner) in map {
                path.push(key);
                walk(inner, path, visit);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The keys that a reference may name: not those of objects whose resource Git removed, and which this capture does not
/// bring back.
pub(super) fn without_lost(work: &Work<'_>, selected: &Selected<'_>, keys: &Keys) -> Keys {
    // By key: what is folded into a new one goes by its key, too.
    let new: BTreeSet<&ResourceKey> = selected
        .resources
        .iter()
        .filter(|live| work.locked(&live.kind, &live.listed.id).is_none())
        .filter_map(|live| keys.get(&(live.kind.clone(), live.listed.id.clone())))
        .collect();
    keys.iter()
        .filter(|(_, key)| work.repo.resources.contains_key(key) || new.contains(key))
        .map(|(identity, key)| (identity.clone(), key.clone()))
        .collect()
}
