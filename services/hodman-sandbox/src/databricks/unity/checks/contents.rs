//! What lies in a schema: volumes, tables, models.

use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::unity::desk::Desk;
use crate::databricks::unity::metastore::Securable;
use crate::databricks::unity::storage;

/// An external volume has a place of its own in an external location, a managed one gets its place.
pub(super) fn volume(desk: &Desk<'_>, volume: &mut Securable) -> Result<(), ApiError> {
    let row = &mut volume.row;
    let location = row.get("storage_location").and_then(Value::as_str);
    let location = match (row["volume_type"].as_str(), location) {
        (Some("MANAGED"), None) => managed(desk, row, "volumes", "volume_id")?,
        (Some("MANAGED"), Some(_)) => {
            return Err(ApiError::invalid(
                "A managed volume must not have a storage_location.",
            ));
        }
        (Some("EXTERNAL"), Some(location)) => external(desk, location)?,
        (Some("EXTERNAL"), None) => {
            return Err(ApiError::invalid(
                "Missing required field: storage_location",
            ));
        }
        _ => {
            return Err(ApiError::invalid(
                "volume_type must be MANAGED or EXTERNAL.",
            ));
        }
    };
    row.insert("storage_location".into(), json!(location));
    Ok(())
}

/// A table at a place of its own lies in an external location; a view has no place.
pub(super) fn table(desk: &Desk<'_>, row: &mut Map<String, Value>) -> Result<(), ApiError> {
    let location = row.get("storage_location").and_then(Value::as_str);
    let location = match (row["table_type"].as_str(), location) {
        (Some("EXTERNAL"), Some(location)) => external(desk, location)?,
        (Some("EXTERNAL"), None) => {
            return Err(ApiError::invalid(
                "Missing required field: storage_location",
            ));
        }
        (Some("MANAGED"), None) => managed(desk, row, "tables", "table_id")?,
        _ => return Ok(()),
    };
    row.insert("storage_location".into(), json!(location));
    Ok(())
}

pub(super) fn model(desk: &Desk<'_>, row: &mut Map<String, Value>) -> Result<(), ApiError> {
    let location = match row.get("storage_location").and_then(Value::as_str) {
        Some(location) => external(desk, location)?,
        None => managed(desk, row, "models", "id")?,
    };
    row.insert("storage_location".into(), json!(location));
    Ok(())
}

fn external(desk: &Desk<'_>, location: &str) -> Result<String, ApiError> {
    let location = storage::url(location)?;
    storage::must_be_covered(desk.metastore, &location)?;
    storage::must_be_free(desk.metastore, &location)?;
    Ok(location)
}

/// In the schema's own storage, else the catalog's, else the metastore's.
fn managed(
    desk: &Desk<'_>,
    row: &Map<String, Value>,
    folder: &str,
    id_field: &str,
) -> Result<String, ApiError> {
    let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
    let root = storage::managed_root(desk.metastore, text("catalog_name"), text("schema_name"))?;
    Ok(format!("{root}/{folder}/{}", text(id_field)))
}
