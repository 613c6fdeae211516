//! What is said in so many words although it is what the server would take anyway.

use serde_json::{Map, Value, json};

use super::super::*;
use crate::kinds::pattern::{Keep, Pattern};
use crate::kinds::rules::Rules;

/// A config that has `value` where `at` points, and beside it what `more` says.
fn at(rules: &Rules, at: &str, value: Value, more: &[(&str, Value)]) -> Value {
    fn inside(
        rules: &Rules,
        steps: &[&str],
        name: &str,
        value: Value,
        more: &[(&str, Value)],
    ) -> Value {
        let Some((step, rest)) = steps.split_first() else {
            return value;
        };
        if *step == "*" {
            let mut item = inside(rules, rest, "", value, more);
            if let (Some(key), Some(map)) = (rules.list_key(name), item.as_object_mut()) {
                map.entry(key).or_insert(json!("k"));
            }
            return json!([item]);
        }
        let mut map =
            Map::from_iter([((*step).to_owned(), inside(rules, rest, step, value, more))]);
        if rest.is_empty() {
            map.extend(
                more.iter()
                    .map(|(field, value)| ((*field).to_owned(), value.clone())),
            );
        }
        Value::Object(map)
    }
    let steps: Vec<&str> = at.split('.').collect();
    inside(rules, &steps, "", value, more)
}

/// Whether a live object that has something else is told from what `said` wants, and one that has the same is not.
fn is_seen(rules: &Rules, said: &Value, other: &Value) -> bool {
    let compared = |live: &Value| {
        let live = rules.normalise(live);
        let wanted = rules.normalise_over(said, &live);
        rules.normalise(&rules.without_fills(&live, Some(&wanted))) == wanted
    };
    compared(said) && !compared(other)
}

fn joined(place: &str, field: &str) -> String {
    format!("{place}.{field}")
        .trim_start_matches('.')
        .to_owned()
}

#[test]
fn no_field_that_the_server_fills_hides_what_is_said_because_it_would_be_taken_anyway() {
    let mut looked_at = 0;
    for kind in KINDS.iter().copied().chain(foundation_kinds()) {
        let rules = kind.rules();
        for default in &rules.defaults {
            let mut fills = rules.server_fills.iter();
            if !fills.any(|fill| fill.at.holds(&default.at)) {
                continue;
            }
            let place = default.at.to_string();
            let said = at(rules, &place, default.value.clone(), &[]);
            let other = at(rules, &place, json!("another"), &[]);
            assert!(is_seen(rules, &said, &other), "{}: {place}", kind.name());
            looked_at += 1;
        }
        for (place, field, beside) in &rules.repeats {
            let place = joined(&place.to_string(), field);
            let said = at(rules, &place, json!("A"), &[(beside, json!("A"))]);
            let other = at(rules, &place, json!("B"), &[(beside, json!("A"))]);
            assert!(is_seen(rules, &said, &other), "{}: {place}", kind.name());
            // Who is silent takes what comes.
            let filled = Pattern::new(&place);
            if !rules.server_fills.iter().any(|fill| fill.at.holds(&filled)) {
                continue;
            }
            let mut silent = said.clone();
            filled.visit(&mut silent, &mut |_| Keep::No);
            assert!(!is_seen(rules, &silent, &other), "{}: {place}", kind.name());
            looked_at += 1;
        }
        // What a policy gives is filled, too.
        for place in &rules.policy_fills {
            for default in rules.defaults.iter().filter(|rule| place.holds(&rule.at)) {
                let (place, at_default) = (place.to_string(), default.at.to_string());
                let under = |value: Value| {
                    let mut config = at(rules, &joined(&place, "policy_id"), json!("P"), &[]);
                    join(&mut config, at(rules, &at_default, value, &[]));
                    config
                };
                let (said, other) = (under(default.value.clone()), under(json!("another")));
                assert!(
                    is_seen(rules, &said, &other),
                    "{}: {at_default}",
                    kind.name()
                );
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 20, "{looked_at}");
    // Also in an element whose key goes without saying.
    let labelled = |driver: &str| {
        json!({"clusters": [
        {"label": "maintenance", "node_type_id": "A"}, {"label": "default", "node_type_id": "A", "driver_node_type_id": driver}]})
    };
    let rules = kind("pipelines").unwrap().rules();
    assert!(is_seen(rules, &labelled("A"), &labelled("B")));
}

/// Puts `more`, of the same shape, into `config`.
fn join(config: &mut Value, more: Value) {
    match (config, more) {
        (Value::Object(config), Value::Object(more)) => {
            for (key, more) in more {
                join(config.entry(key).or_insert(Value::Null), more);
            }
        }
        (Value::Array(config), Value::Array(more)) => {
            for (config, more) in config.iter_mut().zip(more) {
                join(config, more);
            }
        }
        (config, more) => *config = more,
    }
}
