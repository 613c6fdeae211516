//! Writes what was captured into the bundle's files.

mod beside;
mod include;
mod references;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::bundle::ResourceKey;
use crate::capture::merge::Edit;
use crate::capture::repo::{Piece, Repo, place_of};
use crate::capture::varied::with_pauses;
use crate::capture::{CapturedAs, Work};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::Kind;
use crate::yaml_edit;
pub(super) use include::place;
use references::Goes;
use value::Writer;

/// Puts a new resource into `file`.
pub(super) fn new_file(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    file: &str,
    form: &Value,
) {
    let form = said(work, kind, form);
    let mut writer = Writer::new(work, file, key);
    let config = writer.resource(work, &form);
    let secrets = writer.secrets;
    put(work, kind, file, &place_of(key), Some(&config));
    declare(work, key, &secrets);
}

/// Writes fields of a resource whose form is now `form`, each where the files say it: what the target says is changed
/// there. Gives what is to be said about how it went.
pub(super) fn edits(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    edits: &[Edit],
    form: &Value,
) -> String {
    let mut by_place: BTreeMap<(String, FieldPath), Vec<Edit>> = BTreeMap::new();
    let mut told = String::new();
    let mut of_target = Vec::new();
    let whole = said(work, kind, form);
    for edit in edits {
        let edit = &pause_said(edit, &whole);
        match references::goes(work, kind, key, edit) {
            Goes::There => {}
            Goes::Part(place, items) => {
                let path = edit.path.clone();
                let value = (!items.is_empty()).then_some(Value::Array(items));
                let edits = by_place.entry(place).or_default();
                edits.push(emptied(kind, &Edit { path, value }));
                continue;
            }
            Goes::Target(place, reference) => {
                told += &format!(
                    " (`{}` stays `{reference}` for the others; the value stands in the target `{}`)",
                    edit.path, work.input.target
                );
                of_target.push((place, edit.clone()));
                continue;
            }
            Goes::Nowhere(why) => {
                told += &why;
                continue;
            }
        }
        let Some(place) = place_of_edit(work, key, edit) else {
            continue;
        };
        if edit.value.is_none() && shows_through(work, key, &place, &edit.path) {
            told += &format!(
                " (`{}` is gone in the workspace; what the resource says cannot be taken away for one target, so it stays)",
                edit.path
            );
            continue;
        }
        let edits = by_place.entry(place).or_default();
        edits.push(emptied(kind, edit));
    }
    for ((file, place), edits) in by_place {
        let mut writer = Writer::new(work, &file, key);
        let repo = work.repo;
        let pieces = repo.pieces(key, work.input.target);
        let piece = pieces.iter().find(|piece| is_at(piece, &file, &place));
        let said = piece.map(|piece| references::world(work).said(kind, key, piece));
        let for_all = place == place_of(key);
        for edit in beside::as_lists(work, &edits, form, &file, &place) {
            let value = edit.value.as_ref().map(|value| {
                let there = said.as_ref().and_then(|said| said.at(&edit.path));
                writer.field(work, &edit.path, value, there)
            });
            for reference in std::mem::take(&mut writer.lost).iter().filter(|_| for_all) {
                told += &format!(
                    " (`{reference}` in `{}` is a fixed value now, for every environment)",
                    edit.path
                );
            }
            told += &write(work, kind, (&file, &place), &edit.path, value.as_ref());
        }
        let secrets = writer.secrets;
        declare(work, key, &secrets);
    }
    for ((file, place), edit) in of_target {
        told += &write(work, kind, (&file, &place), &edit.path, edit.value.as_ref());
    }
    told
}

fn is_at(piece: &Piece<'_>, file: &str, place: &FieldPath) -> bool {
    piece.file == file && piece.place == *place
}

/// Writes a field of what stands at `place`; gives what is to be said about how it went.
fn write(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    (file, place): (&str, &FieldPath),
    field: &FieldPath,
    value: Option<&Value>,
) -> String {
    let mut path = place.clone();
    path.0.extend(field.0.iter().cloned());
    match put(work, kind, file, &path, value) {
        Some(block) => {
            format!(" (the block `{block}` of {file} was written anew; its comments are lost)")
        }
        None => String::new(),
    }
}

/// The form with what is not said by itself.
fn said(work: &Work<'_>, kind: &dyn Kind, form: &Value) -> Value {
    match work.literal("pause_statuses") {
        true => form.clone(),
        false => with_pauses(kind, form),
    }
}

/// The edit, where it ends a pause or brings a schedule, with the status that the whole form says.
fn pause_said(edit: &Edit, whole: &Value) -> Edit {
    let of_pause =
        matches!(edit.path.0.last(), Some(PathSegment::Key(key)) if key == "pause_status");
    let brings = edit.value.as_ref().is_some_and(Value::is_object);
    let value = edit.path.get(whole).filter(|_| of_pause || brings);
    Edit {
        path: edit.path.clone(),
        value: value.cloned().or_else(|| edit.value.clone()),
    }
}

