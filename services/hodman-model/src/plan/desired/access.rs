//! `permissions` and `grants` of a resource in managed form, their levels checked.

use serde_json::{Map, Value, json};

use super::literal::Literals;
use crate::bundle::Resource;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::kinds::Kind;
use crate::kinds::grants::spelled;
use crate::kinds::permissions::{OWNER, managed_principal};
use crate::plan::references::{Placeholder, placeholders_in};

/// The placeholders in the names of principals.
pub(super) fn placeholders(resource: &Resource) -> Vec<Placeholder> {
    let people = resource.permissions.iter().flatten();
    let people = people.map(|entry| entry.principal.name());
    let granted = resource.grants.iter().flatten();
    let granted = granted.map(|entry| entry.principal.as_str());
    people
        .chain(granted)
        .filter(|name| name.contains("${"))
        .flat_map(|name| placeholders_in(&Value::from(name)))
        .collect()
}

/// The permissions; none when the resource says nothing of them. An empty list leaves them to the owner and us.
pub(super) fn permissions(
    kind: &dyn Kind,
    resource: &Resource,
    literals: &mut Literals<'_>,
    at: &dyn Fn(String) -> Diagnostic,
    found: &mut Diagnostics,
) -> Option<Value> {
    let entries = resource.permissions.as_ref()?;
    let Some(allowed) = kind.permissions() else {
        let error = at(": `permissions` cannot be applied".to_owned());
        found.push(error.hint(format!(
            "a {} has no permissions of its own",
            kind.singular()
        )));
        return None;
    };
    let mut managed = Map::<String, Value>::new();
    for entry in entries {
        let level = allowed.spelled(&entry.level);
        if !allowed.levels.contains(&level) {
            let hint = did_you_mean(level, allowed.levels.iter().copied()).unwrap_or_else(|| {
                format!("a {} has {}", kind.singular(), allowed.levels.join(", "))
            });
            found.push(at(format!(": there is no permission level `{level}`")).hint(hint));
            continue;
        }
        let name = name(literals, entry.principal.name());
        let principal = managed_principal(entry.principal.word(), &name);
        let higher = managed
            .get(&principal)
            .and_then(Value::as_str)
            .is_none_or(|other| allowed.rank(other) < allowed.rank(level));
        if higher {
            managed.insert(principal, json!(level));
        }
    }
    let owners = managed.values().filter(|level| **level == OWNER).count();
    if allowed.one_owner && owners > 1 {
        found.push(
            at(format!(": {owners} principals have `{OWNER}`"))
                .hint(format!("a {} has exactly one owner", kind.singular())),
        );
    }
    Some(Value::Object(managed))
}

/// The grants; none when the resource says nothing of them.
pub(super) fn grants(
    kind: &dyn Kind,
    resource: &Resource,
    literals: &mut Literals<'_>,
    at: &dyn Fn(String) -> Diagnostic,
    found: &mut Diagnostics,
) -> Option<Value> {
    let entries = resource.grants.as_ref()?;
    if kind.securable().is_none() {
        let error = at(": `grants` cannot be applied".to_owned());
        found.push(error.hint("grants belong to the objects of Unity Catalog"));
        return None;
    }
    let mut managed = Map::<String, Value>::new();
    for entry in entries {
        let principal = spelled(&name(literals, &entry.principal));
        let mut privileges: Vec<String> = entry
            .privileges
            .iter()
            .map(|privilege| privilege.replace(' ', "_").to_uppercase())
            .chain(
                managed
                    .get(&principal)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(|privilege| privilege.as_str().map(str::to_owned)),
            )
            .collect();
        privileges.sort();
        privileges.dedup();
        managed.insert(principal, json!(privileges));
    }
    managed.retain(|_, privileges| privileges.as_array().is_some_and(|list| !list.is_empty()));
    Some(Value::Object(managed))
}

fn name(literals: &mut Literals<'_>, name: &str) -> String {
    match literals.put_in(&Value::from(name)) {
        Value::String(name) => name,
        other => other.to_string(),
    }
}
