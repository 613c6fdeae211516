//! Elements that the workspace names and the files do not, such as the models that an endpoint serves.

use serde_json::Value;

use super::{Adopted, Asked, text_of};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::rules::Unnamed;
use crate::plan::FieldChange;
use crate::yaml_edit;

/// The change as the files can take it: at the place of the element in the list, where it has no name there. None where it can stay
/// as it is; the error is a note that says why it was left out.
pub(super) fn as_written(
    asked: &Asked<'_>,
    adopted: &Adopted,
    change: &FieldChange,
) -> Result<Option<FieldChange>, String> {
    let Some((rule, list, name)) = element(asked.kind.rules().unnamed, &change.path) else {
        return Ok(None);
    };
    let world = &asked.world;
    let pieces = world.repo.pieces(asked.key, world.target);
    let mut with_list = pieces.iter().filter(|piece| list.get(piece.raw).is_some());
    let (Some(piece), None) = (with_list.next(), with_list.next()) else {
        return Err(left(change));
    };
    let now = yaml_edit::read(&text_of(world.tree, adopted, piece.file)).unwrap_or_default();
    let items = piece.place.get(&now).and_then(|raw| list.get(raw));
    let items = items.and_then(Value::as_array).map(Vec::as_slice);
    let items = items.unwrap_or_default();
    if items.iter().any(|item| item[rule.field] == name) {
        return Ok(None);
    }
    let is_it =
        |item: &Value| item.get(rule.field).is_none() && (rule.name)(item).as_deref() == Some(name);
    let comes = change.after.is_none() && change.path.0.len() == list.0.len() + 1;
    match items.iter().position(is_it) {
        Some(index) => {
            let mut path = change.path.clone();
            path.0[list.0.len()] = PathSegment::Index(index);
            let change = change.clone();
            Ok(Some(FieldChange { path, ..change }))
        }
        None if comes => Ok(None),
        None => Err(left(change)),
    }
}

fn left(change: &FieldChange) -> String {
    format!(
        "`{}` is of an element that has no name in the files, so it was left out",
        change.path
    )
}

/// The list of such elements that `path` goes into, and the name of the element.
fn element<'p>(
    rules: &'static [Unnamed],
    path: &'p FieldPath,
) -> Option<(&'static Unnamed, FieldPath, &'p str)> {
    rules.iter().find_map(|rule| {
        let steps = rule.list.split('/').skip(1);
        let list = steps.fold(FieldPath::default(), |path, step| path.key(step));
        let inside = path.0.strip_prefix(list.0.as_slice())?;
        match inside.first()? {
            PathSegment::Element { value, .. } => Some((rule, list, value.as_str())),
            _ => None,
        }
    })
}
