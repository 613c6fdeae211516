//! A resolved bundle in the form that `databricks bundle validate --output json` prints.

use serde_json::{Map, Value, json};

use super::{ResolvedBundle, Resource};

/// The whole configuration: `bundle`, `workspace`, `variables` with their values, `resources`, and what else is there.
/// `include` and `targets` are not, since they are settled.
#[must_use]
pub fn validated(bundle: &ResolvedBundle) -> Value {
    let mut out: Map<String, Value> = bundle
        .sections
        .iter()
        .filter(|(section, _)| *section != "variables")
        .map(|(section, value)| (section.clone(), value.clone()))
        .collect();
    if let Some(Value::Object(section)) = out.get_mut("bundle") {
        section.insert("name".to_owned(), json!(bundle.name));
    }
    let declared = bundle.sections.get("variables");
    let variables: Map<String, Value> = bundle
        .variables
        .iter()
        .map(|(name, value)| {
            let mut variable = match declared.and_then(|all| all.get(name)) {
                Some(Value::Object(declared)) => declared.clone(),
                _ => Map::new(),
            };
            variable.insert("value".to_owned(), value.clone());
            (name.clone(), Value::Object(variable))
        })
        .collect();
    if !variables.is_empty() {
        out.insert("variables".to_owned(), Value::Object(variables));
    }
    let mut kinds = Map::new();
    for (key, resource) in &bundle.resources {
        let keys = kinds.entry(key.kind.clone()).or_insert_with(|| json!({}));
        keys[key.key.as_str()] = whole(resource);
    }
    if !kinds.is_empty() {
        out.insert("resources".to_owned(), Value::Object(kinds));
    }
    Value::Object(out)
}

/// A resource with what stands beside its fields.
fn whole(resource: &Resource) -> Value {
    let mut value = resource.config.clone();
    if let Value::Object(map) = &mut value {
        if !resource.permissions.is_empty() {
            map.insert("permissions".to_owned(), json!(resource.permissions));
        }
        if !resource.grants.is_empty() {
            map.insert("grants".to_owned(), json!(resource.grants));
        }
        if !resource.lifecycle.is_default() {
            map.insert("lifecycle".to_owned(), json!(resource.lifecycle));
        }
    }
    value
}
