//! The fields in which two configs differ.

use std::collections::BTreeSet;

use serde_json::Value;

use super::row::FieldChange;
use crate::field_path::FieldPath;
use crate::kinds::Kind;
use crate::kinds::rules::{Rules, element_segment};

/// The fields in which `before` and `after` differ, sorted by path; both in managed form.
pub(crate) fn differences(rules: &Rules, before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    walk(rules, &FieldPath::default(), before, after, &mut found);
    found
}

/// Whether the object, which is as `live` says, is called as `wanted` says, and says the same of all that cannot change in place.
#[must_use]
pub fn is_made_as(kind: &dyn Kind, live: &Value, wanted: &Value) -> bool {
    let rules = kind.rules();
    let live = rules.normalise(live);
    let wanted = rules.normalise_over(wanted, &live);
    let live = rules.without_fills(&live, Some(&wanted));
    let differ = differences(rules, &live, &wanted);
    let named = FieldPath::default().key(rules.name_field);
    let is_other = |change: &FieldChange| rules.replaces(change) || change.path == named;
    !differ.iter().any(is_other)
}

/// Every field of `config`, as if it came (`after`) or went.
pub(super) fn whole(config: Value, comes: bool) -> Vec<FieldChange> {
    let Value::Object(map) = config else {
        return Vec::new();
    };
    let sorted: std::collections::BTreeMap<_, _> = map.into_iter().collect();
    sorted
        .into_iter()
        .map(|(key, value)| {
            let (before, after) = if comes {
                (None, Some(value))
            } else {
                (Some(value), None)
            };
            change(FieldPath::default().key(key), before, after)
        })
        .collect()
}

/// Null says that nothing is to be there.
pub(super) fn change(path: FieldPath, before: Option<Value>, after: Option<Value>) -> FieldChange {
    let there = |value: &Value| !value.is_null();
    FieldChange {
        path,
        before: before.filter(there),
        after: after.filter(there),
        redacted: false,
    }
}

fn walk(
    rules: &Rules,
    path: &FieldPath,
    before: &Value,
    after: &Value,
    found: &mut Vec<FieldChange>,
) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                // Most fields of most objects are as they should be.
                if old.get(key) == new.get(key) {
                    continue;
                }
                pair(
                    rules,
                    path.key(key.clone()),
                    old.get(key),
                    new.get(key),
                    found,
                );
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let keyed = rules
                .list_key_at(path)
                .filter(|field| has_unique_keys(field, old) && has_unique_keys(field, new));
            let Some(field) = keyed else {
                if old != new {
                    found.push(change(
                        path.clone(),
                        Some(before.clone()),
                        Some(after.clone()),
                    ));
                }
                return;
            };
            let by_key = |items: &[Value], key: &str| {
                items
                    .iter()
                    .find(|item| item.get(field).and_then(Value::as_str) == Some(key))
                    .cloned()
            };
            let keys: BTreeSet<&str> = old
                .iter()
                .chain(new)
                .filter_map(|item| item.get(field).and_then(Value::as_str))
                .collect();
            for key in keys {
                let (old, new) = (by_key(old, key), by_key(new, key));
                let named = serde_json::json!({ field: key });
                pair(
                    rules,
                    path.then(element_segment(Some(field), &named, 0)),
                    old.as_ref(),
                    new.as_ref(),
                    found,
                );
            }
        }
        _ if before != after => found.push(change(
            path.clone(),
            Some(before.clone()),
            Some(after.clone()),
        )),
        _ => {}
    }
}

fn pair(
    rules: &Rules,
    path: FieldPath,
    old: Option<&Value>,
    new: Option<&Value>,
    found: &mut Vec<FieldChange>,
) {
    match (old, new) {
        (Some(old), Some(new)) => walk(rules, &path, old, new, found),
        (None, None) => {}
        (old, new) => found.push(change(path, old.cloned(), new.cloned())),
    }
}

fn has_unique_keys(field: &str, items: &[Value]) -> bool {
    let keys: BTreeSet<_> = items
        .iter()
        .filter_map(|item| item.get(field).and_then(Value::as_str))
        .collect();
    keys.len() == items.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::kind;

    #[test]
    fn what_was_made_as_wanted_is_known_by_all_that_cannot_change() {
        let key =
            |arn: &str, uses: &[&str]| json!({"aws_key_info": {"key_arn": arn}, "use_cases": uses});
        let mut filled = key("k", &["STORAGE", "MANAGED_SERVICES"]);
        filled["aws_key_info"]["key_region"] = json!("eu-west-1");
        let role = |arn: &str| json!({"credentials_name": "c", "aws_credentials": {"sts_role": {"role_arn": arn}}});
        let rule = |config: &str| json!({"network_connectivity_config_id": config, "endpoint_service": "s", "domain_names": ["a"]});
        let mut other_names = rule("n");
        other_names["domain_names"] = json!(["b"]);
        for (name, live, wanted, same) in [
            (
                "account_customer_managed_keys",
                filled.clone(),
                key("k", &["MANAGED_SERVICES", "STORAGE"]),
                true,
            ),
            (
                "account_customer_managed_keys",
                filled,
                key("k", &["STORAGE"]),
                false,
            ),
            ("account_credentials", role("r"), role("r"), true),
            ("account_credentials", role("r"), role("other"), false),
            (
                "account_ip_access_lists",
                json!({"label": "l"}),
                json!({"label": "l", "list_type": "ALLOW"}),
                true,
            ),
            (
                "account_ip_access_lists",
                json!({"label": "l"}),
                json!({"label": "m"}),
                false,
            ),
            (
                "account_private_endpoint_rules",
                rule("n"),
                other_names.clone(),
                true,
            ),
            (
                "account_private_endpoint_rules",
                rule("n"),
                rule("m"),
                false,
            ),
        ] {
            assert_eq!(
                is_made_as(kind(name).unwrap(), &live, &wanted),
                same,
                "{name}: {live} {wanted}"
            );
        }
    }
}
