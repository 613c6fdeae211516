//! Grants on an object of Unity Catalog: one field of its managed config, set by requests of their own.
//!
//! Managed form: a mapping from principal to its sorted privileges, `{"data engineers": ["SELECT", "USE_SCHEMA"]}`. Only
//! direct ones: what is granted on the catalog is not said again on its schemas. Users are in lower case, as the service
//! answers them whatever it was asked for.

use std::collections::{BTreeMap, BTreeSet};

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

/// The one spelling of a principal: users' mail addresses in lower case. Names of groups keep their case, which means something.
#[must_use]
pub fn spelled(principal: &str) -> String {
    match principal.contains('@') && !principal.contains("${") {
        true => principal.to_lowercase(),
        false => principal.to_owned(),
    }
}

/// The managed form of an answer, or of its list of assignments.
#[must_use]
pub fn read(answer: &Value) -> Value {
    let list = answer.get("privilege_assignments").unwrap_or(answer);
    let entries = list.as_array().into_iter().flatten().filter_map(|entry| {
        let principal = entry.get("principal").and_then(Value::as_str)?;
        Some((principal, names(entry.get("privileges"))))
    });
    let found = joined(entries).into_iter();
    let found: Map<String, Value> = found
        .filter(|(_, privileges)| !privileges.is_empty())
        .map(|(principal, privileges)| (principal, json!(privileges)))
        .collect();
    Value::Object(found)
}

/// Brings the grants from `live` to `wanted`, both in managed form; none when they are the same.
#[must_use]
pub fn patch(securable: &str, full_name: &str, wanted: &Value, live: &Value) -> Option<Call> {
    let (wanted, live) = (by_principal(wanted), by_principal(live));
    let principals: BTreeSet<&String> = wanted.keys().chain(live.keys()).collect();
    let nothing = BTreeSet::new();
    let changes: Vec<Value> = principals
        .into_iter()
        .filter_map(|principal| {
            let new = wanted.get(principal).unwrap_or(&nothing);
            let old = live.get(principal).unwrap_or(&nothing);
            let add: Vec<_> = new.difference(old).collect();
            let remove: Vec<_> = old.difference(new).collect();
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

/// Spelled once more: what a placeholder in a name stands for is put in after the managed form was made, and of two spellings of one
/// user in a request the second would take away what the first gives.
fn by_principal(managed: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let entries = managed.as_object().into_iter().flatten();
    joined(entries.map(|(principal, all)| (principal.as_str(), names(Some(all)))))
}

fn joined<'p>(
    entries: impl Iterator<Item = (&'p str, BTreeSet<String>)>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut joined = BTreeMap::<_, BTreeSet<String>>::new();
    for (principal, privileges) in entries {
        let its = joined.entry(spelled(principal)).or_default();
        its.extend(privileges);
    }
    joined
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_in_two_spellings_is_one_and_a_group_keeps_its_case() {
        let answer = json!([
            {"principal": "Ada@acme.com", "privileges": ["SELECT"]},
            {"principal": "ada@acme.com", "privileges": ["USE_SCHEMA"]},
            {"principal": "Readers", "privileges": ["SELECT"]},
        ]);
        let managed = read(&answer);
        let both = json!({"ada@acme.com": ["SELECT", "USE_SCHEMA"], "Readers": ["SELECT"]});
        assert_eq!(managed, both);
        let wanted = json!({"Ada@acme.com": ["SELECT", "MODIFY"], "Readers": ["SELECT"]});
        let call = patch("schema", "main.s", &wanted, &managed).unwrap();
        assert_eq!(
            call.body.unwrap()["changes"],
            json!([{"principal": "ada@acme.com", "add": ["MODIFY"], "remove": ["USE_SCHEMA"]}])
        );
        let same = json!({"ADA@acme.com": ["SELECT", "USE SCHEMA"], "Readers": ["SELECT"]});
        assert_eq!(patch("schema", "main.s", &same, &managed), None);
        assert_eq!(
            spelled("${resources.x.y.Name}@acme"),
            "${resources.x.y.Name}@acme"
        );
    }
}
