//! Objects of every kind that is captured whole.

mod gone;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::beside::graft;
use super::chosen;
use super::copies::graft_mode;
use super::folders::was_looked_for;
use super::form::{Names, Overrides, digest, of_live, of_repo, resource_in};
use super::keys::Keys;
use super::merge::{Merged, merge, take};
use super::select::Selected;
use super::variables::lookups;
use super::{
    CapturedAs, LiveResource, NAME_ONLY, Work, detached, notes, sources, standing, terraform,
};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::field_path::PathSegment;
use crate::files::CapturedEntry;
use crate::kinds::pattern::Keep;
use crate::kinds::{Kind, kind};
use crate::plan::refers_to;

pub(super) fn capture(
    work: &mut Work<'_>,
    selected: &Selected<'_>,
    keys: &Keys,
    sources: &BTreeMap<String, String>,
) {
    let lookups = lookups(work.input.snapshot);
    let known = gone::without_lost(work, selected, keys);
    let names = Names {
        keys: &known,
        sources,
        folders: true,
        lookups: &lookups,
    };
    // As captures before wrote it, when Git still had what is lost now.
    let before = Names { keys, ..names };
    let lost = keys
        .keys()
        .any(|id| id.0 != sources::KIND && !known.contains_key(id));
    let mut seen = BTreeSet::new();
    for live in &selected.resources {
        let Some(kind) = kind(&live.kind) else {
            continue;
        };
        let Some(key) = keys.get(&(live.kind.clone(), live.listed.id.clone())) else {
            continue;
        };
        seen.insert(key.clone());
        let form = of_live(kind, &live.listed, &names);
        let before = lost.then(|| of_live(kind, &live.listed, &before));
        let before = before.filter(|before| *before != form);
        one(work, kind, key, live, form, before);
    }
    let present: BTreeSet<(&str, &str)> = work
        .input
        .snapshot
        .resources
        .iter()
        .map(|live| (live.kind.as_str(), live.listed.id.as_str()))
        .collect();
    let locked: Vec<CapturedEntry> = work
        .input
        .lock
        .entries
        .iter()
        .filter(|entry| {
            entry.kind != sources::KIND
                && entry.file != NAME_ONLY
                && !terraform::is_one(entry)
                && !seen.contains(&ResourceKey::new(&entry.kind, &entry.key))
        })
        .cloned()
        .collect();
    let mut left = Vec::new();
    for entry in locked {
        // Left out by the rules now: still there, still in Git, nobody's business. What nobody could look for is not gone.
        if present.contains(&(entry.kind.as_str(), entry.id.as_str()))
            || work.input.snapshot.unread.contains_key(&entry.kind)
            || !was_looked_for(work.input, work.repo, selected, &entry)
        {
            work.entries.push(entry);
        } else {
            left.push(entry);
        }
    }
    gone::capture(work, left);
}

