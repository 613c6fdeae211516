//! Fields whose values stand in a file of their own, which the resource names with `file_path`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::bundle::{ResourceKey, Room};
use crate::capture::paths::resolve;
use crate::capture::repo::Repo;
use crate::field_path::{FieldPath, PathSegment};
use crate::files::Tree;
use crate::plan::FieldChange;

/// The field of the bundle that names the file.
const FILE: &str = "file_path";

/// The field of a dashboard that the file's content is.
const DASHBOARD: &str = "serialized_dashboard";

/// The file that says the changed field, and where in it; none when the bundle's files say it themselves. The error says
/// why it cannot be said in the file that says it.
pub(super) fn file_of(
    repo: &Repo,
    key: &ResourceKey,
    target: &str,
    change: &FieldChange,
    tree: &Tree,
) -> Result<Option<(String, FieldPath)>, String> {
    if !matches!(key.kind.as_str(), "dashboards" | "alerts") {
        return Ok(None);
    }
    let of_file = FieldPath::default().key(FILE);
    let Some((by, written)) = repo
        .place_of_field(key, target, &of_file)
        .and_then(|(file, _)| Some((file, file_path(repo, key, target)?)))
    else {
        return Ok(None);
    };
    let Some((PathSegment::Key(field), rest)) = change.path.0.split_first() else {
        return Ok(None);
    };
    // What the bundle's files say themselves goes before what the file says.
    let said = repo
        .place_of_field(key, target, &change.path)
        .is_some_and(|(file, place)| says(repo, key, file, &place, field));
    if said || (key.kind == "dashboards" && field != DASHBOARD) {
        return Ok(None);
    }
    let left = |why: &str| {
        Err(format!(
            "`{}` stands in the file {written}, and {why}; it was left out",
            change.path
        ))
    };
    if key.kind != "dashboards" {
        return left("what an alert's file says is not written back");
    }
    match resolve(&Room::of(tree), by, &written).filter(|path| tree.contains_key(path)) {
        Some(path) => Ok(Some((path, FieldPath(rest.to_vec())))),
        None => left("it is not found from here"),
    }
}

fn file_path(repo: &Repo, key: &ResourceKey, target: &str) -> Option<String> {
    let over = repo.overrides_of(key, target).rev();
    let mut raws = over
        .map(|over| &over.raw)
        .chain(repo.resources.get(key).map(|resource| &resource.raw));
    let written = raws.find_map(|raw| raw.get(FILE)?.as_str())?;
    (!written.contains("${")).then(|| written.to_owned())
}

fn says(repo: &Repo, key: &ResourceKey, file: &str, place: &FieldPath, field: &str) -> bool {
    let own = repo.resources.get(key);
    let own = own.filter(|own| own.file == file && own.place == *place);
    let raw = own.map(|own| &own.raw);
    // An override was found because it says the field.
    raw.is_none_or(|raw| raw.get(field).is_some())
}

/// `text`, a JSON file, with `value` at `path` and everything around it as it is written; none when that cannot be.
pub(super) fn edited(text: &str, path: &FieldPath, value: Option<&Value>) -> Option<String> {
    let mut wanted: Value = serde_json::from_str(text).ok()?;
    if !path.put(&mut wanted, value.cloned()) {
        return None;
    }
    // What is there is replaced; what is new or goes is an edit of the block around it.
    let innermost = path.0.len().saturating_sub(usize::from(value.is_none()));
    for length in (0..=innermost).rev() {
        let block = FieldPath(path.0[..length].to_vec());
        let (Some(place), Some(new)) = (place_of(text, &block), block.get(&wanted)) else {
            continue;
        };
        let line = text[..place.start].rsplit('\n').next().unwrap_or_default();
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let new = serde_json::to_string_pretty(new).ok()?;
        let new = new.replace('\n', &format!("\n{indent}"));
        let edited = format!("{}{new}{}", &text[..place.start], &text[place.end..]);
        let reads: Value = serde_json::from_str(&edited).ok()?;
        return (reads == wanted).then_some(edited);
    }
    None
}

/// Where in a JSON text the value at `path` is written.
fn place_of(text: &str, path: &FieldPath) -> Option<Range<usize>> {
    let mut raw: &RawValue = serde_json::from_str(text).ok()?;
    for segment in &path.0 {
        raw = match segment {
            PathSegment::Key(key) => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
                fields.get(key).copied()?
            }
            PathSegment::Index(at) => items(raw)?.get(*at).copied()?,
            PathSegment::Element { field, value } => items(raw)?.into_iter().find(|item| {
                let item: Value = serde_json::from_str(item.get()).unwrap_or_default();
                item.get(field).and_then(Value::as_str) == Some(value)
            })?,
        };
    }
    // It is a part of the text, so where it begins is how far it is from the text's beginning.
    let start = (raw.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let end = start + raw.get().len();
    (text.get(start..end) == Some(raw.get())).then_some(start..end)
}

fn items(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}
