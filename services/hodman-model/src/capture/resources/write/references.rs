//! Fields that Git says by a reference, or in two places: where a value goes that somebody gave them in the workspace.

use serde_json::Value;

use crate::bundle::ResourceKey;
use crate::capture::Work;
use crate::capture::appended::World;
use crate::capture::merge::Edit;
use crate::capture::varied::SORTS;
use crate::field_path::FieldPath;
use crate::kinds::Kind;
use crate::kinds::secrets::REDACTED;

/// Where it goes.
pub(super) enum Goes {
    /// To where the field is said.
    There,
    /// To one of the files that say a list one after the other, as a part of it.
    Part((String, FieldPath), Vec<Value>),
    /// To what the target says of the resource, as it is; what the resource says, this reference, stays.
    Target((String, FieldPath), String),
    /// Nowhere.
    Nowhere(String),
}

/// Where the edit goes.
pub(super) fn goes(work: &Work<'_>, kind: &dyn Kind, key: &ResourceKey, edit: &Edit) -> Goes {
    match &edit.value {
        Some(Value::Array(wanted)) => part(work, kind, key, edit, wanted),
        Some(value) => over(work, key, edit, value).unwrap_or(Goes::There),
        None => Goes::There,
    }
}

pub(super) fn world<'w>(work: &Work<'w>) -> World<'w> {
    World {
        repo: work.repo,
        tree: work.input.tree,
        target: work.input.target,
        variables: work.input.variables,
    }
}

fn part(
    work: &Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    edit: &Edit,
    wanted: &[Value],
) -> Goes {
    let Some(divided) = world(work).divided(kind, key, &edit.path, false) else {
        return Goes::There;
    };
    match divided.taken(wanted) {
        Some((part, value)) => Goes::Part((part.file.clone(), part.place.clone()), value),
        None => Goes::Nowhere(format!(
            " (`{}` is another list in the workspace; the resource says a part of it and the target `{}` the rest, and neither \
             alone can say what is there now, so it stays)",
            edit.path, work.input.target
        )),
    }
}

/// A scalar in the place of a reference that people wrote: the value is this workspace's, and the others go on with theirs.
/// What has a counterpart in each environment anyway, or means the same everywhere, is for all.
fn over(work: &Work<'_>, key: &ResourceKey, edit: &Edit, value: &Value) -> Option<Goes> {
    let plain = match value {
        Value::String(text) => !text.contains("${") && !text.contains(REDACTED),
        Value::Object(_) | Value::Array(_) | Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
    };
    let own = work.repo.resources.get(key)?;
    let (file, place) = work
        .repo
        .place_of_field(key, work.input.target, &edit.path)
        .filter(|_| plain)?;
    let written = edit.path.get(&own.raw)?.as_str()?;
    if (file, &place) != (own.file.as_str(), &own.place)
        || !written.contains("${")
        || is_captured(work, written)
    {
        return None;
    }
    let over = work.repo.over_place(key, work.input.target, &edit.path)?;
    Some(Goes::Target(over, written.to_owned()))
}

/// Whether it is a variable for a captured value, or one that a capture uses as such.
fn is_captured(work: &Work<'_>, written: &str) -> bool {
    let mut names = written.split("${").skip(1).map(|rest| {
        let path = rest.split('}').next().unwrap_or_default();
        path.strip_prefix("var.").unwrap_or_default()
    });
    names.any(|name| {
        SORTS.iter().any(|sort| sort.word == name)
            || work.declared.values().any(|(_, _, known)| known == name)
    })
}