/// `before` is the form with references to what Git removed since, where there are some.
fn one(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    live: &LiveResource,
    mut form: Value,
    mut before: Option<Value>,
) {
    let git = of_repo(
        kind,
        key,
        work.repo,
        work.input.target,
        work.input.tree,
        work.input.variables,
    );
    let last = work.locked(&live.kind, &live.listed.id);
    let locked = last.map(|entry| entry.digest.clone());
    let before_file = last.map(|entry| entry.file.clone());
    let repo = work.repo.resources.get(key).map(|repo| repo.file.clone());
    let file = repo.or_else(|| before_file.clone());
    let file = file.unwrap_or_else(|| write::place(work, kind, key));
    // Somebody may have moved the resource to another file since.
    let files: BTreeSet<&String> = std::iter::once(&file).chain(&before_file).collect();
    if let Some(git) = &git {
        let base = || {
            let locked = locked.as_ref()?;
            match digest(git) == *locked {
                true => Some(git.clone()),
                false => base(work, &files, locked),
            }
        };
        for form in std::iter::once(&mut form).chain(before.as_mut()) {
            graft(form, git, &live.listed.config);
            chosen::settle(kind, form, git, &live.listed, &base);
            detached::settle(kind, form, git, &live.listed);
            if live.copy {
                graft_mode(form, git);
            }
        }
    }
    for form in std::iter::once(&mut form).chain(before.as_mut()) {
        work.around.take_out(kind, form, git.as_ref());
    }
    if let Some(git) = &git
        && let Some(other) = unresolved(work, kind, git, &form)
    {
        held_back(work, key, live, &other);
        return;
    }
    let dev = &form;
    let found = chosen::unsure(kind, dev, &live.listed);
    if git.is_some() {
        tell_found(work, key, live, &found);
    }
    let runner = git
        .as_ref()
        .and_then(|git| notes::other_runner(live, git, dev));
    for detail in runner.into_iter().chain(notes::libraries(live)) {
        standing::note(work, key.to_string(), detail);
    }
    let unchanged = before
        .as_ref()
        .map(digest)
        .filter(|digest| locked.as_ref() == Some(digest));
    let now = unchanged.unwrap_or_else(|| digest(dev));
    let name = key.to_string();
    let mut entry = CapturedEntry {
        key: key.key.clone(),
        kind: key.kind.clone(),
        id: live.listed.id.clone(),
        file: file.clone(),
        digest: locked.clone().unwrap_or_else(|| now.clone()),
        seen: None,
        found,
        told: None,
    };
    let merged = match (&git, &locked) {
        // Nothing new in the workspace: Git wins, whatever it says.
        (_, Some(locked)) if *locked == now => Merged::default(),
        (None, Some(_)) => {
            work.row(
                &name,
                CapturedAs::Conflict,
                None,
                live.listed.modified_at,
                "changed in the workspace, removed in Git; it stays removed".to_owned(),
            );
            work.entries.push(entry);
            return;
        }
        (None, None) => {
            write::new_file(work, kind, key, &file, dev);
            let detail = format!("{} `{}`", kind.singular(), live.listed.name);
            work.row(
                &name,
                CapturedAs::Added,
                live.listed.creator.as_deref(),
                live.listed.created_at,
                detail,
            );
            for detail in chosen::unknown(kind, &live.listed) {
                work.row(&name, CapturedAs::Note, None, None, detail);
            }
            notes::tell(work, kind, key, live, dev);
            work.entries.push(entry);
            return;
        }
        (Some(git), Some(locked)) if digest(git) == *locked => take(kind.rules(), git, dev),
        (Some(git), locked) => {
            let base = locked
                .as_ref()
                .and_then(|locked| base(work, &files, locked));
            merge(kind.rules(), base.as_ref(), git, dev)
        }
    };
    if !merged.edits.is_empty() {
        let written = write::edits(work, kind, key, &merged.edits, dev);
        let renamed = merged
            .edits
            .iter()
            .any(|edit| edit.path.0 == [PathSegment::Key(kind.rules().name_field.to_owned())]);
        let what = if renamed {
            CapturedAs::Renamed
        } else {
            CapturedAs::Changed
        };
        let paths: Vec<String> = merged
            .edits
            .iter()
            .map(|edit| edit.path.to_string())
            .collect();
        let name_now = if renamed {
            format!("now called `{}`; ", live.listed.name)
        } else {
            String::new()
        };
        let detail = format!("{name_now}{}{written}", paths.join(", "));
        work.row(&name, what, None, live.listed.modified_at, detail);
        notes::tell(work, kind, key, live, dev);
    }
    if merged.conflicts.is_empty() {
        entry.digest = now;
        work.entries.push(entry);
        return;
    }
    let paths: Vec<String> = merged.conflicts.iter().map(ToString::to_string).collect();
    let why = if locked.is_some() {
        "changed in the workspace and in Git"
    } else {
        "differs, and no earlier capture says who changed it"
    };
    work.row(
        &name,
        CapturedAs::Conflict,
        None,
        live.listed.modified_at,
        format!("{why}: {}; Git's values stay", paths.join(", ")),
    );
    // The lock stays behind, so that the conflict is shown until somebody settles it here or there.
    if locked.is_some() {
        work.entries.push(entry);
    }
}

/// Says what the server may have filled and is another one than at the last capture. It is in no file but the lock, which is
/// then worth a pull request of its own. An object that was made anew is filled anew.
fn tell_found(
    work: &mut Work<'_>,
    key: &ResourceKey,
    live: &LiveResource,
    found: &BTreeMap<String, String>,
) {
    let last = work.locked(&live.kind, &live.listed.id);
    let last = last.filter(|last| last.id == live.listed.id);
    let before = last.map(|last| last.found.clone()).unwrap_or_default();
    for (place, was) in before {
        let Some(now) = found.get(&place).filter(|now| **now != was) else {
            continue;
        };
        let detail = format!(
            "`{place}` was {was} at the last capture and is {now} now; it is not captured, because the server may have found it \
             by itself: write it into Git where it ought to be so"
        );
        let at = live.listed.modified_at;
        work.row(&key.to_string(), CapturedAs::Note, None, at, detail);
        work.found_other = true;
    }
}

/// What the file of the last capture says, in the form of that capture: what has the digest that it remembered.
fn base(work: &Work<'_>, files: &BTreeSet<&String>, locked: &Digest) -> Option<Value> {
    let over = Overrides::in_repo(work.repo, work.input.target);
    let (tree, variables) = (work.input.tree, work.input.variables);
    files.iter().find_map(|file| {
        let bytes = (work.input.base)(file, locked)?;
        resource_in(file, &bytes, tree, &over, variables, locked)
    })
}

/// A kind that was not read and to which both sides refer, Git by name: what the id in the workspace stands for is not
/// known now, so whether the two differ is not known either.
fn unresolved(work: &Work<'_>, kind: &dyn Kind, git: &Value, dev: &Value) -> Option<String> {
    let unread = &work.input.snapshot.unread;
    let ids = refers_to(kind, dev);
    let mut found = ids.iter().filter(|(other, _)| unread.contains_key(other));
    let (other, _) = found.next()?;
    let mut by_name = false;
    let mut scratch = git.clone();
    for reference in &kind.rules().references {
        if reference.kind == other {
            reference.at.visit(&mut scratch, &mut |value| {
                by_name |= value.as_str().is_some_and(|text| text.starts_with("${"));
                Keep::Yes
            });
        }
    }
    by_name.then(|| other.clone())
}

/// Leaves an object as it was captured last until it can be compared again.
fn held_back(work: &mut Work<'_>, key: &ResourceKey, live: &LiveResource, other: &str) {
    let detail = format!("not compared: it refers to {other}, which could not be read");
    work.row(
        &key.to_string(),
        CapturedAs::Note,
        None,
        live.listed.modified_at,
        detail,
    );
    let locked = work.locked(&live.kind, &live.listed.id).cloned();
    work.entries.extend(locked);
}
