//! Ids of captured objects inside of texts: in the definition of a cluster policy, and as parameters of jobs. Only where a whole
//! value is the id is it certain that it means the object; what else has ids in it is told.

use serde_json::Value;

use super::keys::Keys;
use crate::bundle::ResourceKey;
use crate::digest::canonical_json;
use crate::kinds::Kind;
use crate::kinds::pattern::Keep;

/// Kinds whose ids parameters name. Not jobs: one may be told the id of another one that runs it, and what refers to each
/// other cannot be made.
const OF_PARAMETERS: &[&str] = &[
    "clusters",
    "cluster_policies",
    "instance_pools",
    "pipelines",
    "sql_warehouses",
];
/// Shorter ones are words that may mean anything.
const SHORTEST: usize = 8;
/// The attributes of a policy's definition that are ids, and the kind of what has them.
const OF_POLICIES: &[(&str, &str)] = &[
    ("instance_pool_id", "instance_pools"),
    ("driver_instance_pool_id", "instance_pools"),
];
/// How the fields of jobs end whose values are parameters, whole texts each.
const PARAMETERS: &[&str] = &[
    "parameters.*.default",
    "parameters.*.value",
    "parameters.*",
    "_parameters.*",
    "_params.*",
];

/// Puts references in the place of such ids.
pub(super) fn ids_to_references(kind: &dyn Kind, form: &mut Value, keys: &Keys) {
    let rules = kind.rules();
    match kind.name() {
        "cluster_policies" => {
            for at in &rules.json_texts {
                at.visit(form, &mut |value| {
                    in_definition(value, keys);
                    Keep::Yes
                });
            }
        }
        "jobs" => {
            let parameters = rules.texts.iter().filter(|at| {
                let at = at.to_string();
                PARAMETERS.iter().any(|end| at.ends_with(end))
            });
            for at in parameters {
                at.visit(form, &mut |value| {
                    let key = value.as_str().and_then(|text| only(text, keys));
                    if let Some(key) = key {
                        *value = Value::String(id_of(key));
                    }
                    Keep::Yes
                });
            }
        }
        _ => {}
    }
}

/// The one captured object that has this id.
fn only<'k>(text: &str, keys: &'k Keys) -> Option<&'k ResourceKey> {
    if text.len() < SHORTEST {
        return None;
    }
    let known = |kind: &&str| keys.get(&((*kind).to_owned(), text.to_owned()));
    let mut found = OF_PARAMETERS.iter().filter_map(known);
    found.next().filter(|_| found.next().is_none())
}

fn id_of(key: &ResourceKey) -> String {
    format!("${{resources.{key}.id}}")
}

/// A definition is a text with JSON in it.
fn in_definition(definition: &mut Value, keys: &Keys) {
    let Some(text) = definition.as_str() else {
        return;
    };
    let Ok(mut parsed) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let mut any = false;
    for (attribute, kind) in OF_POLICIES {
        if let Some(rule) = parsed.get_mut(*attribute) {
            any |= in_rule(rule, kind, keys);
        }
    }
    if any {
        *definition = Value::String(canonical_json(&parsed));
    }
}

/// What an attribute may be: `{"type": "fixed", "value": …}`, `{"values": […]}`, `{"defaultValue": …}`.
fn in_rule(value: &mut Value, kind: &str, keys: &Keys) -> bool {
    match value {
        Value::String(text) => {
            let Some(key) = keys.get(&(kind.to_owned(), text.clone())) else {
                return false;
            };
            *text = id_of(key);
            true
        }
        Value::Array(items) => {
            let mut any = false;
            for item in items {
                any |= in_rule(item, kind, keys);
            }
            any
        }
        Value::Object(map) => {
            let mut any = false;
            for item in map.values_mut() {
                any |= in_rule(item, kind, keys);
            }
            any
        }
        _ => false,
    }
}
