//! Several workspaces of one environment, such as one for each region, as one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::jupyter::notebook;
use super::{LiveFile, LiveResource, LiveSnapshot};
use crate::bundle::Language;
use crate::kinds::kind;
use crate::kinds::pattern::Keep;

/// The snapshots of an environment's workspaces, in its order, as one, and what to tell about it. What two of them have
/// under the same name is captured from the first. Ids of the others get their workspace's name in front.
#[must_use]
pub fn join(snapshots: Vec<LiveSnapshot>) -> (LiveSnapshot, Vec<String>) {
    let mut notes = Vec::new();
    let mut all = snapshots.into_iter();
    let mut joined = all.next().unwrap_or_default();
    let mut names: BTreeSet<(String, String)> = joined
        .resources
        .iter()
        .map(|live| (live.kind.clone(), live.listed.name.clone()))
        .collect();
    for other in all {
        let place = other.workspace.clone();
        let own: BTreeSet<(String, String)> = other
            .resources
            .iter()
            .map(|live| (live.kind.clone(), live.listed.name.clone()))
            .collect();
        for live in other.resources {
            let name = (live.kind.clone(), live.listed.name.clone());
            if names.contains(&name) {
                let twin = joined.resources.iter().find(|twin| {
                    (&twin.kind, &twin.listed.name) == (&live.kind, &live.listed.name)
                });
                if twin.is_some_and(|twin| without_ids(twin) != without_ids(&live)) {
                    notes.push(format!(
                        "{} `{}` is not the same in {place} as in {}",
                        live.kind, live.listed.name, joined.workspace
                    ));
                }
                continue;
            }
            joined.resources.push(elsewhere(live, &place));
        }
        names.extend(own);
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

fn elsewhere(mut live: LiveResource, place: &str) -> LiveResource {
    live.listed.id = format!("{place}:{}", live.listed.id);
    visit_ids(&mut live, &mut |value| {
        let id = match &*value {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        };
        *value = Value::String(format!("{place}:{id}"));
    });
    live
}

/// Whoever ran a notebook in one of them did not make it another one.
fn written(file: &LiveFile) -> Cow<'_, [u8]> {
    let jupyter = file.language == Some(Language::Jupyter);
    match jupyter.then(|| notebook(&file.bytes)).flatten() {
        Some(bytes) => Cow::Owned(bytes),
        None => Cow::Borrowed(&file.bytes),
    }
}

/// Ids differ between workspaces whatever they mean.
fn without_ids(live: &LiveResource) -> Value {
    let mut live = live.clone();
    visit_ids(&mut live, &mut |value| *value = Value::Bool(true));
    live.listed.config
}

fn visit_ids(live: &mut LiveResource, visit: &mut dyn FnMut(&mut Value)) {
    for reference in kind(&live.kind)
        .into_iter()
        .flat_map(|kind| &kind.rules().references)
    {
        reference.at.visit(&mut live.listed.config, &mut |value| {
            visit(value);
            Keep::Yes
        });
    }
}
