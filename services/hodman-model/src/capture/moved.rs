//! What somebody gave another key or another place in Git: the lock still has the old one, and without more ado every later
//! change in the workspace would be one of something that Git removed.

use std::collections::{BTreeMap, BTreeSet};

use super::form::{digest, is_of, of_repo};
use super::keys::namesake;
use super::repo::Repo;
use super::select::Selected;
use super::{CaptureInput, NAME_ONLY, sources, terraform};
use crate::bundle::ResourceKey;
use crate::files::{CapturedEntry, CapturedLock};
use crate::kinds::kind;

/// The last capture, with keys and places as Git has them now.
pub(super) fn followed(
    input: &CaptureInput<'_>,
    repo: &Repo,
    selected: &Selected<'_>,
) -> CapturedLock {
    let mut lock = input.lock.clone();
    let mut taken: BTreeSet<ResourceKey> = lock
        .entries
        .iter()
        .map(|entry| ResourceKey::new(&entry.kind, &entry.key))
        .collect();
    let mut places: BTreeSet<String> = lock
        .entries
        .iter()
        .map(|entry| entry.file.clone())
        .collect();
    let names: BTreeMap<(&str, &str), &str> = selected
        .resources
        .iter()
        .map(|live| {
            let listed = &live.listed;
            (
                (live.kind.as_str(), listed.id.as_str()),
                listed.name.as_str(),
            )
        })
        .collect();
    for entry in &mut lock.entries {
        if entry.kind == sources::KIND {
            if let Some(place) = place(input, entry, &places) {
                places.insert(place.clone());
                entry.key.clone_from(&place);
                entry.file = place;
            }
        } else if entry.file != NAME_ONLY && !terraform::is_one(entry) {
            let name = names.get(&(entry.kind.as_str(), entry.id.as_str()));
            if let Some(key) = key(input, repo, entry, name.copied(), &taken) {
                // The file stays the old one, in whose history the base of a merge may be.
                entry.key.clone_from(&key.key);
                taken.insert(key);
            }
        }
    }
    lock
}

/// The key that Git gave to a resource which it has no more under its own: that of the namesake of what is in the workspace,
/// else that of the one which says just the same.
fn key(
    input: &CaptureInput<'_>,
    repo: &Repo,
    entry: &CapturedEntry,
    name: Option<&str>,
    taken: &BTreeSet<ResourceKey>,
) -> Option<ResourceKey> {
    let kind = kind(&entry.kind)?;
    if repo
        .resources
        .contains_key(&ResourceKey::new(&entry.kind, &entry.key))
    {
        return None;
    }
    let free = |key: &ResourceKey| !taken.contains(key);
    let called = name.and_then(|name| namesake(kind, name, repo, input, &free));
    let same = |key: &&ResourceKey| {
        let form = of_repo(kind, key, repo, input.target, input.tree, input.variables);
        form.is_some_and(|form| digest(&form) == entry.digest)
    };
    let mut all = repo.resources.keys();
    called.or_else(|| {
        all.find(|key| key.kind == entry.kind && free(key) && same(key))
            .cloned()
    })
}

/// Where a file went that Git has no more where it was: the one that has its content, else the one of its name that had it
/// once.
fn place(
    input: &CaptureInput<'_>,
    entry: &CapturedEntry,
    places: &BTreeSet<String>,
) -> Option<String> {
    if input.tree.contains_key(&entry.file) {
        return None;
    }
    let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let ending = |path: &str| path.rsplit_once('.').map(|(_, end)| end.to_owned());
    let free: Vec<&String> = input
        .tree
        .keys()
        .filter(|path| !places.contains(*path) && ending(path) == ending(&entry.file))
        .collect();
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut fit = free.iter().filter(|path| fits(path));
        fit.next().filter(|_| fit.next().is_none())
    };
    let exact = only(&|path| {
        let file = input.tree.get(path);
        file.is_some_and(|file| is_of(path, &file.bytes, &entry.digest))
    });
    let once = || {
        only(&|path| last(path) == last(&entry.file) && (input.base)(path, &entry.digest).is_some())
    };
    exact.or_else(once).map(|path| (*path).clone())
}
