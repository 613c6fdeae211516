//! What a cluster policy, and a field beside another one, says without being written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::pattern::{Keep, Pattern};
use super::permissions;
use super::rules::{Rules, element_segment};
use crate::field_path::FieldPath;

/// Mappings in whose keys dots mean nothing: all after the first dot of an attribute is one key.
const FREE_KEYS: &[&str] = &["custom_tags", "spark_conf", "spark_env_vars"];

/// An attribute that policies write in another form than clusters do: `type`, `path` and `region`, for one mapping.
const LOG_CONF: &str = "cluster_log_conf";

/// Cluster policies by id, as far as their definitions are known.
pub type Policies = BTreeMap<String, PolicyDefinition>;

/// What a cluster policy gives to the clusters under it that do not say it themselves. Whatever else they have, somebody gave
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyDefinition {
    /// Paths in a cluster; `*` is any element or key.
    gives: Vec<Vec<String>>,
}

impl PolicyDefinition {
    /// Reads a `definition`: a JSON text, or a mapping in its place; none when it is neither.
    #[must_use]
    pub fn read(definition: &Value) -> Option<Self> {
        let parsed: Map<String, Value> = match definition {
            Value::String(text) => serde_json::from_str(text).ok()?,
            Value::Object(map) => map.clone(),
            _ => return None,
        };
        let gives = |rule: &Value| {
            let fixed = rule.get("type").and_then(Value::as_str) == Some("fixed");
            fixed || rule.get("defaultValue").is_some()
        };
        let given = parsed.iter().filter(|(_, rule)| gives(rule));
        Some(Self {
            gives: given.map(|(attribute, _)| steps(attribute)).collect(),
        })
    }

    /// The same of a policy as the API answers it; what it says otherwise than its family is in its definition, or beside it.
    #[must_use]
    pub fn of(policy: &Value) -> Option<Self> {
        let mut read = Self::read(policy.get("definition")?)?;
        let beside = policy.get("policy_family_definition_overrides");
        read.gives
            .extend(beside.and_then(Self::read).unwrap_or_default().gives);
        Some(read)
    }

    /// Whether the field at `path` of a cluster is, or stands in, one that it gives.
    fn has(&self, path: &[String]) -> bool {
        self.gives.iter().any(|given| {
            let mut steps = given.iter().zip(path);
            given.len() <= path.len() && steps.all(|(step, key)| step == "*" || step == key)
        })
    }
}

/// An attribute of a policy as a path in a cluster.
fn steps(attribute: &str) -> Vec<String> {
    match attribute.split_once('.') {
        Some((LOG_CONF, _)) => vec![LOG_CONF.to_owned()],
        Some((first, rest)) if FREE_KEYS.contains(&first) => {
            vec![first.to_owned(), rest.to_owned()]
        }
        _ => attribute.split('.').map(str::to_owned).collect(),
    }
}

impl Rules {
    /// Drops fields that say the same as the one they would follow anyway.
    pub(super) fn drop_repeats(&self, value: &mut Value) {
        for (place, field, other) in &self.repeats {
            place.visit(value, &mut |found| {
                if let Value::Object(map) = found
                    && map.get(*field).is_some()
                    && map.get(*field) == map.get(*other)
                {
                    map.remove(*field);
                }
                Keep::Yes
            });
        }
    }

    /// Drops from `value`, where a policy is named, what that policy gives and `desired` is silent about; of a policy that nobody
    /// knows, all that `desired` is silent about.
    pub(super) fn drop_policy_fills(
        &self,
        value: &mut Value,
        (desired, policies): (&Value, &Policies),
        path: &FieldPath,
        place: &Pattern,
    ) {
        if place.matches(path) {
            let said = path.get(desired);
            if let Some(said) = said.filter(|said| said.get("policy_id").is_some()) {
                // What it has now it got from the policy that it has now.
                let policy = value.get("policy_id").and_then(Value::as_str);
                match policy.and_then(|id| policies.get(id)) {
                    Some(policy) => drop(keep_given(value, Some(said), &mut Vec::new(), policy)),
                    None => keep_said(value, said),
                }
            }
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    self.drop_policy_fills(
                        inner,
                        (desired, policies),
                        &path.key(key.clone()),
                        place,
                    );
                }
            }
            Value::Array(items) => {
                let field = self.list_key_at(path);
                for (index, item) in items.iter_mut().enumerate() {
                    let path = path.then(element_segment(field, item, index));
                    self.drop_policy_fills(item, (desired, policies), &path, place);
                }
            }
            _ => {}
        }
    }
}

/// Drops what `said` is silent about, from mappings only; an object's permissions are no policy's to fill.
fn keep_said(value: &mut Value, said: &Value) {
    if let (Value::Object(map), Value::Object(said)) = (value, said) {
        map.retain(|key, inner| match said.get(key) {
            _ if key == permissions::FIELD => true,
            Some(said) => {
                keep_said(inner, said);
                true
            }
            None => false,
        });
    }
}

/// Drops what `said` is silent about and `policy` gives; whether anything of `value`, at `path` of a cluster, is left. A list that is
/// said is said as a whole.
fn keep_given(
    value: &mut Value,
    said: Option<&Value>,
    path: &mut Vec<String>,
    policy: &PolicyDefinition,
) -> bool {
    match value {
        Value::Object(map) => {
            let was_empty = map.is_empty();
            map.retain(|key, inner| {
                if path.is_empty() && key == permissions::FIELD {
                    return true;
                }
                path.push(key.clone());
                let keep = keep_given(inner, said.and_then(|said| said.get(key)), path, policy);
                path.pop();
                keep
            });
            said.is_some() || was_empty || !map.is_empty()
        }
        Value::Array(items) if said.is_none() => {
            let was_empty = items.is_empty();
            let mut index = 0;
            items.retain_mut(|item| {
                path.push(index.to_string());
                index += 1;
                let keep = keep_given(item, None, path, policy);
                path.pop();
                keep
            });
            was_empty || !items.is_empty()
        }
        _ => said.is_some() || !policy.has(path),
    }
}
