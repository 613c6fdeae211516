//! Grants on an object of Unity Catalog: one field of its managed config, set by requests of their own.
//!
//! Managed form: a mapping from principal to its sorted privileges, `{"data engineers": ["SELECT", "USE_SCHEMA"]}`. Only
//! direct ones: what is granted on the catalog is not said again on its schemas.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Call, Detail, Method};

/// The name of the field.
pub const FIELD: &str = "grants";

/// The request for the grants on `full_name`. Source: `/api/2.1/unity-catalog/permissions/{securable}/{full_name}`.
#[must_use]
pub fn get(securable: &str, full_name: &str) -> Detail {
    Detail {
        field: FIELD,
        call: Call::plain(Method::Get, path(securable, full_name)),
        items_field: Some("privilege_assignments"),
    }
}

/// The managed form of an answer, or of its list of assignments.
#[must_use]
pub fn read(answer: &Value) -> Value {
    let list = answer.get("privilege_assignments").unwrap_or(answer);
    let mut found = Map::new();
    for entry in list.as_array().into_iter().flatten() {
        let Some(principal) = entry.get("principal").and_then(Value::as_str) else {
            continue;
        };
        let privileges = names(entry.get("privileges"));
        if !privileges.is_empty() {
            found.insert(principal.to_owned(), json!(privileges));
        }
    }
    Value::Object(found)
}

/// Brings the grants from `live` to `wanted`, both in managed form; none when they are the same.
#[must_use]
pub fn patch(securable: &str, full_name: &str, wanted: &Value, live: &Value) -> Option<Call> {
    let empty = Map::new();
    let (wanted, live) = (
        wanted.as_object().unwrap_or(&empty),
        live.as_object().unwrap_or(&empty),
    );
    let principals: BTreeSet<&String> = wanted.keys().chain(live.keys()).collect();
    let changes: Vec<Value> = principals
        .into_iter()
        .filter_map(|principal| {
            let (new, old) = (names(wanted.get(principal)), names(live.get(principal)));
            let add: Vec<_> = new.difference(&old).collect();
            let remove: Vec<_> = old.difference(&new).collect();
            if add.is_empty() && remove.is_empty() {
                return None;
            }
            Some(json!({ "principal": principal, "add": add, "remove": remove }))
        })
        .collect();
    (!changes.is_empty()).then(|| {
        Call::with_body(
            Method::Patch,
            path(securable, full_name),
            json!({ "changes": changes }),
            true,
        )
    })
}

fn path(securable: &str, full_name: &str) -> String {
    format!("/api/2.1/unity-catalog/permissions/{securable}/{full_name}")
}

/// Privileges are texts, or mappings with one; the API writes them with spaces in some answers.
fn names(list: Option<&Value>) -> BTreeSet<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_str().or_else(|| entry.get("privilege")?.as_str()))
        .map(|name| name.replace(' ', "_"))
        .collect()
}
