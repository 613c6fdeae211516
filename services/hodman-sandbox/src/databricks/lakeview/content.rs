//! A dashboard's JSON as the service writes it back: in its own order and with the kind of every page.

use serde_json::{Value, json};

use crate::databricks::call::Call;
use crate::databricks::error::ApiError;

/// The text as it is kept. A catalog and a schema that the call names are written into every dataset.
pub(super) fn normalised(text: &str, call: &Call) -> Result<String, ApiError> {
    let mut content: Value = serde_json::from_str(text).map_err(|error| {
        ApiError::invalid(format!("serialized_dashboard is not valid JSON: {error}"))
    })?;
    if !content.is_object() {
        return Err(ApiError::invalid(
            "serialized_dashboard must be a JSON object.",
        ));
    }
    for page in elements(&mut content, "pages") {
        if page.get("pageType").is_none() {
            page["pageType"] = json!("PAGE_TYPE_CANVAS");
        }
    }
    for (parameter, field) in [("dataset_catalog", "catalog"), ("dataset_schema", "schema")] {
        if let Some(value) = call.query(parameter) {
            for dataset in elements(&mut content, "datasets") {
                dataset[field] = json!(value);
            }
        }
    }
    Ok(content.to_string())
}

fn elements<'a>(content: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    content
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter(|element| element.is_object())
}
