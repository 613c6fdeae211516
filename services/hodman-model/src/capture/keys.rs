//! Which key each captured object has: the one of the last capture, else the one of its namesake in the repository,
//! else a new one made from its name. An object that was made anew, by a restore or by hand, is its namesake's heir.

use std::collections::{BTreeMap, BTreeSet};

use super::form::with_variables;
use super::paths::short;
use super::repo::{Repo, RepoResource};
use super::select::Selected;
use super::{CaptureInput, CapturedAs, NAME_ONLY, Work, lock_path, sources, terraform};
use crate::bundle::ResourceKey;
use crate::files::CaptureFormat;
use crate::kinds::{Kind, RESTORED, kind};

/// Keys by (kind, id).
pub(super) type Keys = BTreeMap<(String, String), ResourceKey>;

/// Objects that took over the key of one that is gone: its id by their (kind, id).
pub(super) type Heirs = BTreeMap<(String, String), String>;

/// Gives every object its key, and says which of them are heirs.
pub(super) fn assign(
    input: &CaptureInput<'_>,
    repo: &Repo,
    selected: &Selected<'_>,
) -> (Keys, Heirs) {
    let (mut keys, mut heirs) = (Keys::new(), Heirs::new());
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
    let mut gone = gone(input);
    // What a restore made says itself which it is, also where two have one name.
    for live in &selected.resources {
        let identity = (live.kind.clone(), live.listed.id.clone());
        let marker = live.listed.marker.as_ref();
        let marker =
            marker.filter(|marker| marker.env == RESTORED && !keys.contains_key(&identity));
        let key = marker.map(|marker| ResourceKey::new(&live.kind, &marker.key));
        if let Some((key, old)) = key.and_then(|key| gone.remove_entry(&key)) {
            heirs.insert(identity.clone(), old.to_owned());
            keys.insert(identity, key);
        }
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
        let name = &live.listed.name;
        let free = |key: &ResourceKey| !taken.contains(key) || gone.contains_key(key);
        let key = namesake(kind, name, repo, input, &free)
            .or_else(|| by_slug(input, kind, name, &gone))
            .unwrap_or_else(|| fresh(kind, name, repo, &taken));
        if let Some(old) = gone.remove(&key) {
            heirs.insert(identity.clone(), old.to_owned());
        }
        taken.insert(key.clone());
        keys.insert(identity, key);
    }
    (keys, heirs)
}

/// The ids of what the last capture had and the workspace has no more, by key.
fn gone<'a>(input: &CaptureInput<'a>) -> BTreeMap<ResourceKey, &'a str> {
    let present: BTreeSet<(&str, &str)> = input
        .snapshot
        .resources
        .iter()
        .map(|live| (live.kind.as_str(), live.listed.id.as_str()))
        .collect();
    let as_terraform = input.rules.format == CaptureFormat::Terraform;
    let entries = input.lock.entries.iter().filter(|entry| {
        entry.kind != sources::KIND
            && entry.file != NAME_ONLY
            && terraform::is_one(entry) == as_terraform
            && !input.snapshot.unread.contains_key(&entry.kind)
            && !present.contains(&(entry.kind.as_str(), entry.id.as_str()))
    });
    entries
        .map(|entry| (ResourceKey::new(&entry.kind, &entry.key), entry.id.as_str()))
        .collect()
}

/// Terraform files are not read back, so there an object that is gone is known by the key that its name makes.
fn by_slug(
    input: &CaptureInput<'_>,
    kind: &dyn Kind,
    name: &str,
    gone: &BTreeMap<ResourceKey, &str>,
) -> Option<ResourceKey> {
    let key = ResourceKey::new(kind.name(), slug(short(name), kind.singular()));
    let heir = input.rules.format == CaptureFormat::Terraform && gone.contains_key(&key);
    heir.then_some(key)
}

/// This many keys are enough to see what happened.
const HEIRS: usize = 5;

/// Says that objects were made anew: nothing of them changes but their ids in the lock.
pub(super) fn tell(work: &mut Work<'_>, keys: &Keys) {
    if work.heirs.is_empty() {
        return;
    }
    let found = work.heirs.keys().filter_map(|identity| keys.get(identity));
    let some: Vec<String> = found.take(HEIRS).map(ToString::to_string).collect();
    let more = match work.heirs.len().saturating_sub(HEIRS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let detail = format!(
        "made anew in the workspace under the name that they had, so the keys stay: {}{more}",
        some.join(", ")
    );
    let lock = lock_path(work.input.env);
    work.row(&lock, CapturedAs::Note, None, None, detail);
}

/// The resource of the repository with that name, of those that are free.
pub(super) fn namesake(
    kind: &dyn Kind,
    name: &str,
    repo: &Repo,
    input: &CaptureInput<'_>,
    free: &dyn Fn(&ResourceKey) -> bool,
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
        .filter(|(key, _)| key.kind == kind.name() && free(key))
        .find(|(key, resource)| called(key, resource) == Some(true))
        .map(|(key, _)| key.clone())
}

fn fresh(kind: &dyn Kind, name: &str, repo: &Repo, taken: &BTreeSet<ResourceKey>) -> ResourceKey {
    let slug = slug(short(name), kind.singular());
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
