//! Edits of permissions and grants: by principal in a form, entries of a list in a bundle.

use serde_json::Value;

use crate::bundle::ResourceKey;
use crate::capture::Work;
use crate::capture::beside::{grant, permission, principal_of, to_list};
use crate::capture::form::with_variables;
use crate::capture::merge::Edit;
use crate::capture::repo::Override;
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::{grants, permissions};
use crate::yaml_edit;

/// The edits with those of permissions and grants turned to entries of the lists in `file`, where the resource stands at
/// `place` and has the form `form` now. Entries that stay keep their place and comments.
pub(super) fn as_lists(
    work: &Work<'_>,
    edits: &[Edit],
    form: &Value,
    file: &str,
    place: &FieldPath,
) -> Vec<Edit> {
    let (beside, mut all): (Vec<&Edit>, Vec<&Edit>) = edits
        .iter()
        .partition(|edit| field_of(&edit.path).is_some());
    let mut turned: Vec<Edit> = all.drain(..).cloned().collect();
    for field in [permissions::FIELD, grants::FIELD] {
        let of_field: Vec<&Edit> = beside
            .iter()
            .copied()
            .filter(|edit| field_of(&edit.path) == Some(field))
            .collect();
        if !of_field.is_empty() {
            turned.extend(entries(work, field, &of_field, form, file, place));
        }
    }
    turned
}

/// What the target says about the principal whose permission or grant `path` is.
pub(super) fn says<'w>(
    work: &Work<'w>,
    key: &ResourceKey,
    path: &FieldPath,
) -> Option<&'w Override> {
    let field = field_of(path)?;
    let Some(PathSegment::Key(principal)) = path.0.get(1) else {
        return None;
    };
    let over = work.repo.overrides_of(key, work.input.target);
    over.rev().find(|over| {
        let list = over.raw.get(field).and_then(Value::as_array);
        list.into_iter().flatten().any(|entry| {
            let entry = with_variables(entry, &work.variables);
            principal_of(field, &entry).as_ref() == Some(principal)
        })
    })
}

fn field_of(path: &FieldPath) -> Option<&'static str> {
    match path.0.first() {
        Some(PathSegment::Key(key)) if key == permissions::FIELD => Some(permissions::FIELD),
        Some(PathSegment::Key(key)) if key == grants::FIELD => Some(grants::FIELD),
        _ => None,
    }
}

fn entries(
    work: &Work<'_>,
    field: &str,
    edits: &[&Edit],
    form: &Value,
    file: &str,
    place: &FieldPath,
) -> Vec<Edit> {
    let list = FieldPath::default().key(field);
    let wanted = form.get(field);
    let root = yaml_edit::read(&work.text(file)).unwrap_or_default();
    let written = place.key(field).get(&root).and_then(Value::as_array);
    let whole = edits.iter().any(|edit| edit.path.0.len() < 2);
    let Some(written) = written.filter(|_| !whole) else {
        let managed = wanted.and_then(|managed| to_list(field, managed));
        return vec![whole_list(list, managed)];
    };
    let mut there: Vec<Option<String>> = written
        .iter()
        .map(|entry| principal_of(field, &with_variables(entry, &work.variables)))
        .collect();
    let mut principals: Vec<&str> = edits
        .iter()
        .filter_map(|edit| match edit.path.0.get(1) {
            Some(PathSegment::Key(principal)) => Some(principal.as_str()),
            _ => None,
        })
        .collect();
    principals.dedup();
    let (mut changed, mut gone) = (Vec::new(), Vec::new());
    for principal in principals {
        let at = there
            .iter()
            .position(|name| name.as_deref() == Some(principal));
        let now = wanted.and_then(|managed| managed.get(principal));
        match (at, now) {
            (Some(at), Some(now)) => {
                let inner = if field == grants::FIELD {
                    "privileges"
                } else {
                    "level"
                };
                changed.push(Edit {
                    path: list.then(PathSegment::Index(at)).key(inner),
                    value: Some(now.clone()),
                });
            }
            (None, Some(now)) => {
                let entry = if field == grants::FIELD {
                    grant(principal, now)
                } else {
                    permission(principal, now)
                };
                changed.push(Edit {
                    path: list.then(PathSegment::Index(there.len())),
                    value: Some(entry),
                });
                there.push(None);
            }
            (Some(at), None) => gone.push(at),
            (None, None) => {}
        }
    }
    if changed.is_empty() && gone.len() == written.len() {
        return vec![whole_list(list, None)];
    }
    // From the end, so that the places of those before stay what they are.
    gone.sort_unstable_by(|a, b| b.cmp(a));
    changed.extend(gone.into_iter().map(|at| Edit {
        path: list.then(PathSegment::Index(at)),
        value: None,
    }));
    changed
}

/// The list as a whole. Where the last entry goes, an empty one: none would leave to the other environments what they have.
fn whole_list(list: FieldPath, entries: Option<Value>) -> Edit {
    Edit {
        path: list,
        value: Some(entries.unwrap_or_else(|| Value::Array(Vec::new()))),
    }
}
