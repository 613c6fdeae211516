//! The form in which a resource of the workspace and one of the repository are compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::beside::{self, Beside};
use super::jupyter::kept;
use super::keys::Keys;
use super::paths::{REPO, resolve, short};
use super::repo::defined;
use crate::digest::{Digest, canonical_json, sha256};
use crate::files::Tree;
use crate::kinds::pattern::Keep;
use crate::kinds::secrets::{REDACTED, redact};
use crate::kinds::{Kind, Listed, kind};
use crate::plan::ids_to_references;

/// What stands for ids and paths of the workspace in a form.
pub(super) struct Names<'a> {
    /// Captured objects.
    pub keys: &'a Keys,
    /// Captured files by short path.
    pub sources: &'a BTreeMap<String, String>,
    /// Objects that can be looked up by name.
    pub lookups: &'a BTreeMap<(String, String), String>,
}

/// The digest that the lock holds for a resource.
pub(super) fn digest(form: &Value) -> Digest {
    sha256(canonical_json(form).as_bytes())
}

/// The form of an object of the workspace.
pub(super) fn of_live(kind: &dyn Kind, listed: &Listed, names: &Names<'_>) -> Value {
    let rules = kind.rules();
    let creator = listed.creator.as_deref();
    let mut config = listed.config.clone();
    let beside = Beside::take(&mut config, creator);
    let mut form = rules.without_fills(&config, None);
    ids_to_references(kind, &mut form, names.keys);
    for reference in &rules.references {
        reference.at.visit(&mut form, &mut |value| {
            let found = value.as_str().and_then(|id| {
                names
                    .lookups
                    .get(&(reference.kind.to_owned(), id.to_owned()))
            });
            if let Some(text) = found {
                *value = Value::String(text.clone());
            }
            Keep::Yes
        });
    }
    // Paths in a job that runs from Git are paths in that repository.
    if form.get("git_source").is_none() {
        for at in rules.notebook_paths.iter().chain(&rules.file_paths) {
            at.visit(&mut form, &mut |value| {
                if let Some(path) = value
                    .as_str()
                    .and_then(|path| names.sources.get(short(path)))
                {
                    *value = Value::String(format!("{REPO}{path}"));
                }
                Keep::Yes
            });
        }
    }
    beside.put(rules.normalise(&redact("", &form).0))
}

/// The form of a resource that `file` of the repository defines as `raw`.
pub(super) fn of_raw(
    kind: &dyn Kind,
    raw: &Value,
    file: &str,
    tree: &Tree,
    variables: &BTreeMap<String, Value>,
) -> Value {
    let rules = kind.rules();
    let mut form = with_variables(raw, variables);
    if let Value::Object(map) = &mut form {
        map.remove("lifecycle");
        beside::to_managed(map);
    }
    let beside = Beside::take(&mut form, None);
    if form.get("git_source").is_none() {
        for (patterns, notebooks) in [(&rules.notebook_paths, true), (&rules.file_paths, false)] {
            for at in patterns {
                at.visit(&mut form, &mut |value| {
                    if let Some(path) = value
                        .as_str()
                        .and_then(|written| repo_path(written, file, tree, notebooks))
                    {
                        *value = Value::String(format!("{REPO}{path}"));
                    }
                    Keep::Yes
                });
            }
        }
    }
    let form = rules.without_fills(&rules.normalise(&form), None);
    beside.put(rules.normalise(&redact("", &form).0))
}

/// The file of the repository that a path in a bundle means; none for absolute paths and URLs.
fn repo_path(written: &str, file: &str, tree: &Tree, notebook: bool) -> Option<String> {
    if written.starts_with('/') || written.starts_with("${") || written.contains(":/") {
        return None;
    }
    let path = resolve(file, written)?;
    if notebook && !tree.contains_key(&path) {
        let with = |extension: &&&str| tree.contains_key(&format!("{path}{extension}"));
        if let Some(extension) = [".py", ".sql", ".scala", ".r", ".ipynb"].iter().find(with) {
            return Some(format!("{path}{extension}"));
        }
    }
    Some(path)
}

/// `${var.x}` as its value; a text that is nothing else takes the value's type.
pub(super) fn with_variables(value: &Value, variables: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let whole = text
                .strip_prefix("${var.")
                .and_then(|rest| rest.strip_suffix('}'));
            if let Some(value) = whole.and_then(|name| variables.get(name)) {
                return value.clone();
            }
            let mut text = text.clone();
            for (name, value) in variables {
                let written = format!("${{var.{name}}}");
                if text.contains(&written) {
                    let value = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    text = text.replace(&written, &value);
                }
            }
            Value::String(text)
        }
        Value::Array(items) => items
            .iter()
            .map(|item| with_variables(item, variables))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), with_variables(item, variables)))
            .collect(),
        other => other.clone(),
    }
}

/// Whether a value of the workspace and one of the repository say the same. A secret is never known, so whatever
/// stands for it in the repository is right.
pub(super) fn same(live: Option<&Value>, repo: Option<&Value>) -> bool {
    match (live, repo) {
        (Some(Value::String(live)), Some(Value::String(repo))) if live == REDACTED => {
            repo == REDACTED || repo.starts_with("${") || repo.starts_with("{{")
        }
        (Some(Value::Object(live)), Some(Value::Object(repo))) => {
            live.len() == repo.len()
                && live
                    .iter()
                    .all(|(key, value)| same(Some(value), repo.get(key)))
        }
        (Some(Value::Array(live)), Some(Value::Array(repo))) => {
            live.len() == repo.len()
                && live
                    .iter()
                    .zip(repo)
                    .all(|(live, repo)| same(Some(live), Some(repo)))
        }
        (live, repo) => live == repo,
    }
}

/// Whether `bytes`, as the content of `path`, hold what a lock calls `digest`: the file itself, or a resource in it.
/// So the base of a merge is found in a repository's history.
#[must_use]
pub fn holds(
    path: &str,
    bytes: &[u8],
    tree: &Tree,
    variables: &BTreeMap<String, Value>,
    digest: &Digest,
) -> bool {
    is_of(path, bytes, digest) || resource_in(path, bytes, tree, variables, digest).is_some()
}

/// Whether a file is the one that a lock calls `digest`. Whoever only ran a notebook did not change it.
pub(super) fn is_of(path: &str, bytes: &[u8], digest: &Digest) -> bool {
    sha256(bytes) == *digest || sha256(&kept(path, bytes)) == *digest
}

/// The form in `bytes` that has that digest.
pub(super) fn resource_in(
    path: &str,
    bytes: &[u8],
    tree: &Tree,
    variables: &BTreeMap<String, Value>,
    wanted: &Digest,
) -> Option<Value> {
    let value = crate::yaml_edit::read(std::str::from_utf8(bytes).ok()?).ok()?;
    defined(&value)
        .iter()
        .filter_map(|(key, raw)| Some(of_raw(kind(&key.kind)?, raw, path, tree, variables)))
        .find(|form| digest(form) == *wanted)
}
