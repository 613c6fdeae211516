//! Development copies: what `databricks bundle deploy` makes of a target in mode `development`, `[dev ada] nightly` for
//! `nightly`. They are somebody's try-out of what is in Git already, so they fold into the key of what they copy.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::LiveResource;
use super::keys::Keys;
use super::select::Selected;
use crate::bundle::has_identifiers;
use crate::files::CapturedLock;
use crate::kinds::kind;

/// What the mode `development` sets on jobs and pipelines, and what says nothing about the original.
const SET_BY_MODE: &[&[&str]] = &[
    &["schedule", "pause_status"],
    &["trigger", "pause_status"],
    &["continuous", "pause_status"],
    &["max_concurrent_runs"],
    &["development"],
];

/// Copies out: of each name the original stays; where there is none, one copy as if it was the original. What has `prefix`,
/// which the target puts before names, is called without it.
pub(super) fn fold<'a>(
    resources: Vec<&'a LiveResource>,
    lock: &CapturedLock,
    prefix: Option<&str>,
) -> (Vec<Cow<'a, LiveResource>>, Vec<(&'a LiveResource, String)>) {
    let mut kept: Vec<Cow<'a, LiveResource>> = Vec::new();
    let mut by_name: BTreeMap<(&str, String), Vec<&'a LiveResource>> = BTreeMap::new();
    let mut originals = std::collections::BTreeSet::new();
    for live in resources {
        match original_name(live) {
            Some(name) => by_name.entry((&live.kind, name)).or_default().push(live),
            None => {
                let live = match prefix.and_then(|prefix| without_prefix(live, prefix)) {
                    Some(name) => {
                        let mut own = live.clone();
                        rename(&mut own, &name);
                        Cow::Owned(own)
                    }
                    None => Cow::Borrowed(live),
                };
                originals.insert((live.kind.clone(), live.listed.name.clone()));
                kept.push(live);
            }
        }
    }
    let mut folded = Vec::new();
    for ((kind, name), mut copies) in by_name {
        if !originals.contains(&(kind.to_owned(), name.clone())) {
            let locked = |live: &LiveResource| {
                lock.entries
                    .iter()
                    .any(|entry| entry.kind == live.kind && entry.id == live.listed.id)
            };
            // The one that stood for it last time goes on doing so; else the eldest, as far as ids tell.
            copies
                .sort_by_key(|live| (!locked(live), live.listed.id.len(), live.listed.id.clone()));
            kept.push(Cow::Owned(as_original(copies.remove(0), &name)));
        }
        folded.extend(copies.into_iter().map(|copy| (copy, name.clone())));
    }
    kept.sort_by(|a, b| {
        (&a.kind, &a.listed.name, &a.listed.id).cmp(&(&b.kind, &b.listed.name, &b.listed.id))
    });
    (kept, folded)
}

/// The name of what it is a copy of; none for what is no copy.
fn original_name(live: &LiveResource) -> Option<String> {
    let name = &live.listed.name;
    let (folder, last) = folder_and_name(live);
    if let Some(rest) = last.strip_prefix("[dev ") {
        return rest
            .split_once("] ")
            .map(|(_, original)| format!("{folder}{original}"))
            .filter(|_| !rest.ends_with("] "));
    }
    // Some names take no brackets: `dev_ada_sales`, made by ada@…. A job that somebody calls so is nobody's copy.
    if !has_identifiers(&live.kind) {
        return None;
    }
    let short = live.listed.creator.as_deref()?.split('@').next()?;
    let user: String = short
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    name.strip_prefix(&format!("dev_{user}_"))
        .filter(|original| !original.is_empty())
        .map(str::to_owned)
}

/// The name of an experiment is its path, of which the last part is called after its maker.
fn folder_and_name(live: &LiveResource) -> (&str, &str) {
    let name = live.listed.name.as_str();
    let slash = name.rfind('/').filter(|_| live.kind == "experiments");
    name.split_at(slash.map_or(0, |slash| slash + 1))
}

fn without_prefix(live: &LiveResource, prefix: &str) -> Option<String> {
    let (folder, last) = folder_and_name(live);
    let rest = last.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
    Some(format!("{folder}{rest}"))
}

fn rename(live: &mut LiveResource, name: &str) {
    name.clone_into(&mut live.listed.name);
    if let (Some(kind), Value::Object(config)) = (kind(&live.kind), &mut live.listed.config) {
        let field = kind.rules().name_field.to_owned();
        config.insert(field, Value::String(name.to_owned()));
    }
}

/// Gives the ids of folded copies the keys of what they are copies of: whoever refers to a copy means the original.
pub(super) fn refer_to_originals(keys: &mut Keys, selected: &Selected<'_>) {
    if selected.copies.is_empty() {
        return;
    }
    let stays: BTreeMap<(&str, &str), &str> = selected
        .resources
        .iter()
        .map(|live| {
            let listed = &live.listed;
            (
                (live.kind.as_str(), listed.name.as_str()),
                listed.id.as_str(),
            )
        })
        .collect();
    let mut found = Vec::new();
    for (copy, original) in &selected.copies {
        let id = stays.get(&(copy.kind.as_str(), original.as_str()));
        let key = id.and_then(|id| keys.get(&(copy.kind.clone(), (*id).to_owned())));
        found.extend(key.map(|key| ((copy.kind.clone(), copy.listed.id.clone()), key.clone())));
    }
    keys.extend(found);
}

fn as_original(copy: &LiveResource, name: &str) -> LiveResource {
    let mut live = copy.clone();
    rename(&mut live, name);
    let Some(kind) = kind(&live.kind) else {
        return live;
    };
    let rules = kind.rules();
    if let Value::Object(config) = &mut live.listed.config {
        match config.get_mut(rules.tags_field) {
            Some(Value::Object(tags)) => drop(tags.remove("dev")),
            Some(Value::Array(tags)) => tags.retain(|tag| tag.get("key") != Some(&json!("dev"))),
            _ => {}
        }
        for path in SET_BY_MODE {
            match path {
                [field] => drop(config.remove(*field)),
                [outer, field] => {
                    if let Some(Value::Object(outer)) = config.get_mut(*outer) {
                        outer.remove(*field);
                    }
                }
                _ => {}
            }
        }
    }
    live.listed.config = rules.normalise(&live.listed.config);
    live.copy = true;
    live
}

/// Puts into the form of a copy what the mode took away and `git` says: a copy says nothing about it.
pub(super) fn graft_mode(form: &mut Value, git: &Value) {
    for path in SET_BY_MODE {
        let Some(said) = path.iter().try_fold(git, |value, key| value.get(key)) else {
            continue;
        };
        match path {
            [field] => form[*field] = said.clone(),
            [outer, field] if form.get(outer).is_some() => form[*outer][*field] = said.clone(),
            _ => {}
        }
    }
}
