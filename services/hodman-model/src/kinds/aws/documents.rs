//! Policy documents: many writings of one meaning.

use serde_json::{Map, Value};

/// Elements of a statement in which one text and a list with that text mean the same, and the order of a list means nothing.
const LISTS: &[&str] = &["Action", "NotAction", "Resource", "NotResource"];

/// A document in the form in which it is compared: single texts out of their lists, lists sorted, single statements in a list.
pub(in crate::kinds) fn canonical(document: &Value) -> Value {
    let Value::Object(map) = document else {
        return document.clone();
    };
    let mut map = map.clone();
    if let Some(statement) = map.get_mut("Statement") {
        let statements = match statement.take() {
            Value::Array(statements) => statements,
            one => vec![one],
        };
        *statement = statements.iter().map(statement_of).collect();
    }
    Value::Object(map)
}

fn statement_of(statement: &Value) -> Value {
    let Value::Object(map) = statement else {
        return statement.clone();
    };
    let elements = map.iter().map(|(key, value)| {
        let value = match key.as_str() {
            key if LISTS.contains(&key) => set(value),
            "Principal" | "NotPrincipal" => sets(value),
            "Condition" => match value {
                Value::Object(operators) => operators
                    .iter()
                    .map(|(operator, keys)| (operator.clone(), sets(keys)))
                    .collect::<Map<String, Value>>()
                    .into(),
                other => other.clone(),
            },
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    elements.collect::<Map<String, Value>>().into()
}

fn sets(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), set(value)))
            .collect::<Map<String, Value>>()
            .into(),
        other => other.clone(),
    }
}

fn set(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items = items.clone();
            items.sort_by_key(ToString::to_string);
            items.dedup();
            match items.len() {
                1 => items.remove(0),
                _ => items.into(),
            }
        }
        other => other.clone(),
    }
}
