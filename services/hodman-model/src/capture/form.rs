//! The form in which a resource of the workspace and one of the repository are compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::beside::{self, Beside};
use super::chosen;
use super::git_code::GitCode;
use super::inside;
use super::jupyter::kept;
use super::keys::Keys;
use super::overlay::{join_keyed, lay};
use super::paths::{REPO, captured_at, each_field, each_path, resolve, short};
use super::repo::{self, Override, Repo, defined};
use crate::bundle::{ResourceKey, Room};
use crate::digest::{Digest, canonical_json, sha256};
use crate::files::Tree;
use crate::kinds::pattern::Keep;
use crate::kinds::secrets::{REDACTED, redact};
use crate::kinds::{Kind, Listed, kind};
use crate::number;
use crate::plan::ids_to_references;

/// What stands for ids and paths of the workspace in a form.
pub(super) struct Names<'a> {
    /// Captured objects.
    pub keys: &'a Keys,
    /// Captured files by short path.
    pub sources: &'a BTreeMap<String, String>,
    /// Whether folders of captured files, and files that other words stand beside, can be named, too: a bundle can.
    pub folders: bool,
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
    beside::run_as_principal(&mut config, listed);
    let beside = Beside::take(&mut config, creator);
    let mut form = rules.without_fills(&config, None);
    chosen::put_back(kind, &mut form, listed);
    ids_to_references(kind, &mut form, names.keys);
    inside::ids_to_references(kind, &mut form, names.keys);
    for reference in &rules.references {
        reference.at.visit(&mut form, &mut |value| {
            // Ids of jobs are numbers.
            let id = match &*value {
                Value::String(id) => Some(id.clone()),
                Value::Number(id) => Some(id.to_string()),
                _ => None,
            };
            let found = id.and_then(|id| names.lookups.get(&(reference.kind.to_owned(), id)));
            if let Some(text) = found {
                *value = Value::String(text.clone());
            }
            Keep::Yes
        });
    }
    let mut rename = |notebook: bool, value: &mut Value| {
        let place = value.as_str().and_then(|path| match names.folders {
            true => captured_at(names.sources, path, notebook),
            false => Some(format!("{REPO}{}", names.sources.get(short(path))?)),
        });
        if let Some(place) = place {
            *value = Value::String(place);
        }
    };
    GitCode::of([&config], &BTreeMap::new()).without(&mut form, |form| match names.folders {
        true => each_path(kind, form, &mut rename),
        false => each_field(kind, form, &mut rename),
    });
    beside.put(rules.normalise(&redact("", &form).0))
}

/// The form of a resource of the repository, as `target` has it.
pub(super) fn of_repo(
    kind: &dyn Kind,
    key: &ResourceKey,
    repo: &Repo,
    target: &str,
    tree: &Tree,
    variables: &BTreeMap<String, Value>,
) -> Option<Value> {
    let pieces = repo.pieces(key, target);
    let pieces: Vec<(&Value, &str)> = pieces.iter().map(|piece| (piece.raw, piece.file)).collect();
    (!pieces.is_empty()).then(|| of_raw(kind, key, &pieces, tree, variables))
}

/// The form of a resource that files of the repository define: the resource itself, and what is laid over it, each with
/// its file.
fn of_raw(
    kind: &dyn Kind,
    key: &ResourceKey,
    pieces: &[(&Value, &str)],
    tree: &Tree,
    variables: &BTreeMap<String, Value>,
) -> Value {
    let rules = kind.rules();
    let code = GitCode::of(pieces.iter().map(|(raw, _)| *raw), variables);
    let mut form = Value::Null;
    for piece in pieces {
        lay(&mut form, meaning(kind, *piece, &code, tree, variables));
    }
    if pieces.len() > 1 {
        join_keyed(kind.name(), &mut form);
    }
    if let Value::Object(map) = &mut form {
        map.remove("lifecycle");
        beside::to_managed(map);
    }
    let beside = Beside::take(&mut form, None);
    let config = rules.normalise(&form);
    let mut form = rules.without_fills(&config, None);
    chosen::keep_said(kind, &mut form, &config);
    let mut form = redact("", &form).0;
    hide_own(&mut form, &format!("${{var.{}_", key.key));
    beside.put(rules.normalise(&form))
}

