//! One field of a resource, in the file and at the place that ought to say it.

use serde_json::Value;

use super::{AdoptError, Adopted, Asked, text_of, write};
use crate::bundle::{Language, Room};
use crate::capture::kept::{has_reference, kept};
use crate::capture::paths::{REPO, extension, relative};
use crate::field_path::FieldPath;
use crate::files::Tree;
use crate::kinds::files;
use crate::plan::FieldChange;
use crate::yaml_edit;

/// Says what `change` found. Gives whether it did; else there is a note.
pub(super) fn edit(
    asked: &Asked<'_>,
    adopted: &mut Adopted,
    change: &FieldChange,
) -> Result<bool, AdoptError> {
    let world = &asked.world;
    let live = change.before.as_ref().map(|live| in_form(live, world.tree));
    if let Some(Value::Array(items)) = &live
        && let Some(done) = list(asked, adopted, change, items)?
    {
        return Ok(done);
    }
    let (key, path) = (asked.key, &change.path);
    let missing = || AdoptError::NoSuchResource(key.clone());
    let resource = world.repo.resources.get(key).ok_or_else(missing)?;
    let at = world.repo.place_of_field(key, world.target, path);
    let (file, place) = at.ok_or_else(missing)?;
    let own = file == resource.file && place == resource.place;
    if !own && live.is_none() && path.get(&resource.raw).is_some() {
        adopted.notes.push(format!(
            "`{path}` is gone in the workspace; what the resource says cannot be taken away for one target, so it stays"
        ));
        return Ok(false);
    }
    let (mut file, mut place) = (file.to_owned(), place);
    let now = yaml_edit::read(&text_of(world.tree, adopted, &file)).unwrap_or_default();
    let written = below(&place, path).get(&now).cloned();
    let by_reference = written
        .as_ref()
        .filter(|written| live.is_some() && has_reference(written));
    let in_list = live.as_ref().is_some_and(Value::is_array);
    if let Some(written) = by_reference.filter(|_| !in_list) {
        let shown = written
            .as_str()
            .map_or_else(|| "a block with references".to_owned(), str::to_owned);
        let over = world.repo.over_place(key, world.target, path);
        match over.filter(|_| own) {
            Some(over) => {
                (file, place) = over;
                adopted.notes.push(format!(
                    "`{path}` stays {shown} in {}; the value stands in the target `{}`",
                    resource.file, world.target
                ));
            }
            None => adopted
                .notes
                .push(format!("`{path}` was {shown} and is a fixed value now")),
        }
    }
    let pieces = world.repo.pieces(key, world.target);
    let piece = pieces
        .iter()
        .find(|piece| piece.file == file && piece.place == place);
    let said = piece.map(|piece| world.said(asked.kind, key, piece));
    let there = said.as_ref().and_then(|said| said.at(path));
    let (room, mut lost) = (Room::of(world.tree), Vec::new());
    let write_new = |value: &Value| from_file(value, &room, &file);
    let value = match &live {
        Some(live) if in_list => Some(kept(there, live, &write_new, &mut lost)),
        Some(live) => Some(kept(None, live, &write_new, &mut lost)),
        None => None,
    };
    for reference in lost {
        adopted.notes.push(format!(
            "`{path}` had {reference} and has a fixed value there now"
        ));
    }
    let at = (file.as_str(), &below(&place, path));
    write(adopted, world.tree, at, value.as_ref(), asked.kind)?;
    Ok(true)
}

/// A list that the resource says and the target adds to, or may: `items` are all of it. None where one file says it alone.
fn list(
    asked: &Asked<'_>,
    adopted: &mut Adopted,
    change: &FieldChange,
    items: &[Value],
) -> Result<Option<bool>, AdoptError> {
    let (world, path) = (&asked.world, &change.path);
    let Some(divided) = world.divided(asked.kind, asked.key, path, true) else {
        return Ok(None);
    };
    let left = |adopted: &mut Adopted, why: &str| {
        adopted
            .notes
            .push(format!("`{path}` is a list, and {why}; it was left out"));
        Ok(Some(false))
    };
    let target = world.target;
    let Some((part, rest)) = divided.taken(items) else {
        return left(
            adopted,
            &format!(
                "what the target `{target}` says is added to what the resource says, which is not what the workspace begins with"
            ),
        );
    };
    let (room, mut lost) = (Room::of(world.tree), Vec::new());
    let write_new = |value: &Value| from_file(value, &room, &part.file);
    let value = kept(
        part.there(path),
        &Value::Array(rest.clone()),
        &write_new,
        &mut lost,
    );
    if let Some(reference) = lost.first().filter(|_| part.for_all) {
        return left(
            adopted,
            &format!("{reference} in it would be a fixed value for every environment"),
        );
    }
    if !part.for_all && part.there(path).is_none() {
        adopted.notes.push(format!(
            "`{path}` stays as the resource says it, by reference; what was added stands in the target `{target}`"
        ));
    }
    let at = (part.file.as_str(), &below(&part.place, path));
    let value = Some(&value).filter(|_| !rest.is_empty());
    write(adopted, world.tree, at, value, asked.kind)?;
    Ok(Some(true))
}

fn below(place: &FieldPath, path: &FieldPath) -> FieldPath {
    let mut place = place.clone();
    place.0.extend(path.0.iter().cloned());
    place
}

/// A live value as a form says it: `${files}/src/load` is the notebook `src/load.py` of the repository.
fn in_form(value: &Value, tree: &Tree) -> Value {
    match value {
        Value::String(text) => {
            let path = text
                .strip_prefix(files::PLACEHOLDER)
                .and_then(|rest| rest.strip_prefix('/'));
            match path {
                Some(path) => Value::String(format!("{REPO}{}", in_tree(path, tree))),
                None => value.clone(),
            }
        }
        Value::Array(items) => items.iter().map(|item| in_form(item, tree)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), in_form(item, tree)))
            .collect(),
        other => other.clone(),
    }
}

/// The file of the tree that is uploaded as `path`, which is without a notebook's extension. With files beside the bundle's
/// folder, paths begin further up.
fn in_tree(path: &str, tree: &Tree) -> String {
    let languages = [
        None,
        Some(Language::Python),
        Some(Language::Sql),
        Some(Language::Scala),
        Some(Language::R),
        Some(Language::Jupyter),
    ];
    let names = languages.map(|language| format!("{path}{}", extension(language)));
    if let Some(name) = names.iter().find(|name| tree.contains_key(*name)) {
        return name.clone();
    }
    let room = Room::of(tree);
    let uploaded = |key: &String| {
        let outer = room.outer(key).unwrap_or_default();
        names.iter().any(|name| {
            outer
                .strip_suffix(name.as_str())
                .is_some_and(|above| above.is_empty() || above.ends_with('/'))
        })
    };
    let mut found = tree.keys().filter(|key| uploaded(key));
    match (found.next(), found.next()) {
        (Some(only), None) => only.clone(),
        _ => path.to_owned(),
    }
}

/// A value of a form as `file` writes it.
fn from_file(value: &Value, room: &Room, file: &str) -> Value {
    match value.as_str().and_then(|text| text.strip_prefix(REPO)) {
        Some(path) => Value::String(relative(room, file, path)),
        None => value.clone(),
    }
}
