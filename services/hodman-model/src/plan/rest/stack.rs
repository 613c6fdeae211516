//! What is left of a change of a stack of CloudFormation. A change set that is being executed goes on without us, and is waited for:
//! nothing is left of it. Two things take more than one: a stack that is removed to be made anew, and one that takes over
//! resources before it gets the rest of its template.

use serde_json::Value;

use super::super::row::{Action, FieldChange, Row};
use crate::field_path::PathSegment;
use crate::stacks::{StackAction, WHOLE};

pub(super) fn is_rest(left: &Row, approved: &Row) -> bool {
    let (changes, shown) = (left.changes.read(), approved.changes.read());
    let other_name = approved.action == Action::Replace;
    if left.action == Action::Create {
        // It was removed, or is to stand beside the old one, and nobody made it. What it would take over was not shown.
        let anew = is_shown(&shown, WHOLE, StackAction::Replace) || other_name;
        return anew && inside(&changes).next().is_none();
    }
    let imported: Vec<&str> = inside(&shown)
        .filter(|(_, change)| does(change, StackAction::Import))
        .map(|(address, _)| address)
        .collect();
    if imported.is_empty() || !matches!(left.action, Action::Adopt | Action::Update) {
        return false;
    }
    let new = approved.action == Action::Create || other_name;
    let known = new || approved.live_id.is_none() || approved.live_id == left.live_id;
    // Its template is half-way there: where it leads counts.
    let among = |change: &FieldChange| {
        let mut others = shown.iter();
        others.any(|other| other.path == change.path && other.after == change.after)
    };
    known
        && changes.iter().all(|change| match of_resource(change) {
            Some(address) if imported.contains(&address) => tags(change),
            Some(address) => {
                let outer = address.split('/').next().unwrap_or_default();
                let is_new = is_shown(&shown, outer, StackAction::Create);
                is_new && (change.path.0.len() > 2 || does(change, StackAction::Create))
            }
            None if is_output(change) => shown.iter().any(|other| other.path == change.path),
            // A creation leads to all of it.
            None => new || among(change),
        })
}

/// The resources among the changes of a row, each with what becomes of it.
fn inside(changes: &[FieldChange]) -> impl Iterator<Item = (&str, &FieldChange)> {
    let resources = changes.iter().filter(|change| change.path.0.len() == 2);
    resources.filter_map(|change| Some((of_resource(change)?, change)))
}

fn is_shown(changes: &[FieldChange], address: &str, action: StackAction) -> bool {
    inside(changes).any(|(shown, change)| shown == address && does(change, action))
}

fn of_resource(change: &FieldChange) -> Option<&str> {
    match change.path.0.as_slice() {
        [PathSegment::Key(first), PathSegment::Key(address), ..] if first == "resources" => {
            Some(address)
        }
        _ => None,
    }
}

fn is_output(change: &FieldChange) -> bool {
    matches!(change.path.0.first(), Some(PathSegment::Key(first)) if first == "outputs")
}

fn does(change: &FieldChange, action: StackAction) -> bool {
    let what = change.after.as_ref();
    what.and_then(|what| what.get("action")?.as_str()) == Some(action.word())
}

/// Whether it is our tags that an imported resource gets: all fields that change are said with it, where they are.
fn tags(change: &FieldChange) -> bool {
    let fields = change
        .after
        .as_ref()
        .and_then(|what| what.get("fields")?.as_array());
    let of_tags = |field: &Value| {
        let field = field.as_str().unwrap_or_default();
        let field = field.strip_prefix("Properties.").unwrap_or(field);
        let rest = field.strip_prefix("Tags");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    change.path.0.len() == 2
        && does(change, StackAction::Update)
        && fields.is_some_and(|fields| !fields.is_empty() && fields.iter().all(of_tags))
}
