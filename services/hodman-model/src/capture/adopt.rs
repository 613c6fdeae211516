//! Drift becomes a pull request: the repository takes the values that somebody set by hand in a promoted environment.

use std::collections::BTreeMap;

use serde_json::Value;

use super::paths::{extension, relative};
use super::repo;
use crate::bundle::{Language, ResourceKey};
use crate::diagnostic::Diagnostics;
use crate::field_path::{FieldPath, PathSegment};
use crate::files::Tree;
use crate::kinds::{files, kind};
use crate::plan::FieldChange;
use crate::yaml_edit::{self, EditError};

/// The files that take the live values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adopted {
    /// The files that change, by path.
    pub changes: BTreeMap<String, Option<Vec<u8>>>,
    /// What a reviewer must know: values that were left out, variables that were replaced.
    pub notes: Vec<String>,
}

/// Why the repository cannot take a live value.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// A bundle file cannot be read.
    #[error("the bundle cannot be read")]
    Bundle(#[source] Diagnostics),
    /// The repository does not define the resource.
    #[error("the bundle does not define `{0}`")]
    NoSuchResource(ResourceKey),
    /// The file has no place for the value.
    #[error("{file} cannot take the live value")]
    Edit {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: EditError,
    },
}

/// Edits the definition of `key` so that it says what `changes` (of a plan's update) found in the workspace.
///
/// Where `targets.<target>` already says something for a field, it is said there. So is what the resource says by a
/// reference, which stays as it is for the other environments. Else it is said in the resource itself: it is then the next
/// package's value for every environment.
///
/// # Errors
/// When the bundle cannot be read or has no such resource or place.
pub fn adopt(
    tree: &Tree,
    key: &ResourceKey,
    changes: &[FieldChange],
    target: &str,
) -> Result<Adopted, AdoptError> {
    let repo = repo::read(tree, target).map_err(AdoptError::Bundle)?;
    let found = repo.resources.get(key).zip(kind(&key.kind));
    let (resource, kind) = found.ok_or_else(|| AdoptError::NoSuchResource(key.clone()))?;
    let mut adopted = Adopted::default();
    for change in changes {
        if change.is_files_folder() || change.path == FieldPath::default().key("adopted id") {
            adopted.notes.push(format!(
                "`{}` is no field of the bundle and was left out",
                change.path
            ));
            continue;
        }
        if change.redacted {
            adopted.notes.push(format!(
                "`{}` holds what looks like a secret and was left out",
                change.path
            ));
            continue;
        }
        let at = repo.place_of_field(key, target, &change.path);
        let (file, place) = at.ok_or_else(|| AdoptError::NoSuchResource(key.clone()))?;
        let (mut file, mut place) = (file.to_owned(), place);
        let own = file == resource.file && place == resource.place;
        let says = |adopted: &Adopted, file: &str, place: &FieldPath| {
            let mut path = place.clone();
            path.0.extend(change.path.0.iter().cloned());
            let value = yaml_edit::read(&text_of(tree, adopted, file)).ok()?;
            path.get(&value).cloned()
        };
        if !own && change.before.is_none() && change.path.get(&resource.raw).is_some() {
            adopted.notes.push(format!(
                "`{}` is gone in the workspace; what the resource says cannot be taken away for one target, so it stays",
                change.path
            ));
            continue;
        }
        let before = says(&adopted, &file, &place);
        if let Some(written) = before
            .as_ref()
            .filter(|written| change.before.is_some() && has_reference(written))
        {
            let shown = written
                .as_str()
                .map_or_else(|| "a block with references".to_owned(), str::to_owned);
            match over_place(&repo, key, target, &change.path).filter(|_| own) {
                Some(over) => {
                    (file, place) = over;
                    adopted.notes.push(format!(
                        "`{}` stays {shown} in {}; the value stands in the target `{target}`",
                        change.path, resource.file
                    ));
                }
                None => adopted.notes.push(format!(
                    "`{}` was {shown} and is a fixed value now",
                    change.path
                )),
            }
        }
        let mut path = place;
        path.0.extend(change.path.0.iter().cloned());
        let text = text_of(tree, &adopted, &file);
        let order = kind.rules().field_order;
        let edited = match &change.before {
            Some(live) => yaml_edit::set(&text, &path.0, &written(live, &file, tree), order),
            None => yaml_edit::remove(&text, &path.0, order),
        };
        let edited = edited.map_err(|source| AdoptError::Edit {
            file: file.clone(),
            source,
        })?;
        if let Some(block) = edited.rewritten {
            adopted.notes.push(format!(
                "the block `{block}` of {file} was written anew; its comments are lost"
            ));
        }
        if edited.text != text {
            adopted.changes.insert(file, Some(edited.text.into_bytes()));
        }
    }
    Ok(adopted)
}

/// Whether a value refers to something: a variable, another resource.
fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(map) => map.values().any(has_reference),
        _ => false,
    }
}

/// Where the target can say a field of the resource: in the file that has the target, if its path has no places in lists,
/// which a target cannot name.
fn over_place(
    repo: &repo::Repo,
    key: &ResourceKey,
    target: &str,
    path: &FieldPath,
) -> Option<(String, FieldPath)> {
    let by_place = path
        .0
        .iter()
        .any(|segment| matches!(segment, PathSegment::Index(_)));
    let file = repo.target_files.get(target).filter(|_| !by_place)?;
    let mut place = FieldPath::default().key("targets").key(target);
    place.0.extend(repo::place_of(key).0);
    Some((file.clone(), place))
}

fn text_of(tree: &Tree, adopted: &Adopted, file: &str) -> String {
    let bytes = match adopted.changes.get(file) {
        Some(change) => change.clone().unwrap_or_default(),
        None => tree
            .get(file)
            .map(|file| file.bytes.to_vec())
            .unwrap_or_default(),
    };
    String::from_utf8(bytes).unwrap_or_default()
}

/// `${files}/src/load` is the notebook `src/load.py` of the repository, written from the file on.
fn written(value: &Value, file: &str, tree: &Tree) -> Value {
    match value {
        Value::String(text) => match text
            .strip_prefix(files::PLACEHOLDER)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            Some(path) => {
                let languages = [
                    Language::Python,
                    Language::Sql,
                    Language::Scala,
                    Language::R,
                    Language::Jupyter,
                ];
                let mut names = languages
                    .iter()
                    .map(|language| format!("{path}{}", extension(Some(*language))));
                let name = if tree.contains_key(path) {
                    None
                } else {
                    names.find(|name| tree.contains_key(name))
                };
                Value::String(relative(file, name.as_deref().unwrap_or(path)))
            }
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| written(item, file, tree)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), written(item, file, tree)))
            .collect(),
        other => other.clone(),
    }
}
