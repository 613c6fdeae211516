//! Several workspaces of one environment, such as one for each region, as one.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::folders::without_maker;
use super::jupyter::notebook;
use super::{LiveFile, LiveResource, LiveSnapshot};
use crate::bundle::Language;
use crate::kinds::kind;
use crate::kinds::pattern::Keep;

/// What two objects of a kind are both called when they are the same: the whole name where the kind has one, such as
/// `catalog.schema`.
type Name = (String, String);

/// The snapshots of an environment's workspaces, in its order, as one, and what to tell about it. What two of them have
/// under the same name is captured from the first. Ids of the others get their workspace's name in front, and those of what
/// an earlier one has become its ids there.
#[must_use]
pub fn join(snapshots: Vec<LiveSnapshot>) -> (LiveSnapshot, Vec<String>) {
    let mut notes = Vec::new();
    let mut all = snapshots.into_iter();
    let mut joined = all.next().unwrap_or_default();
    for other in all {
        let place = other.workspace.clone();
        // Names need not be unique: the second of a name is the twin of the second.
        let mut free: BTreeMap<Name, VecDeque<usize>> = BTreeMap::new();
        for (at, live) in joined.resources.iter().enumerate() {
            free.entry(name(live)).or_default().push_back(at);
        }
        let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut own = Vec::new();
        for live in other.resources {
            let twin = free.get_mut(&name(&live)).and_then(VecDeque::pop_front);
            match twin.and_then(|at| joined.resources.get(at)) {
                Some(twin) => {
                    if without_ids(twin) != without_ids(&live) {
                        let (kind, called) = name(&live);
                        notes.push(format!(
                            "{kind} `{called}` is not the same in {place} as in {}",
                            joined.workspace
                        ));
                    }
                    ids.insert((live.kind, live.listed.id), twin.listed.id.clone());
                }
                None => own.push(live),
            }
        }
        let own = own.into_iter().map(|live| elsewhere(live, &place, &ids));
        joined.resources.extend(own);
        for (path, file) in other.files {
            match joined.files.get(&path) {
                None => drop(joined.files.insert(path, file)),
                Some(twin) if written(twin) == written(&file) => {}
                Some(_) => notes.push(format!(
                    "{path} is not the same in {place} as in {}",
                    joined.workspace
                )),
            }
        }
        joined.unread.extend(other.unread);
        joined.unread_files.extend(other.unread_files);
        for (path, access) in other.file_access {
            joined.file_access.entry(path).or_insert(access);
        }
        for (kind, other) in other.access_unread {
            match joined.access_unread.get_mut(&kind) {
                Some(known) => known.names.extend(other.names),
                None => drop(joined.access_unread.insert(kind, other)),
            }
        }
    }
    notes.sort();
    (joined, notes)
}

fn name(live: &LiveResource) -> Name {
    let whole = live.listed.natural.as_ref().unwrap_or(&live.listed.name);
    (live.kind.clone(), whole.clone())
}

fn elsewhere(
    mut live: LiveResource,
    place: &str,
    twins: &BTreeMap<(String, String), String>,
) -> LiveResource {
    live.listed.id = format!("{place}:{}", live.listed.id);
    visit_ids(&mut live, &mut |kind, value| {
        let id = match &*value {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        };
        let twin = twins.get(&(kind.to_owned(), id.clone())).cloned();
        *value = Value::String(twin.unwrap_or_else(|| format!("{place}:{id}")));
    });
    live
}

/// Whoever ran a notebook in one of them did not make it another one.
fn written(file: &LiveFile) -> Cow<'_, [u8]> {
    let jupyter = file.language.is_some_and(Language::is_json);
    match jupyter.then(|| notebook(&file.bytes)).flatten() {
        Some(bytes) => Cow::Owned(bytes),
        None => Cow::Borrowed(&file.bytes),
    }
}

/// Ids differ between workspaces whatever they mean.
fn without_ids(live: &LiveResource) -> Value {
    let mut live = live.clone();
    visit_ids(&mut live, &mut |_, value| *value = Value::Bool(true));
    without_maker(&mut live);
    live.listed.config
}

fn visit_ids(live: &mut LiveResource, visit: &mut dyn FnMut(&str, &mut Value)) {
    for reference in kind(&live.kind)
        .into_iter()
        .flat_map(|kind| &kind.rules().references)
    {
        reference.at.visit(&mut live.listed.config, &mut |value| {
            visit(reference.kind, value);
            Keep::Yes
        });
    }
}
