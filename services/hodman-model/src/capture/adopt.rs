//! What drift found goes back into the repository: an edit of the resource's YAML that says what somebody set by hand in a
//! promoted environment.

mod beside;
mod check;
mod contents;
mod field;
mod unnamed;

use std::collections::BTreeMap;

use serde_json::Value;

use super::appended::World;
use super::repo;
use super::variables::variables;
use crate::bundle::{Options, ResourceKey};
use crate::diagnostic::Diagnostics;
use crate::field_path::{FieldPath, PathSegment};
use crate::files::Tree;
use crate::kinds::{Kind, kind};
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
/// the next apply puts it back. So is whatever the bundle, resolved as `options` say, would not say then. Their variables are
/// those of the environment's binding.
///
/// # Errors
/// When the bundle cannot be read or has no such resource or place.
pub fn adopt(
    tree: &Tree,
    key: &ResourceKey,
    changes: &[FieldChange],
    target: &str,
    options: &Options,
) -> Result<Adopted, AdoptError> {
    let repo = repo::read(tree, target).map_err(AdoptError::Bundle)?;
    let variables = variables(tree, target, &options.variables);
    let kind = kind(&key.kind).filter(|_| repo.resources.contains_key(key));
    let asked = Asked {
        world: World {
            repo: &repo,
            tree,
            target,
            variables: &variables,
        },
        key,
        kind: kind.ok_or_else(|| AdoptError::NoSuchResource(key.clone()))?,
    };
    let mut left: BTreeMap<FieldPath, String> = BTreeMap::new();
    loop {
        let wanted = changes
            .iter()
            .filter(|change| !left.contains_key(&change.path));
        let (mut adopted, tried) = edited(&asked, wanted)?;
        let wrong = check::wrong(&asked, &adopted, &tried, options);
        if wrong.is_empty() {
            adopted.notes.extend(left.into_values());
            return Ok(adopted);
        }
        left.extend(wrong);
    }
}

/// What is edited, and why.
struct Asked<'a> {
    world: World<'a>,
    key: &'a ResourceKey,
    kind: &'static dyn Kind,
}

/// The files that say what `changes` found, and of these the changes that they say; the others have a note.
fn edited<'c>(
    asked: &Asked<'_>,
    changes: impl Iterator<Item = &'c FieldChange>,
) -> Result<(Adopted, Vec<&'c FieldChange>), AdoptError> {
    let World {
        repo,
        tree,
        target,
        variables,
    } = asked.world;
    let (key, kind) = (asked.key, asked.kind);
    let own = repo.resources.get(key);
    let raw = own.map(|resource| &resource.raw).unwrap_or(&Value::Null);
    let mut adopted = Adopted::default();
    let mut tried = Vec::new();
    for change in changes {
        if let Some(note) = never(kind, raw, change) {
            adopted.notes.push(note);
            continue;
        }
        if let Some(field) = beside::field_of(&change.path) {
            let read =
                |file: &str| yaml_edit::read(&text_of(tree, &adopted, file)).unwrap_or_default();
            let of = (target, variables);
            match beside::entry(repo, key, of, field, change, &read) {
                Ok(entry) => {
                    let beside::Entry { file, path, value } = entry;
                    write(&mut adopted, tree, (&file, &path), value.as_ref(), kind)?;
                }
                Err(note) => adopted.notes.push(note),
            }
            continue;
        }
        match contents::file_of(repo, key, target, change, tree) {
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
        let placed = match unnamed::as_written(asked, &adopted, change) {
            Ok(placed) => placed,
            Err(note) => {
                adopted.notes.push(note);
                continue;
            }
        };
        if field::edit(asked, &mut adopted, placed.as_ref().unwrap_or(change))? {
            tried.push(change);
        }
    }
    Ok((adopted, tried))
}

/// What is said of a change that is no field of the bundle, or that nobody can read back.
fn never(kind: &dyn Kind, config: &Value, change: &FieldChange) -> Option<String> {
    let path = &change.path;
    if change.is_files_folder() || *path == FieldPath::default().key("adopted id") {
        return Some(format!(
            "`{path}` is no field of the bundle and was left out"
        ));
    }
    if change.redacted {
        return Some(format!(
            "`{path}` holds what looks like a secret and was left out"
        ));
    }
    let instead = kind.rules().instead.iter().find(|(said, other)| {
        let is_other = matches!(path.0.as_slice(), [PathSegment::Key(key)] if key == other);
        is_other && change.after.is_none() && config.get(*said).is_some()
    });
    if let Some((said, _)) = instead {
        return Some(format!(
            "`{path}` stands in the place of `{said}`, which is in the files, so it was left out: the next apply puts it back"
        ));
    }
    is_sent_only(kind, config, path).then(|| {
        format!(
            "`{path}` cannot be read back from a workspace, so nothing is proposed for it: the next apply puts it back"
        )
    })
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