/// The edit; where it takes away the last of a list that says more when it is empty than when it is not there, with that.
fn emptied(kind: &dyn Kind, edit: &Edit) -> Edit {
    let mut edit = edit.clone();
    if let ([PathSegment::Key(field)], None) = (edit.path.0.as_slice(), &edit.value)
        && kind.rules().said_empty.contains(&field.as_str())
    {
        edit.value = Some(Value::Array(Vec::new()));
    }
    edit
}

/// The file that says a field, and where in it the resource stands.
fn place_of_edit(work: &Work<'_>, key: &ResourceKey, edit: &Edit) -> Option<(String, FieldPath)> {
    let target = work.input.target;
    if let Some(over) = beside::says(work, key, &edit.path) {
        return Some((over.file.clone(), over.place()));
    }
    let (file, place) = work.repo.place_of_field(key, target, &edit.path)?;
    Some((file.to_owned(), place))
}

/// Whether a field that is taken away from what the target says is then said by the resource itself.
fn shows_through(
    work: &Work<'_>,
    key: &ResourceKey,
    (file, place): &(String, FieldPath),
    path: &FieldPath,
) -> bool {
    let own = work.repo.resources.get(key);
    own.is_some_and(|own| (&own.file, &own.place) != (file, place) && path.get(&own.raw).is_some())
}

/// Takes a resource out of the bundle, with what targets say about it.
pub(super) fn removal(work: &mut Work<'_>, kind: &dyn Kind, key: &ResourceKey) {
    for (file, place) in places(work.repo, key) {
        remove(work, kind, &file, &place);
    }
}

/// Everywhere that the bundle says something about a resource.
pub(super) fn places(repo: &Repo, key: &ResourceKey) -> BTreeSet<(String, FieldPath)> {
    let said = repo.overrides.iter().filter(|over| over.key == *key);
    let mut places: BTreeSet<(String, FieldPath)> =
        said.map(|over| (over.file.clone(), over.place())).collect();
    let own = repo.resources.get(key);
    places.extend(own.map(|own| (own.file.clone(), own.place.clone())));
    places
}

/// Takes what stands at `place` out of `file`, and the file away when nothing else is in it.
fn remove(work: &mut Work<'_>, kind: &dyn Kind, file: &str, place: &FieldPath) {
    let alone = yaml_edit::read(&work.text(file)).is_ok_and(|value| {
        let kinds = value.get("resources").and_then(Value::as_object);
        let one = |value: &Value| {
            value
                .as_object()
                .is_some_and(|resources| resources.len() == 1)
        };
        value.as_object().is_some_and(|map| map.len() == 1)
            && kinds.is_some_and(|kinds| kinds.len() == 1 && kinds.values().all(one))
    });
    if alone {
        work.out.changes.insert(file.to_owned(), None);
        include::forget(work, file);
    } else {
        put(work, kind, file, place, None);
    }
}

/// One edit of one file; gives the block that lost its comments.
fn put(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    file: &str,
    path: &FieldPath,
    value: Option<&Value>,
) -> Option<FieldPath> {
    let text = work.text(file);
    let order = kind.rules().field_order;
    let edited = match value {
        Some(value) => yaml_edit::set(&text, &path.0, value, order),
        None => yaml_edit::remove(&text, &path.0, order),
    };
    match edited {
        Ok(edited) => {
            if edited.text != text {
                work.out
                    .changes
                    .insert(file.to_owned(), Some(edited.text.into_bytes()));
            }
            edited.rewritten
        }
        // The file was read before, and paths come from comparing what it holds; still, never hide it.
        Err(error) => {
            work.row(
                file,
                CapturedAs::Conflict,
                None,
                None,
                format!("`{path}` cannot be written: {error}"),
            );
            None
        }
    }
}

/// The keys of a path, as far as they are keys.
fn keys_of(path: &FieldPath) -> Vec<&str> {
    path.0
        .iter()
        .filter_map(|segment| match segment {
            PathSegment::Key(key) => Some(key.as_str()),
            PathSegment::Element { .. } | PathSegment::Index(_) => None,
        })
        .collect()
}

/// Declares the variables that stand for secrets and says so.
fn declare(work: &mut Work<'_>, key: &ResourceKey, secrets: &[(String, String)]) {
    for (name, field) in secrets {
        let detail = format!(
            "`{field}` looks like a secret and was left out; the variable `{name}` stands for it"
        );
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        let description =
            json!({ "description": format!("`{field}` of {key}: a secret that was not captured") });
        work.declare(name, &description);
    }
}
