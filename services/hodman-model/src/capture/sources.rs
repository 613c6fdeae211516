//! Notebooks and files.

use std::collections::{BTreeMap, BTreeSet};

use super::form::is_of;
use super::jupyter::{is_jupyter, kept, notebook};
use super::paths::{header, in_repo, is_personal, short};
use super::places::{Places, unholdable};
use super::select::{Selected, below_one_of, names};
use super::{CapturedAs, LiveFile, Work, calls, merge_text};
use crate::digest::{Digest, sha256};
use crate::files::{CapturedEntry, Seen};
use chrono::{DateTime, Utc};

/// The kind of files and notebooks in the lock; their id is the short path, their key the path in the repository.
pub(super) const KIND: &str = "files";

/// Captures them; gives the path in the repository of each by its short path. `known` is where the repository has some.
pub(super) fn capture(
    work: &mut Work<'_>,
    selected: &Selected<'_>,
    known: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let input = work.input;
    let locked: Vec<&CapturedEntry> = input
        .lock
        .entries
        .iter()
        .filter(|entry| entry.kind == KIND)
        .collect();
    let present: BTreeSet<&str> = input
        .snapshot
        .files
        .keys()
        .map(|path| short(path))
        .collect();
    let moved = moved(&locked, selected, &present);
    let mut taken = Places::of(locked.iter().map(|entry| entry.file.as_str()));
    let kept: BTreeSet<&str> = known.values().map(String::as_str).collect();
    let mut places = BTreeMap::new();
    for (path, live) in &selected.files {
        let from = moved.get(path.as_str()).copied();
        let place = match (work.locked(KIND, path), from) {
            (Some(entry), _) => entry.file.clone(),
            (None, Some(from)) => moved_place(work, path, live, from, selected, &mut taken),
            (None, None) => match known.get(path).filter(|place| taken.claim(place)) {
                Some(place) => place.clone(),
                None => taken.free(path, &selected.roots, live.language, &|place| {
                    kept.contains(place)
                }),
            },
        };
        if let Some(why) = unholdable(&place) {
            let detail = format!("{path} is left out: {why}");
            work.row(&place, CapturedAs::Note, None, live.modified_at, detail);
            continue;
        }
        places.insert(path.clone(), place.clone());
        if let Some(from) = from {
            // What still runs it under its old name means this one.
            places.insert(from.id.clone(), place.clone());
        }
        one(work, path, live, &place, from);
    }
    let unread: Vec<String> = input.snapshot.unread_files.keys().cloned().collect();
    for entry in locked {
        if places.contains_key(&entry.id) {
            continue;
        }
        // Left out by the rules now, or nobody let us look.
        if present.contains(entry.id.as_str()) || below_one_of(&unread, &entry.id) {
            work.entries.push(entry.clone());
            places.insert(entry.id.clone(), entry.file.clone());
        } else if absent(work, selected, entry) {
            places.insert(entry.id.clone(), entry.file.clone());
        }
    }
    calls::tell(work, selected, &places);
    places
}