/// What `raw` in `file` means here: values in the place of variables, and paths as those of the repository, but for those
/// that `code` says to be of another.
pub(super) fn meaning(
    kind: &dyn Kind,
    (raw, file): (&Value, &str),
    code: &GitCode,
    tree: &Tree,
    variables: &BTreeMap<String, Value>,
) -> Value {
    let mut means = with_variables(raw, variables);
    code.without(&mut means, |means| repo_paths(kind, means, file, tree));
    means
}

/// A variable of the resource's own that has no value stands for a secret: as in the workspace's form, which knows no variables.
/// `begin` is how such a variable is written.
fn hide_own(form: &mut Value, begin: &str) {
    match form {
        Value::String(text) => {
            while let Some((before, after)) = text.split_once(begin)
                && let Some((_, after)) = after.split_once('}')
            {
                *text = format!("{before}{REDACTED}{after}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_own(item, begin)),
        Value::Object(map) => map.values_mut().for_each(|item| hide_own(item, begin)),
        _ => {}
    }
}

/// Paths that `file` writes, as paths of the repository.
fn repo_paths(kind: &dyn Kind, config: &mut Value, file: &str, tree: &Tree) {
    each_path(kind, config, &mut |notebook, value| {
        let path = value
            .as_str()
            .and_then(|written| repo_path(written, file, tree, notebook));
        if let Some(path) = path {
            *value = Value::String(format!("{REPO}{path}"));
        }
    });
}

/// The file of the repository that a path in a bundle means; none for absolute paths and URLs.
fn repo_path(written: &str, file: &str, tree: &Tree, notebook: bool) -> Option<String> {
    if written.starts_with('/') || written.starts_with("${") || written.contains(":/") {
        return None;
    }
    let path = resolve(&Room::of(tree), file, written)?;
    if notebook && !tree.contains_key(&path) {
        let with = |extension: &&&str| tree.contains_key(&format!("{path}{extension}"));
        if let Some(extension) = [".py", ".sql", ".scala", ".r", ".ipynb"].iter().find(with) {
            return Some(format!("{path}{extension}"));
        }
    }
    // A bare word may be a folder of something else, as a dbt project's `profiles`.
    let bare = !notebook && !written.contains(['.', '*', '?', '[']);
    let below = format!("{path}/");
    let mut near = tree.range(below.clone()..).map(|(path, _)| path);
    let is_folder = near.next().is_some_and(|path| path.starts_with(&below));
    if bare && !is_folder && !tree.contains_key(&path) {
        return None;
    }
    Some(path)
}

/// `${var.x}` and `${bundle.target}` as their values; a text that is nothing else takes the value's type.
pub(super) fn with_variables(value: &Value, variables: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let whole = text
                .strip_prefix("${")
                .and_then(|rest| rest.strip_suffix('}'));
            if let Some(value) = whole.and_then(|path| variable(path, variables)) {
                return value.clone();
            }
            let mut known = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                let Some((path, after)) = after.split_once('}') else {
                    break;
                };
                known += before;
                match variable(path, variables) {
                    Some(Value::String(value)) => known += value,
                    Some(Value::Number(value)) => known += &number::inside_text(value),
                    Some(value) => known += &value.to_string(),
                    None => known += &format!("${{{path}}}"),
                }
                rest = after;
            }
            Value::String(known + rest)
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

/// The value of what stands between `${` and `}`.
fn variable<'v>(path: &str, variables: &'v BTreeMap<String, Value>) -> Option<&'v Value> {
    match path.strip_prefix("var.") {
        Some(name) => variables.get(name),
        None => variables.get(path).filter(|_| {
            let starts = ["bundle.", "resources."];
            starts.iter().any(|start| path.starts_with(start))
        }),
    }
}

/// Whether a value of the workspace and one of the repository say the same. A secret is never known, so whatever
/// stands for it in the repository is right.
pub(super) fn same(live: Option<&Value>, repo: Option<&Value>) -> bool {
    match (live, repo) {
        (Some(Value::String(live)), Some(Value::String(repo))) if live.contains(REDACTED) => {
            live == repo || stands_for(live, repo)
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

/// Whether in `repo` something that names a value stands wherever a secret of `live` was hidden, and the rest is the same.
fn stands_for(live: &str, repo: &str) -> bool {
    let mut rest = repo;
    let mut parts = live.split(REDACTED);
    match parts.next().and_then(|first| rest.strip_prefix(first)) {
        Some(left) => rest = left,
        None => return false,
    }
    parts.all(|part| {
        let named = [("${", "}"), ("{{", "}}"), (REDACTED, "")];
        let left = named.iter().find_map(|(begin, end)| {
            let inner = rest.strip_prefix(begin)?;
            let at = inner.find(end)?;
            inner[at + end.len()..].strip_prefix(part)
        });
        rest = left.unwrap_or_default();
        left.is_some()
    }) && rest.is_empty()
}

/// What a target says about resources, as the files have it now: the base of a merge was captured with it laid over.
#[derive(Clone, Default)]
pub struct Overrides(Vec<Override>);

impl Overrides {
    /// Those of `target` in the bundle in `tree`; none when its files cannot be read, which is told elsewhere.
    #[must_use]
    pub fn of(tree: &Tree, target: &str) -> Self {
        let repo = repo::read(tree, target);
        repo.map(|repo| Self::in_repo(&repo, target))
            .unwrap_or_default()
    }

    pub(super) fn in_repo(repo: &Repo, target: &str) -> Self {
        let of_target = |over: &&Override| over.target == target;
        Self(repo.overrides.iter().filter(of_target).cloned().collect())
    }
}

/// Whether `bytes`, as the content of `path`, hold what a lock calls `digest`: the file itself, or a resource in it.
/// So the base of a merge is found in a repository's history.
#[must_use]
pub fn holds(
    path: &str,
    bytes: &[u8],
    tree: &Tree,
    overrides: &Overrides,
    variables: &BTreeMap<String, Value>,
    digest: &Digest,
) -> bool {
    is_of(path, bytes, digest)
        || resource_in(path, bytes, tree, overrides, variables, digest).is_some()
}

/// Whether a file is the one that a lock calls `digest`. Whoever only ran a notebook did not change it.
pub(super) fn is_of(path: &str, bytes: &[u8], digest: &Digest) -> bool {
    digests(path, bytes).contains(digest)
}

/// What a lock may call a file: by all that it has, and by what of it is kept.
pub(super) fn digests(path: &str, bytes: &[u8]) -> [Digest; 2] {
    [sha256(bytes), sha256(&kept(path, bytes))]
}

/// The form in `bytes` that has that digest, with what the target says laid over it or, as captures once were, without.
pub(super) fn resource_in(
    path: &str,
    bytes: &[u8],
    tree: &Tree,
    overrides: &Overrides,
    variables: &BTreeMap<String, Value>,
    wanted: &Digest,
) -> Option<Value> {
    let value = crate::yaml_edit::read(std::str::from_utf8(bytes).ok()?).ok()?;
    // Of this file as it was then; of the others as they are now.
    let then = repo::said_by_targets(&value, path);
    let mut forms = Vec::new();
    for (key, raw) in &defined(&value) {
        let Some(kind) = kind(&key.kind) else {
            continue;
        };
        let said = overrides.0.iter().filter(|over| over.key == *key);
        let over: Vec<(&Value, &str)> = said
            .filter_map(|over| match over.file == path {
                true => {
                    let before = then
                        .iter()
                        .find(|before| before.key == over.key && before.target == over.target)?;
                    Some((&before.raw, path))
                }
                false => Some((&over.raw, over.file.as_str())),
            })
            .collect();
        let alone = vec![(raw, path)];
        let whole: Vec<(&Value, &str)> =
            alone.iter().copied().chain(over.iter().copied()).collect();
        forms.push(of_raw(kind, key, &whole, tree, variables));
        if !over.is_empty() {
            forms.push(of_raw(kind, key, &alone, tree, variables));
        }
    }
    forms.into_iter().find(|form| digest(form) == *wanted)
}
