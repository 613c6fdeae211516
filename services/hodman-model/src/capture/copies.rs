//! Development copies: what `databricks bundle deploy` makes of a target in mode `development`, `[dev ada] nightly` for
//! `nightly`, or under another `name_prefix` with the user in it. They are somebody's try-out of what is in Git already, so
//! they fold into the key of what they copy.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::LiveResource;
use super::keys::Keys;
use super::select::Selected;
use crate::bundle::{CURRENT_USER, CurrentUser, without_prefix};
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

/// What the mode `development` puts before names where the target says nothing else.
const USUAL: &str = "[dev ${workspace.current_user.short_name}] ";

/// What a target puts before names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix<'a> {
    /// As the bundle says it, perhaps with who deploys in it.
    pub text: &'a str,
    /// The target's mode is `development`: what it makes are copies.
    pub development: bool,
}

/// What the name of an object says.
enum Named {
    /// It is what it is called.
    Plain,
    /// It is the original, under the prefix of its target.
    Prefixed(String),
    /// It is somebody's copy of the original of that name; `by_mode` when the mode made it.
    Copy { original: String, by_mode: bool },
}

impl Named {
    fn original(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            Self::Prefixed(original) | Self::Copy { original, .. } => Some(original),
        }
    }
}

/// One that may stand for its original.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    live: &'a LiveResource,
    by_mode: bool,
}

/// Copies out: of each name the original stays; where there is none, one copy as if it was the original. What has `prefix`,
/// which the target puts before names, is called without it. `users` are who may have deployed.
pub(super) fn fold<'a>(
    resources: Vec<&'a LiveResource>,
    lock: &CapturedLock,
    prefix: Option<Prefix<'_>>,
    users: &Users,
) -> (Vec<Cow<'a, LiveResource>>, Vec<(&'a LiveResource, String)>) {
    let mut kept: Vec<Cow<'a, LiveResource>> = Vec::new();
    let mut by_name: BTreeMap<(&str, String), Vec<Candidate<'a>>> = BTreeMap::new();
    let mut originals = BTreeSet::new();
    let mut schemas = BTreeMap::new();
    for live in resources {
        let named = named(live, prefix, users);
        if let (Some(original), "schemas") = (named.original(), live.kind.as_str()) {
            schemas.insert(live.listed.name.clone(), original.to_owned());
        }
        let own = match named {
            Named::Copy { original, by_mode } => {
                let copies = by_name.entry((&live.kind, original)).or_default();
                copies.push(Candidate { live, by_mode });
                continue;
            }
            Named::Prefixed(name) => {
                let mut live = live.clone();
                rename(&mut live, &name);
                Cow::Owned(live)
            }
            Named::Plain => Cow::Borrowed(live),
        };
        originals.insert((own.kind.clone(), own.listed.name.clone()));
        kept.push(own);
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
            copies.sort_by_key(|Candidate { live, .. }| {
                (!locked(live), live.listed.id.len(), live.listed.id.clone())
            });
            kept.push(Cow::Owned(as_original(copies.remove(0), &name)));
        }
        folded.extend(copies.into_iter().map(|copy| (copy.live, name.clone())));
    }
    below_copies(&mut kept, &mut folded);
    if !schemas.is_empty() {
        kept.iter_mut()
            .for_each(|live| in_originals(live, &schemas));
    }
    kept.sort_by(|a, b| {
        (&a.kind, &a.listed.name, &a.listed.id).cmp(&(&b.kind, &b.listed.name, &b.listed.id))
    });
    (kept, folded)
}

/// What lies in a schema that was folded away is a copy, too, though its own name has no prefix: ids there are whole names.
fn below_copies<'a>(
    kept: &mut Vec<Cow<'a, LiveResource>>,
    folded: &mut Vec<(&'a LiveResource, String)>,
) {
    let schemas: Vec<String> = folded
        .iter()
        .filter(|(live, _)| live.kind == "schemas")
        .map(|(live, _)| format!("{}.", live.listed.id))
        .collect();
    kept.retain(|live| {
        let below = |schema: &String| live.listed.id.starts_with(schema);
        match live {
            Cow::Borrowed(live) if schemas.iter().any(below) => {
                folded.push((live, live.listed.name.clone()));
                false
            }
            _ => true,
        }
    });
}

/// Lets an object be in the schema that a copy is one of: what is told by names alone is told by the original's.
fn in_originals(live: &mut Cow<'_, LiveResource>, schemas: &BTreeMap<String, String>) {
    let mut config = live.listed.config.clone();
    rename_schemas("", &mut config, schemas);
    if config == live.listed.config {
        return;
    }
    let name = kind(&live.kind).and_then(|kind| config.get(kind.rules().name_field)?.as_str());
    let name = name.map(str::to_owned);
    let listed = &mut live.to_mut().listed;
    listed.name = name.unwrap_or_else(|| listed.name.clone());
    listed.config = config;
}