/// What was captured at another path, by its path now: the workspace's id of it says so.
fn moved<'a, 'p>(
    locked: &[&'a CapturedEntry],
    selected: &'p Selected<'_>,
    present: &BTreeSet<&str>,
) -> BTreeMap<&'p str, &'a CapturedEntry> {
    let left: BTreeMap<i64, &CapturedEntry> = locked
        .iter()
        .filter(|entry| !present.contains(entry.id.as_str()))
        .filter_map(|entry| Some((entry.seen?.object_id, *entry)))
        .collect();
    let known: BTreeSet<&str> = locked.iter().map(|entry| entry.id.as_str()).collect();
    let new = selected.files.iter();
    new.filter(|(path, _)| !known.contains(path.as_str()))
        .filter_map(|(path, live)| Some((path.as_str(), *left.get(&live.seen?.object_id)?)))
        .collect()
}

/// Where a file goes that has another path now.
fn moved_place(
    work: &Work<'_>,
    path: &str,
    live: &LiveFile,
    from: &CapturedEntry,
    selected: &Selected<'_>,
    taken: &mut Places,
) -> String {
    let plain = in_repo(path, &selected.roots, live.language);
    // A name in other letters is no other place everywhere.
    if plain.to_lowercase() == from.file.to_lowercase() {
        return from.file.clone();
    }
    let tree = work.input.tree;
    taken.free(path, &selected.roots, live.language, &|place| {
        tree.contains_key(place)
    })
}

/// A file of the last capture that is not there now; gives whether the repository keeps it.
fn absent(work: &mut Work<'_>, selected: &Selected<'_>, entry: &CapturedEntry) -> bool {
    let input = work.input;
    let listed = names(&selected.roots, &entry.id);
    if listed && selected.referred.contains(&entry.id) && input.tree.contains_key(&entry.file) {
        let detail = format!(
            "{} is gone from the workspace, where something that is captured still runs it; it stays",
            entry.id
        );
        work.row(&entry.file, CapturedAs::Conflict, None, None, detail);
        work.entries.push(entry.clone());
        return true;
    }
    gone(work, entry.clone(), listed)
}

/// One file of the repository that is written whole.
pub(super) struct Piece<'a> {
    /// Its kind in the lock.
    pub kind: &'a str,
    /// Its id there.
    pub id: &'a str,
    /// Its key there.
    pub key: &'a str,
    /// Its path in the repository.
    pub place: &'a str,
    /// What it is in the workspace, in words.
    pub detail: String,
    /// Who made it, as far as the API says.
    pub creator: Option<&'a str>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last.
    pub modified_at: Option<DateTime<Utc>>,
    /// How the workspace lists it.
    pub seen: Option<Seen>,
    /// What it was when it had another path.
    pub from: Option<&'a CapturedEntry>,
}

fn one(
    work: &mut Work<'_>,
    path: &str,
    live: &LiveFile,
    place: &str,
    from: Option<&CapturedEntry>,
) {
    let note = if is_personal(short(path)) && work.locked(KIND, path).is_none() {
        " (from a personal folder that the rules name)"
    } else {
        ""
    };
    let piece = Piece {
        kind: KIND,
        id: path,
        key: place,
        place,
        detail: format!("{path}{note}"),
        creator: live.creator.as_deref(),
        created_at: live.created_at,
        modified_at: live.modified_at,
        seen: live.seen,
        from,
    };
    merge_text_file(work, &piece, as_source(live, place));
}

