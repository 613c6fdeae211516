//! What somebody gave another key or another place in Git: the lock still has the old one, and without more ado every later
//! change in the workspace would be one of something that Git removed.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::form::{digest, digests, of_repo};
use super::keys::namesake;
use super::repo::Repo;
use super::select::Selected;
use super::{CaptureInput, CapturedAs, NAME_ONLY, Work, sources, terraform};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::files::{CapturedEntry, CapturedLock, Tree};
use crate::kinds::kind;

/// A file that lay at the first path and lies at the second now.
pub(super) type Move = (String, String);

/// The last capture, with keys and places as Git has them now, and the files that went elsewhere.
pub(super) fn followed(
    input: &CaptureInput<'_>,
    repo: &Repo,
    selected: &Selected<'_>,
) -> (CapturedLock, Vec<Move>) {
    let mut moves = Vec::new();
    let ways = OnceCell::new();
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
            if input.tree.contains_key(&entry.file) {
                continue;
            }
            let ways = ways.get_or_init(|| Ways::of(input.tree));
            if let Some(place) = place(input, entry, ways, &places) {
                places.insert(place.clone());
                entry.key.clone_from(&place);
                moves.push((std::mem::replace(&mut entry.file, place.clone()), place));
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
    (lock, moves)
}

/// Says of each file that changes where it came from: that it is the same one is a guess, if a good one.
pub(super) fn tell(work: &mut Work<'_>, moves: &[Move]) {
    for (from, to) in moves {
        if work.out.changes.contains_key(to) {
            let detail = format!("taken for what was `{from}` at the last capture: Git moved it");
            work.row(to, CapturedAs::Note, None, None, detail);
        }
    }
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

/// The files of a tree by what they say and by what they are called.
struct Ways<'a> {
    saying: BTreeMap<Digest, BTreeSet<&'a str>>,
    called: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Ways<'a> {
    fn of(tree: &'a Tree) -> Self {
        let (mut saying, mut called) = (BTreeMap::new(), BTreeMap::new());
        for (path, file) in tree {
            // What says nothing is like all else that says nothing.
            if !is_blank(&file.bytes) {
                for digest in digests(path, &file.bytes) {
                    let paths: &mut BTreeSet<&str> = saying.entry(digest).or_default();
                    paths.insert(path);
                }
            }
            let paths: &mut BTreeSet<&str> = called.entry(last(path)).or_default();
            paths.insert(path);
        }
        Self { saying, called }
    }
}

/// Whether a file says nothing but perhaps that it is a notebook.
fn is_blank(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim);
    lines.all(|line| line.is_empty() || line.ends_with(" Databricks notebook source"))
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Where a file went that Git has no more where it was: the one that has its content, else the one of its name that had it
/// once; none but one that was not there before.
fn place(
    input: &CaptureInput<'_>,
    entry: &CapturedEntry,
    ways: &Ways<'_>,
    places: &BTreeSet<String>,
) -> Option<String> {
    let ending = |path: &str| path.rsplit_once('.').map(|(_, end)| end.to_owned());
    let only = |paths: Option<&BTreeSet<&str>>, fits: &dyn Fn(&str) -> bool| {
        let mut fit = paths.into_iter().flatten().filter(|path| {
            !places.contains(**path)
                && ending(path) == ending(&entry.file)
                && !(input.had)(&entry.file, path)
                && fits(path)
        });
        let first = fit.next()?;
        fit.next().is_none().then(|| (*first).to_owned())
    };
    only(ways.saying.get(&entry.digest), &|_| true).or_else(|| {
        only(ways.called.get(last(&entry.file)), &|path| {
            (input.base)(path, &entry.digest).is_some_and(|bytes| !is_blank(&bytes))
        })
    })
}
