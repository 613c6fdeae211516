//! `jobs/update`: top-level fields are replaced whole, keyed lists are merged by their key, then fields are removed.

use serde_json::{Map, Value};

use crate::databricks::error::ApiError;

/// Lists whose elements have a key: an element with a known key replaces the old one whole, others are added.
const KEYED: [(&str, &str); 4] = [
    ("tasks", "task_key"),
    ("job_clusters", "job_cluster_key"),
    ("parameters", "name"),
    ("environments", "environment_key"),
];

/// `settings` with `changes` put in and `removed` taken out (`tags`, `tasks/extract`).
pub(super) fn updated(
    settings: &Map<String, Value>,
    changes: &Map<String, Value>,
    removed: &[String],
) -> Result<Map<String, Value>, ApiError> {
    let mut result = settings.clone();
    for (field, value) in changes.iter().filter(|(_, value)| !value.is_null()) {
        let key = KEYED
            .iter()
            .find(|(list, _)| list == field)
            .map(|(_, key)| *key);
        match (key, result.get_mut(field), value) {
            (Some(key), Some(Value::Array(old)), Value::Array(new)) => merge(old, new, key),
            _ => drop(result.insert(field.clone(), value.clone())),
        }
    }
    for path in removed {
        remove(&mut result, path)?;
    }
    Ok(result)
}

fn merge(old: &mut Vec<Value>, new: &[Value], key: &str) {
    for element in new {
        match old
            .iter_mut()
            .find(|existing| existing.get(key) == element.get(key))
        {
            Some(existing) => *existing = element.clone(),
            None => old.push(element.clone()),
        }
    }
}

fn remove(settings: &mut Map<String, Value>, path: &str) -> Result<(), ApiError> {
    let Some((list, element)) = path.split_once('/') else {
        settings.remove(path);
        return Ok(());
    };
    let key = KEYED
        .iter()
        .find(|(name, _)| *name == list)
        .map(|(_, key)| *key)
        .ok_or_else(|| {
            ApiError::invalid(format!(
                "fields_to_remove: '{path}' is not a field that can be removed"
            ))
        })?;
    if let Some(Value::Array(elements)) = settings.get_mut(list) {
        elements.retain(|existing| existing.get(key).and_then(Value::as_str) != Some(element));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::updated;
    use crate::databricks::table::object;

    #[test]
    fn keyed_lists_are_merged_and_other_fields_replaced() {
        let old = object(
            json!({"tags": {"a": "1"}, "tasks": [{"task_key": "a", "x": 1}, {"task_key": "b"}]}),
        );
        let new = object(
            json!({"tags": {"b": "2"}, "tasks": [{"task_key": "a", "y": 2}, {"task_key": "c"}]}),
        );
        let result = updated(&old, &new, &["tasks/b".to_owned()]).unwrap();
        assert_eq!(result["tags"], json!({"b": "2"}));
        assert_eq!(
            result["tasks"],
            json!([{"task_key": "a", "y": 2}, {"task_key": "c"}])
        );
    }

    #[test]
    fn only_keyed_lists_have_removable_elements() {
        let refused = updated(
            &object(json!({})),
            &object(json!({})),
            &["tags/env".to_owned()],
        )
        .unwrap_err();
        assert_eq!(refused.code, "INVALID_PARAMETER_VALUE");
    }
}