/// The three-way merge of a whole file, by lines.
pub(super) fn merge_text_file(work: &mut Work<'_>, piece: &Piece<'_>, dev: Vec<u8>) {
    let Piece { place, .. } = *piece;
    let digest = sha256(&dev);
    let entry = piece.from.or_else(|| work.locked(piece.kind, piece.id));
    let locked = entry.map(|entry| entry.digest.clone());
    let before = piece.from.map_or(place, |from| from.file.as_str());
    let git = work.input.tree.get(before).map(|file| file.bytes.to_vec());
    if let Some(git) = git.as_ref().filter(|_| before != place) {
        let detail = format!("{before} before; now {}", piece.detail);
        work.row(place, CapturedAs::Renamed, None, piece.modified_at, detail);
        work.out.changes.insert(before.to_owned(), None);
        work.out.changes.insert(place.to_owned(), Some(git.clone()));
    }
    let now = digest.clone();
    let keep = |work: &mut Work<'_>, digest: Digest| {
        work.entries.push(CapturedEntry {
            key: piece.key.to_owned(),
            kind: piece.kind.to_owned(),
            id: piece.id.to_owned(),
            file: place.to_owned(),
            // A digest that stays behind must not be taken for what the workspace listed now.
            seen: piece.seen.filter(|_| digest == now),
            found: BTreeMap::new(),
            told: None,
            digest,
        });
    };
    let (git, locked) = match (git, locked) {
        (Some(git), _) if git == dev || *kept(place, &git) == *dev => return keep(work, digest),
        (_, Some(locked)) if locked == digest => return keep(work, locked),
        (None, Some(locked)) => {
            work.row(
                place,
                CapturedAs::Conflict,
                None,
                piece.modified_at,
                "changed in the workspace, removed in Git; it stays removed".to_owned(),
            );
            return keep(work, locked);
        }
        (None, None) => {
            work.row(
                place,
                CapturedAs::Added,
                piece.creator,
                piece.created_at,
                piece.detail.clone(),
            );
            work.out.changes.insert(place.to_owned(), Some(dev));
            return keep(work, digest);
        }
        (Some(_), None) => {
            let detail = "differs from the file in Git, and no earlier capture says who changed it; Git's stays";
            work.row(
                place,
                CapturedAs::Conflict,
                None,
                piece.modified_at,
                detail.to_owned(),
            );
            return;
        }
        (Some(git), Some(locked)) => (git, locked),
    };
    if is_of(before, &git, &locked) {
        work.row(
            place,
            CapturedAs::Changed,
            None,
            piece.modified_at,
            piece.detail.clone(),
        );
        work.out.changes.insert(place.to_owned(), Some(dev));
        return keep(work, digest);
    }
    match merged(work, before, &locked, &git, &dev) {
        Some(merged) if merged == git => keep(work, digest),
        Some(merged) => {
            work.row(
                place,
                CapturedAs::Changed,
                None,
                piece.modified_at,
                format!("{}, merged with what changed in Git", piece.detail),
            );
            work.out.changes.insert(place.to_owned(), Some(merged));
            keep(work, digest);
        }
        None => {
            let detail = "the same lines changed in the workspace and in Git; Git's stay";
            work.row(
                place,
                CapturedAs::Conflict,
                None,
                piece.modified_at,
                detail.to_owned(),
            );
            keep(work, locked);
        }
    }
}

fn merged(
    work: &Work<'_>,
    place: &str,
    locked: &Digest,
    git: &[u8],
    dev: &[u8],
) -> Option<Vec<u8>> {
    let base = (work.input.base)(place, locked)?;
    let text = |bytes: &[u8]| String::from_utf8(kept(place, bytes).into_owned()).ok();
    let merged = merge_text::merge(&text(&base)?, &text(git)?, &text(dev)?)?.into_bytes();
    // Two good notebooks can merge into lines that are none, where a comma goes missing between cells.
    if is_jupyter(place) && notebook(dev).is_some() {
        return notebook(&merged);
    }
    Some(merged)
}

/// A file of the last capture that is not captured now. `listed` says that its folder was looked at, so that absence
/// means removal; else nobody knows, and it stays. Gives whether it stays.
pub(super) fn gone(work: &mut Work<'_>, entry: CapturedEntry, listed: bool) -> bool {
    let git = work
        .input
        .tree
        .get(&entry.file)
        .map(|file| is_of(&entry.file, &file.bytes, &entry.digest));
    match git {
        Some(_) if !listed => {
            work.entries.push(entry);
            true
        }
        Some(true) => {
            work.row(
                &entry.file,
                CapturedAs::Removed,
                None,
                None,
                format!("{} is gone from the workspace", entry.id),
            );
            work.out.changes.insert(entry.file, None);
            false
        }
        Some(false) => {
            let detail = "gone from the workspace, changed in Git; it stays";
            work.row(
                &entry.file,
                CapturedAs::Conflict,
                None,
                None,
                detail.to_owned(),
            );
            work.entries.push(entry);
            true
        }
        None => false,
    }
}

/// The bytes as a file of a bundle: notebooks begin with their header and end with a line break.
fn as_source(live: &LiveFile, place: &str) -> Vec<u8> {
    let Some((text, header)) = live
        .language
        .and_then(header)
        .and_then(|header| Some((std::str::from_utf8(&live.bytes).ok()?, header)))
    else {
        return kept(place, &live.bytes).into_owned();
    };
    let text = text.replace("\r\n", "\n");
    let mut out = if text.starts_with(header) {
        String::new()
    } else {
        format!("{header}\n")
    };
    out.push_str(&text);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.into_bytes()
}