fn rename_schemas(field: &str, value: &mut Value, schemas: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            let is_name = field.contains("schema") || field == "target";
            if let Some(original) = schemas.get(text).filter(|_| is_name) {
                original.clone_into(text);
                return;
            }
            // `catalog.schema.name` and `/Volumes/catalog/schema/…`
            let mark = if text.starts_with("/Volumes/") {
                '/'
            } else {
                '.'
            };
            let at = if mark == '/' { 3 } else { 1 };
            let mut parts: Vec<&str> = text.split(mark).collect();
            let original = parts.get(at).and_then(|part| schemas.get(*part));
            if let Some(original) = original.filter(|_| parts.len() > at + 1) {
                parts[at] = original;
                *text = parts.join(&mark.to_string());
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rename_schemas(field, item, schemas)),
        Value::Object(map) => {
            for (field, item) in map {
                rename_schemas(field, item, schemas);
            }
        }
        _ => {}
    }
}

/// Who may have deployed what a workspace has, by who made it.
pub(super) struct Users(BTreeMap<String, Vec<CurrentUser>>);

impl Users {
    /// Everybody who made something. A service principal deploys under the name that it is shown by.
    pub fn of(resources: &[LiveResource]) -> Self {
        let user = CurrentUser::named;
        let mut users = BTreeMap::new();
        for creator in resources
            .iter()
            .filter_map(|live| live.listed.creator.as_ref())
        {
            let entry = users.entry(creator.clone());
            entry.or_insert_with(|| vec![user(creator)]);
        }
        for live in resources
            .iter()
            .filter(|live| live.kind == "service_principals")
        {
            let id = live.listed.outputs.get("application_id");
            let made = id.and_then(Value::as_str).and_then(|id| users.get_mut(id));
            if let Some(made) = made {
                made.push(user(&live.listed.name));
            }
        }
        Self(users)
    }

    /// Everybody, under every name.
    pub fn all(&self) -> impl Iterator<Item = &CurrentUser> {
        self.0.values().flatten()
    }

    /// Who made the object; everybody where nothing says it.
    fn who_made<'u>(&'u self, live: &LiveResource) -> impl Iterator<Item = &'u CurrentUser> {
        let creator = live.listed.creator.clone();
        let all = self.0.iter();
        all.filter(move |(name, _)| creator.as_ref().is_none_or(|creator| creator == *name))
            .flat_map(|(_, users)| users)
    }
}

fn named(live: &LiveResource, prefix: Option<Prefix<'_>>, users: &Users) -> Named {
    let kind = live.kind.as_str();
    let name = live.listed.name.as_str();
    let of_user = |prefix: &str| {
        let mut names = users.who_made(live).filter_map(|user| {
            let prefix = user.named_in(prefix)?;
            Some((prefix.len(), without_prefix(kind, name, &prefix)?))
        });
        // The name of one may begin another's.
        let first = names.next()?;
        let longest = names.fold(
            first,
            |best, next| if next.0 > best.0 { next } else { best },
        );
        Some(longest.1)
    };
    // Names in Unity Catalog take no brackets: `dev_ada_sales`, made by ada@….
    let usual = || name.starts_with("dev_").then(|| of_user(USUAL)).flatten();
    if let Some(original) = bracketed(live).or_else(usual) {
        return Named::Copy {
            original,
            by_mode: true,
        };
    }
    let Some(Prefix { text, development }) = prefix else {
        return Named::Plain;
    };
    let by_mode = development;
    if text.contains(CURRENT_USER) {
        let original = of_user(text);
        return original.map_or(Named::Plain, |original| Named::Copy { original, by_mode });
    }
    match without_prefix(kind, name, text) {
        Some(original) if development => Named::Copy { original, by_mode },
        Some(name) => Named::Prefixed(name),
        None => Named::Plain,
    }
}

/// The name behind `[dev somebody] `, whoever that is.
fn bracketed(live: &LiveResource) -> Option<String> {
    let name = live.listed.name.as_str();
    // The name of an experiment is its path, of which the last part is called after its maker.
    let slash = name.rfind('/').filter(|_| live.kind == "experiments");
    let (folder, last) = name.split_at(slash.map_or(0, |slash| slash + 1));
    let (_, original) = last.strip_prefix("[dev ")?.split_once("] ")?;
    (!original.is_empty()).then(|| format!("{folder}{original}"))
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

fn as_original(copy: Candidate<'_>, name: &str) -> LiveResource {
    let mut live = copy.live.clone();
    rename(&mut live, name);
    let Some(kind) = kind(&live.kind).filter(|_| copy.by_mode) else {
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
