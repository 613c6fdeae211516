//! Development copies: what `databricks bundle deploy` makes of a target in mode `development`, `[dev ada] nightly` for
//! `nightly`. They are somebody's try-out of what is in Git already, so they fold into the key of what they copy.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::LiveResource;
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

/// Copies out: of each name the original stays; where there is none, one copy as if it was the original.
pub(super) fn fold<'a>(
    resources: Vec<&'a LiveResource>,
    lock: &CapturedLock,
) -> (Vec<Cow<'a, LiveResource>>, Vec<(&'a LiveResource, String)>) {
    let mut kept: Vec<Cow<'a, LiveResource>> = Vec::new();
    let mut by_name: BTreeMap<(&str, String), Vec<&'a LiveResource>> = BTreeMap::new();
    let mut originals = std::collections::BTreeSet::new();
    for live in resources {
        match original_name(live) {
            Some(name) => by_name.entry((&live.kind, name)).or_default().push(live),
            None => {
                originals.insert((live.kind.as_str(), live.listed.name.as_str()));
                kept.push(Cow::Borrowed(live));
            }
        }
    }
    let mut folded = Vec::new();
    for ((kind, name), mut copies) in by_name {
        if !originals.contains(&(kind, name.as_str())) {
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
    if let Some(rest) = name.strip_prefix("[dev ") {
        return rest
            .split_once("] ")
            .map(|(_, original)| original.to_owned())
            .filter(|original| !original.is_empty());
    }
    // Names in Unity Catalog take no brackets: `dev_ada_sales`, made by ada@….
    let short = live.listed.creator.as_deref()?.split('@').next()?;
    let user: String = short
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    name.strip_prefix(&format!("dev_{user}_"))
        .filter(|original| !original.is_empty())
        .map(str::to_owned)
}

fn as_original(copy: &LiveResource, name: &str) -> LiveResource {
    let mut live = copy.clone();
    name.clone_into(&mut live.listed.name);
    let Some(kind) = kind(&live.kind) else {
        return live;
    };
    let rules = kind.rules();
    if let Value::Object(config) = &mut live.listed.config {
        config.insert(rules.name_field.to_owned(), Value::String(name.to_owned()));
        if let Some(Value::Object(tags)) = config.get_mut(rules.tags_field) {
            tags.remove("dev");
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
