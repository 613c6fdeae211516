//! Policy documents: many writings of one meaning.

use serde_json::{Map, Value};

/// Elements of a statement in which one text and a list with that text mean the same, and the order of a list means nothing.
const LISTS: &[&str] = &["Action", "NotAction", "Resource", "NotResource"];

/// A document in the form in which it is compared: single texts out of their lists, lists sorted, single statements in a list, and
/// what AWS gives back in other words than it took: accounts by their number alone, everybody as `*`, conditions' values as texts.
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
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => match value {
                Value::Object(operators) => operators
                    .iter()
                    .map(|(operator, keys)| (operator.clone(), sets(keys, &as_text)))
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

/// Who is meant: `{AWS: "*"}` is everybody, as `*` is.
fn principal(value: &Value) -> Value {
    let value = sets(value, &account);
    match &value {
        Value::Object(map) if map.len() == 1 && map.get("AWS") == Some(&"*".into()) => "*".into(),
        _ => value,
    }
}

/// A whole account, which AWS gives back as the ARN of its root, in its own partition, also where a number was said.
fn account(item: &Value) -> Value {
    let text = as_text(item);
    let number = text.as_str().and_then(|text| {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (_, service, region) = (parts.next()?, parts.next()?, parts.next()?);
        let number = parts.next()?;
        (service == "iam" && region.is_empty() && parts.next() == Some("root")).then_some(number)
    });
    number.map_or_else(|| text.clone(), Value::from)
}

/// What YAML reads as a number or as true is a text in a policy.
fn as_text(item: &Value) -> Value {
    match item {
        Value::Bool(_) | Value::Number(_) => Value::String(item.to_string()),
        other => other.clone(),
    }
}

fn sets(value: &Value, item: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let value = match value {
                    Value::Array(items) => items.iter().map(item).collect(),
                    one => item(one),
                };
                (key.clone(), set(&value))
            })
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
