//! SCIM's PATCH operations, as far as the service takes them.

use serde_json::{Map, Value};

use crate::databricks::error::ApiError;

/// Applies one operation.
pub(super) fn apply(row: &mut Map<String, Value>, operation: &Value) -> Result<(), ApiError> {
    let verb = operation
        .get("op")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let path = operation
        .get("path")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let value = operation.get("value");
    match (verb.as_str(), value) {
        ("add" | "replace", Some(Value::Object(fields))) if path.is_empty() => {
            for (field, value) in fields {
                set(row, field, value, verb == "add");
            }
        }
        ("add" | "replace", Some(value)) if !path.is_empty() => {
            set(row, path, value, verb == "add")
        }
        ("remove", _) if !path.is_empty() => remove(row, path, value)?,
        _ => {
            return Err(ApiError::scim(
                400,
                "invalidSyntax",
                format!("Cannot apply the operation {operation}"),
            ));
        }
    }
    row.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    Ok(())
}

/// `add` on a list adds the elements that are not in it; everything else replaces.
fn set(row: &mut Map<String, Value>, field: &str, value: &Value, add: bool) {
    match (row.get_mut(field), value) {
        (Some(Value::Array(old)), Value::Array(new)) if add => {
            for element in new {
                if !old
                    .iter()
                    .any(|existing| existing.get("value") == element.get("value"))
                {
                    old.push(element.clone());
                }
            }
        }
        _ => drop(row.insert(field.to_owned(), value.clone())),
    }
}

/// `members`, `members` with a list of values, or `members[value eq "12"]`.
fn remove(row: &mut Map<String, Value>, path: &str, value: Option<&Value>) -> Result<(), ApiError> {
    let gone: Vec<&str> = match (path.split_once('['), value) {
        (Some((_, condition)), _) => {
            let id = condition
                .trim_end_matches(']')
                .rsplit(' ')
                .next()
                .unwrap_or_default()
                .trim_matches('"');
            vec![id]
        }
        (None, Some(Value::Array(elements))) => elements
            .iter()
            .filter_map(|element| element.get("value")?.as_str())
            .collect(),
        (None, _) => {
            row.remove(path);
            return Ok(());
        }
    };
    let field = path.split('[').next().unwrap_or(path);
    let Some(Value::Array(list)) = row.get_mut(field) else {
        return Err(ApiError::scim(
            400,
            "noTarget",
            format!("{field} has no such element"),
        ));
    };
    list.retain(|element| {
        !element
            .get("value")
            .and_then(Value::as_str)
            .is_some_and(|value| gone.contains(&value))
    });
    Ok(())
}
