//! Where a new resource is written so that the bundle has it: what `include` names, or else `include` itself grows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bundle::{ResourceKey, Room, UP};
use crate::capture::repo::{Include, include};
use crate::capture::{CapturedAs, Work};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::{KINDS, Kind};
use crate::yaml_edit;

/// The pattern for the files that captures write.
const OURS: &str = "resources/*.yml";

/// The file for a new resource.
pub(in crate::capture::resources) fn place(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
) -> String {
    let plain = format!("resources/{}.{}.yml", key.key, kind.singular());
    let Some(root_file) = work.repo.root_file else {
        return plain;
    };
    let includes = includes(work, root_file);
    let covered = |path: &str| includes.iter().any(|include| include.matches(path));
    if covered(&plain) {
        return plain;
    }
    let fitting = includes
        .iter()
        // What lies beside the bundle's folder is other bundles', too.
        .filter(|include| !include.pattern.starts_with(UP))
        .filter(|include| !is_of_another_kind(&include.pattern, kind))
        .flat_map(|include| candidates(&include.pattern, kind, key))
        .find(|path| covered(path) && work.content(path).is_none());
    if let Some(path) = fitting {
        return path;
    }
    // Files that lie there and are no part of the bundle stay none.
    let ours = Include::new(OURS, &room(work));
    let others =
        |path: &String| ours.as_ref().is_some_and(|ours| ours.matches(path)) && !covered(path);
    let new = match work.input.tree.keys().any(others) {
        true => plain.as_str(),
        false => OURS,
    };
    extend(work, root_file, new);
    plain
}

fn includes(work: &Work<'_>, root_file: &str) -> Vec<Include> {
    let root = yaml_edit::read(&work.text(root_file)).unwrap_or_default();
    include(&root, &room(work))
}

fn room(work: &Work<'_>) -> Room {
    Room::of(work.input.tree)
}

/// Files that a pattern may name, with the resource's key in their name.
fn candidates(pattern: &str, kind: &dyn Kind, key: &ResourceKey) -> Vec<String> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    if !name.contains('*') || ![".yml", ".yaml"].iter().any(|end| name.ends_with(end)) {
        return Vec::new();
    }
    let folders: Vec<&str> = folder
        .split('/')
        .map(|part| match part {
            "*" | "**" => kind.name(),
            part => part,
        })
        .collect();
    let folder = folders.join("/");
    let names = [
        format!("{}.{}.yml", key.key, kind.singular()),
        format!("{}.yml", key.key),
        name.replacen('*', &key.key, 1).replace('*', ""),
    ];
    let names = names.iter();
    names
        .map(|name| {
            format!("{folder}/{name}")
                .trim_start_matches('/')
                .to_owned()
        })
        .collect()
}

/// Whether a pattern says that it is for resources of another kind: `resources/jobs/*.yml`.
fn is_of_another_kind(pattern: &str, kind: &dyn Kind) -> bool {
    let words: BTreeSet<&str> = pattern
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let has = |kind: &dyn Kind| words.contains(kind.name()) || words.contains(kind.singular());
    !has(kind) && KINDS.iter().any(|other| has(*other))
}

/// Adds an entry to `include`.
fn extend(work: &mut Work<'_>, root_file: &str, entry: &str) {
    let path = FieldPath::default().key("include");
    let edited = yaml_edit::insert(&work.text(root_file), &path.0, &json!(entry), &[]);
    let detail = match edited {
        Ok(edited) => {
            let bytes = edited.text.into_bytes();
            work.out.changes.insert(root_file.to_owned(), Some(bytes));
            let lost = match edited.rewritten {
                Some(block) => {
                    format!("; the block `{block}` was written anew; its comments are lost")
                }
                None => String::new(),
            };
            format!(
                "`include` has `{entry}`, too: nothing in it named a file for new resources{lost}"
            )
        }
        Err(error) => format!("`include` does not name `{entry}` and cannot be written: {error}"),
    };
    work.row(root_file, CapturedAs::Note, None, None, detail);
}

/// Takes the entries that name just this file out of `include`: one that leads nowhere is an error.
pub(super) fn forget(work: &mut Work<'_>, file: &str) {
    let Some(root_file) = work.repo.root_file else {
        return;
    };
    let room = room(work);
    let mut text = work.text(root_file);
    let before = text.clone();
    let list = FieldPath::default().key("include");
    let mut lost = None;
    loop {
        let root = yaml_edit::read(&text).unwrap_or_default();
        let entries = root.get("include").and_then(Value::as_array);
        let Some(entries) = entries else { break };
        let is_it = |entry: &Value| {
            let named = entry.as_str().and_then(|name| room.join("", name));
            named.as_deref() == Some(file)
        };
        let Some(at) = entries.iter().position(is_it) else {
            break;
        };
        let place = match entries.len() {
            1 => list.clone(),
            _ => list.clone().then(PathSegment::Index(at)),
        };
        match yaml_edit::remove(&text, &place.0, &[]) {
            Ok(edited) if edited.text != text => {
                text = edited.text;
                lost = lost.or(edited.rewritten);
            }
            _ => break,
        }
    }
    if text != before {
        work.out
            .changes
            .insert(root_file.to_owned(), Some(text.into_bytes()));
    }
    if let Some(block) = lost {
        let detail = format!("the block `{block}` was written anew; its comments are lost");
        work.row(root_file, CapturedAs::Note, None, None, detail);
    }
}
