//! Which key each captured object has: the one of the last capture, else the one of its namesake in the repository,
//! else a new one made from its name.

use std::collections::{BTreeMap, BTreeSet};

use super::CaptureInput;
use super::form::with_variables;
use super::paths::short;
use super::repo::{Repo, RepoResource};
use super::select::Selected;
use crate::bundle::ResourceKey;
use crate::kinds::{Kind, kind};

/// Keys by (kind, id).
pub(super) type Keys = BTreeMap<(String, String), ResourceKey>;

pub(super) fn assign(input: &CaptureInput<'_>, repo: &Repo, selected: &Selected<'_>) -> Keys {
    let mut keys = Keys::new();
    // Keys in the lock stay taken, though their object is gone: its removal may still be under review.
    let mut taken: BTreeSet<ResourceKey> = input
        .lock
        .entries
        .iter()
        .map(|entry| ResourceKey::new(&entry.kind, &entry.key))
        .collect();
    for entry in &input.lock.entries {
        keys.insert(
            (entry.kind.clone(), entry.id.clone()),
            ResourceKey::new(&entry.kind, &entry.key),
        );
    }
    for live in &selected.resources {
        let (Some(kind), identity) = (
            kind(&live.kind),
            (live.kind.clone(), live.listed.id.clone()),
        ) else {
            continue;
        };
        if keys.contains_key(&identity) {
            continue;
        }
        let namesake = namesake(kind, &live.listed.name, repo, input, &taken);
        let key = namesake.unwrap_or_else(|| fresh(kind, &live.listed.name, repo, &taken));
        taken.insert(key.clone());
        keys.insert(identity, key);
    }
    keys
}

/// The resource of the repository with that name, which no other object has taken.
fn namesake(
    kind: &dyn Kind,
    name: &str,
    repo: &Repo,
    input: &CaptureInput<'_>,
    taken: &BTreeSet<ResourceKey>,
) -> Option<ResourceKey> {
    let field = kind.rules().name_field;
    let called = |key: &ResourceKey, resource: &RepoResource| {
        let over = repo.overrides_of(key, input.target);
        let over = over.filter_map(|over| over.raw.get(field)).next_back();
        let written = over.or_else(|| resource.raw.get(field))?;
        // A name may be a variable, or have one in it; a path is written with `/Workspace` in front and answered without.
        let written = with_variables(written, input.variables);
        Some(written.as_str().map(short) == Some(short(name)))
    };
    repo.resources
        .iter()
        .filter(|(key, _)| key.kind == kind.name() && !taken.contains(*key))
        .find(|(key, resource)| called(key, resource) == Some(true))
        .map(|(key, _)| key.clone())
}

fn fresh(kind: &dyn Kind, name: &str, repo: &Repo, taken: &BTreeSet<ResourceKey>) -> ResourceKey {
    let slug = slug(name, kind.singular());
    let free = |key: &ResourceKey| !taken.contains(key) && !repo.resources.contains_key(key);
    std::iter::once(slug.clone())
        .chain((2..).map(|number| format!("{slug}_{number}")))
        .map(|key| ResourceKey::new(kind.name(), key))
        .find(free)
        // The numbers do not end before the taken keys do.
        .unwrap_or_else(|| ResourceKey::new(kind.name(), slug))
}

/// `Nightly load (EU)` becomes `nightly_load_eu`.
pub(super) fn slug(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug: String = slug.trim_end_matches('_').chars().take(60).collect();
    match slug.chars().next() {
        None => fallback.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{fallback}_{slug}"),
        Some(_) => slug,
    }
}
