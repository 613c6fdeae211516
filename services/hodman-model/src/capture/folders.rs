//! Folders: worth a resource for who may do what in them, as far as that is not what they inherit. Without that they come
//! with what lies in them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::LiveResource;
use super::paths::short;
use super::select::{Selected, below_one_of, names};
use super::{CaptureInput, form::with_variables, repo::Repo};
use crate::bundle::ResourceKey;
use crate::files::{CapturedEntry, CapturedLock};
use crate::hcl;
use crate::kinds::permissions;

/// Their kind.
const KIND: &str = "directories";
/// The kind of those that come from a repository.
const GIT_FOLDERS: &str = "git_folders";

/// Leaves out those that say nothing of their own and are in no capture yet.
pub(super) fn keep_shared(resources: &mut Vec<Cow<'_, LiveResource>>, lock: &CapturedLock) {
    let locked: BTreeSet<&str> = lock
        .entries
        .iter()
        .filter(|entry| entry.kind == KIND)
        .map(|entry| entry.id.as_str())
        .collect();
    resources.retain_mut(|live| {
        if live.kind != KIND {
            return true;
        }
        if maker(live).is_some() {
            without_maker(live.to_mut());
        }
        let own = permissions_of(live);
        own.is_some_and(|own| !own.is_empty()) || locked.contains(live.listed.id.as_str())
    });
}

fn permissions_of(live: &LiveResource) -> Option<&Map<String, Value>> {
    live.listed.config.get(permissions::FIELD)?.as_object()
}

/// Takes out of a folder's permissions what says nothing about it.
pub(super) fn without_maker(live: &mut LiveResource) {
    let maker = maker(live);
    let own = live.listed.config.get_mut(permissions::FIELD);
    if let Some((maker, own)) = maker.zip(own.and_then(Value::as_object_mut)) {
        own.remove(&maker);
    }
}

/// Whoever makes a folder may manage it, and no API says who that was: one person alone who may is taken for them.
fn maker(live: &LiveResource) -> Option<String> {
    maker_in(permissions_of(live).filter(|_| live.kind == KIND)?)
}

/// The same of anything that lies in a folder.
pub(super) fn maker_in(own: &Map<String, Value>) -> Option<String> {
    let manages = |(principal, level): &(&String, &Value)| {
        !principal.starts_with("group:") && level.as_str() == Some("CAN_MANAGE")
    };
    let mut people = own.iter().filter(manages).map(|(name, _)| name.clone());
    people.next().filter(|_| people.next().is_none())
}

/// Whether absence of what the last capture had means that it is gone: folders are found by walking through those that the
/// rules name, as far as these can be listed.
pub(super) fn was_looked_for(
    input: &CaptureInput<'_>,
    repo: &Repo,
    selected: &Selected<'_>,
    entry: &CapturedEntry,
) -> bool {
    let path = match entry.kind.as_str() {
        // With several workspaces the name of its own stands before the path.
        KIND => entry.id.find('/').map(|slash| entry.id[slash..].to_owned()),
        GIT_FOLDERS => {
            let key = ResourceKey::new(&entry.kind, &entry.key);
            let raw = repo.resources.get(&key).map(|known| &known.raw);
            let path = raw.and_then(|raw| raw.get("path"));
            let path = path.map(|path| with_variables(path, input.variables));
            let in_bundle = path.and_then(|path| path.as_str().map(str::to_owned));
            in_bundle.or_else(|| in_terraform(input, entry))
        }
        _ => None,
    };
    let Some(path) = path else { return true };
    let path = short(&path);
    let unread: Vec<String> = input.snapshot.unread_files.keys().cloned().collect();
    // Those in `/Repos` are listed wherever they are.
    (entry.kind == GIT_FOLDERS && path.starts_with("/Repos/"))
        || names(&selected.roots, path) && !below_one_of(&unread, path)
}

/// The path of a Git folder as its captured file has it.
fn in_terraform(input: &CaptureInput<'_>, entry: &CapturedEntry) -> Option<String> {
    let file = input.tree.get(&entry.file)?;
    let resource = hcl::resource_of(&entry.kind)?;
    hcl::attribute(
        std::str::from_utf8(&file.bytes).ok()?,
        resource.name,
        "path",
    )
}
