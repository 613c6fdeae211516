//! Permissions and grants: by principal in a plan, entries of a list in a bundle.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bundle::ResourceKey;
use crate::capture::beside::{grant, permission, principal_of};
use crate::capture::form::with_variables;
use crate::capture::repo::Repo;
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::{grants, permissions};
use crate::plan::FieldChange;

/// One change of a list in a file.
pub(super) struct Entry {
    /// The file.
    pub file: String,
    /// Where in it.
    pub path: FieldPath,
    /// What stands there from now on; none removes the entry.
    pub value: Option<Value>,
}

/// The field that a change is about, if it is one of these two.
pub(super) fn field_of(path: &FieldPath) -> Option<&'static str> {
    match path.0.first() {
        Some(PathSegment::Key(key)) if key == permissions::FIELD => Some(permissions::FIELD),
        Some(PathSegment::Key(key)) if key == grants::FIELD => Some(grants::FIELD),
        _ => None,
    }
}

/// The entry of the bundle's list that takes what the workspace has for the principal in `change`. `read` gives what a file
/// says by now. The error says why there is none.
pub(super) fn entry(
    repo: &Repo,
    key: &ResourceKey,
    (target, variables): (&str, &BTreeMap<String, Value>),
    field: &'static str,
    change: &FieldChange,
    read: &dyn Fn(&str) -> Value,
) -> Result<Entry, String> {
    let [_, PathSegment::Key(principal)] = change.path.0.as_slice() else {
        return Err(format!(
            "`{}` is not the {field} of one principal and was left out",
            change.path
        ));
    };
    let resource = repo
        .resources
        .get(key)
        .ok_or_else(|| format!("`{key}` is not in the bundle"))?;
    let over = repo.overrides_of(key, target);
    let places: Vec<(String, FieldPath)> = over
        .rev()
        .map(|over| (over.file.clone(), over.place()))
        .chain([(resource.file.clone(), resource.place.clone())])
        .collect();
    for (file, place) in &places {
        let list = place.key(field);
        let root = read(file);
        let Some(entries) = list.get(&root).and_then(Value::as_array) else {
            continue;
        };
        let at = entries.iter().position(|entry| {
            principal_of(field, &with_variables(entry, variables)).as_ref() == Some(principal)
        });
        if let Some(at) = at {
            let path = list.then(PathSegment::Index(at));
            return Ok(Entry {
                file: file.clone(),
                path: match change.before {
                    Some(_) if field == grants::FIELD => path.key("privileges"),
                    Some(_) => path.key("level"),
                    None => path,
                },
                value: change.before.clone(),
            });
        }
    }
    let Some(live) = change.before.as_ref().filter(|_| change.after.is_none()) else {
        // The package says something of it, and no entry of the resource does.
        return Err(format!(
            "`{}` is not said by the resource itself but for the whole bundle or by a reference, so it was left out",
            change.path
        ));
    };
    let (file, place) = (&resource.file, &resource.place);
    let list = place.key(field);
    let root = read(file);
    let value = match field {
        grants::FIELD => grant(principal, live),
        _ => permission(principal, live),
    };
    let (path, value) = match list.get(&root) {
        Some(Value::Array(entries)) => (list.then(PathSegment::Index(entries.len())), value),
        None | Some(Value::Null) => (list, Value::Array(vec![value])),
        // A block written as one reference, say.
        Some(_) => {
            return Err(format!(
                "`{field}` of the resource is no list in {file}, so `{}` was left out",
                change.path
            ));
        }
    };
    Ok(Entry {
        file: file.clone(),
        path,
        value: Some(value),
    })
}
