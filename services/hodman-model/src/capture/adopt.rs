//! Drift becomes a pull request: the repository takes the values that somebody set by hand in a promoted environment.

mod beside;
mod contents;

use std::collections::BTreeMap;

use serde_json::Value;

use super::paths::{extension, relative};
use super::repo;
use crate::bundle::{Language, ResourceKey};
use crate::diagnostic::Diagnostics;
use crate::field_path::{FieldPath, PathSegment};
use crate::files::Tree;
use crate::kinds::{Kind, files, kind};
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
/// What is not read back from a workspace, or stands where one resource cannot say it for itself, is left out with a note:
/// the next apply puts it back. `variables` are those of the bundle for the target.
///
/// # Errors
/// When the bundle cannot be read or has no such resource or place.
pub fn adopt(
    tree: &Tree,
    key: &ResourceKey,
    changes: &[FieldChange],
    target: &str,
    variables: &BTreeMap<String, Value>,
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
        if is_sent_only(kind, &resource.raw, &change.path) {
            adopted.notes.push(format!(
                "`{}` cannot be read back from a workspace, so nothing is proposed for it: the next apply puts it back",
                change.path
            ));
            continue;
        }
        if let Some(field) = beside::field_of(&change.path) {
            let read =
                |file: &str| yaml_edit::read(&text_of(tree, &adopted, file)).unwrap_or_default();
            let of = (target, variables);
            match beside::entry(&repo, key, of, field, change, &read) {
                Ok(entry) => {
                    let beside::Entry { file, path, value } = entry;
                    write(&mut adopted, tree, (&file, &path), value.as_ref(), kind)?;
                }
                Err(note) => adopted.notes.push(note),
            }
            continue;
        }
        match contents::file_of(&repo, key, target, change, tree) {
            Ok(None) => {}
            Ok(Some((file, path))) => {
                let text = text_of(tree, &adopted, &file);
                match contents::edited(&text, &path, change.before.as_ref()) {
                    Some(text) => {
                        adopted.changes.insert(file, Some(text.into_bytes()));
                    }
                    None => adopted.notes.push(format!(
                        "`{}` stands in {file} and cannot be written into it without writing all of it anew; it was left out",
                        change.path
                    )),
                }
                continue;
            }
            Err(note) => {
                adopted.notes.push(note);
                continue;
            }
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
        let value = change
            .before
            .as_ref()
            .map(|live| written(live, &file, tree));
        write(&mut adopted, tree, (&file, &path), value.as_ref(), kind)?;
    }
    Ok(adopted)
}

/// Puts `value` at a place of a file, or takes away what is there.
fn write(
    adopted: &mut Adopted,
    tree: &Tree,
    (file, path): (&str, &FieldPath),
    value: Option<&Value>,
    kind: &dyn Kind,
) -> Result<(), AdoptError> {
    let text = text_of(tree, adopted, file);
    let order = kind.rules().field_order;
    let edited = match value {
        Some(value) => yaml_edit::set(&text, &path.0, value, order),
        None => yaml_edit::remove(&text, &path.0, order),
    };
    let edited = edited.map_err(|source| AdoptError::Edit {
        file: file.to_owned(),
        source,
    })?;
    if let Some(block) = edited.rewritten {
        adopted.notes.push(format!(
            "the block `{block}` of {file} was written anew; its comments are lost"
        ));
    }
    if edited.text != text {
        let bytes = edited.text.into_bytes();
        adopted.changes.insert(file.to_owned(), Some(bytes));
    }
    Ok(())
}

/// Whether a field is taken by the server and never told: what a plan says of it are versions, not values.
fn is_sent_only(kind: &dyn Kind, config: &Value, path: &FieldPath) -> bool {
    let rules = kind.rules();
    let by_name = match path.0.as_slice() {
        [PathSegment::Key(key)] => rules.write_only_field(config).as_ref() == Some(key),
        _ => false,
    };
    by_name || rules.write_only.iter().any(|at| at.covers(path))
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
