//! What a policy makes of a cluster: values it fixes, defaults it offers, and values it does not allow.
//!
//! Rules on elements of lists and on what the service computes (`dbus_per_hour`, `cluster_type`) are not looked at.

use serde_json::{Map, Value};

use crate::databricks::error::ApiError;

/// Fields whose keys are a caller's own and may have dots.
const OPEN: [&str; 3] = ["spark_conf", "spark_env_vars", "custom_tags"];

const COMPUTED: [&str; 2] = ["dbus_per_hour", "cluster_type"];

/// Fills what the policy fixes, with `defaults` also what it offers, and refuses what it does not allow.
pub(crate) fn apply(
    spec: &mut Map<String, Value>,
    policy: &Map<String, Value>,
    defaults: bool,
) -> Result<(), ApiError> {
    for key in ["definition", "policy_family_definition_overrides"] {
        let text = policy.get(key).and_then(Value::as_str).unwrap_or("{}");
        let rules: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        for (path, rule) in &rules {
            let parts = parts(path);
            let in_list = parts
                .iter()
                .any(|part| *part == "*" || part.parse::<u32>().is_ok());
            if !in_list && !COMPUTED.contains(&path.as_str()) {
                hold(spec, path, &parts, rule, defaults)?;
            }
        }
    }
    Ok(())
}

fn parts(path: &str) -> Vec<&str> {
    match path.split_once('.') {
        Some((field, key)) if OPEN.contains(&field) => vec![field, key],
        _ => path.split('.').collect(),
    }
}

fn hold(
    spec: &mut Map<String, Value>,
    path: &str,
    parts: &[&str],
    rule: &Value,
    defaults: bool,
) -> Result<(), ApiError> {
    let text = |key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default();
    let fixed = text("type") == "fixed";
    let offered = rule.get(if fixed { "value" } else { "defaultValue" });
    if at(spec, parts).is_none()
        && let Some(value) = offered
        && (fixed || defaults)
    {
        put(spec, parts, value.clone());
    }
    let Some(value) = at(spec, parts) else {
        return Ok(());
    };
    let listed = || {
        let values = rule.get("values").and_then(Value::as_array);
        values
            .into_iter()
            .flatten()
            .any(|allowed| same(allowed, value))
    };
    let number = |key: &str| rule.get(key).and_then(Value::as_f64);
    let refusal = match text("type") {
        "fixed" if offered.is_some_and(|fixed| !same(fixed, value)) => {
            format!(
                "the value must be {}",
                shown(offered.unwrap_or(&Value::Null))
            )
        }
        "forbidden" => "the value must not be present".to_owned(),
        "allowlist" if !listed() => "the value must be present in the allowlist".to_owned(),
        "blocklist" if listed() => "the value must not be present in the blocklist".to_owned(),
        "range" => match (value.as_f64(), number("minValue"), number("maxValue")) {
            (Some(value), Some(least), _) if value < least => {
                format!("the value must be greater than or equal to {least}")
            }
            (Some(value), _, Some(most)) if value > most => {
                format!("the value must be less than or equal to {most}")
            }
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    Err(ApiError::invalid(format!(
        "Cluster validation error: Validation failed for {path}, {refusal} (is \"{}\")",
        shown(value)
    )))
}

fn at<'a>(spec: &'a Map<String, Value>, parts: &[&str]) -> Option<&'a Value> {
    let (first, rest) = parts.split_first()?;
    rest.iter()
        .try_fold(spec.get(*first)?, |value, part| value.get(*part))
}

fn put(spec: &mut Map<String, Value>, parts: &[&str], value: Value) {
    match parts {
        [] => {}
        [last] => drop(spec.insert((*last).to_owned(), value)),
        [first, rest @ ..] => {
            let inner = spec
                .entry((*first).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// A policy may write a number or a flag as text.
fn same(one: &Value, other: &Value) -> bool {
    one == other || shown(one) == shown(other)
}

fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::apply;
    use crate::databricks::table::object;

    fn under(rules: &Value, spec: Value, defaults: bool) -> Result<Value, String> {
        let policy = object(json!({"definition": rules.to_string()}));
        let mut spec = object(spec);
        apply(&mut spec, &policy, defaults).map_err(|refused| refused.message)?;
        Ok(Value::Object(spec))
    }

    #[test]
    fn fixed_values_are_filled_and_defaults_when_asked_for() {
        let rules = json!({
            "spark_conf.spark.a.b": {"type": "fixed", "value": "1"},
            "aws_attributes.zone_id": {"type": "unlimited", "defaultValue": "auto"},
            "dbus_per_hour": {"type": "range", "maxValue": 1},
            "init_scripts.*.s3.destination": {"type": "forbidden"},
        });
        let fixed = json!({"spark_conf": {"spark.a.b": "1"}});
        assert_eq!(under(&rules, json!({}), false), Ok(fixed));
        let both = json!({"spark_conf": {"spark.a.b": "1"}, "aws_attributes": {"zone_id": "auto"}});
        assert_eq!(under(&rules, json!({}), true), Ok(both));
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_its_path() {
        let cases = [
            (json!({"type": "fixed", "value": 3}), "the value must be 3"),
            (
                json!({"type": "forbidden"}),
                "the value must not be present",
            ),
            (
                json!({"type": "allowlist", "values": [1, 2]}),
                "the value must be present in the allowlist",
            ),
            (
                json!({"type": "blocklist", "values": [5]}),
                "the value must not be present in the blocklist",
            ),
            (
                json!({"type": "range", "maxValue": 4}),
                "the value must be less than or equal to 4",
            ),
            (
                json!({"type": "range", "minValue": 6}),
                "the value must be greater than or equal to 6",
            ),
        ];
        for (rule, words) in cases {
            let refused = under(
                &json!({"num_workers": rule}),
                json!({"num_workers": 5}),
                false,
            );
            let said = format!(
                "Cluster validation error: Validation failed for num_workers, {words} (is \"5\")"
            );
            assert_eq!(refused, Err(said));
        }
        let text = json!({"num_workers": {"type": "fixed", "value": "5"}});
        assert!(under(&text, json!({"num_workers": 5}), false).is_ok());
    }
}
