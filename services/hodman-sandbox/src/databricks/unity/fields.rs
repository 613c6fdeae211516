//! Which fields a create call and an update call take; others are ignored, as the service does with names it does not know.

use serde_json::{Map, Value};

use super::kind::Kind;
use crate::databricks::error::ApiError;

/// A create call without one of these is refused.
pub(super) fn required(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Catalog => &["name"],
        Kind::Schema => &["name", "catalog_name"],
        Kind::Table => &["name", "catalog_name", "schema_name", "table_type"],
        Kind::Volume => &["name", "catalog_name", "schema_name", "volume_type"],
        Kind::Function | Kind::Model => &["name", "catalog_name", "schema_name"],
        Kind::ExternalLocation => &["name", "url", "credential_name"],
        Kind::StorageCredential => &["name"],
        Kind::Connection => &["name", "connection_type", "options"],
    }
}

/// What a create call may say beside the required fields.
fn optional(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Catalog => &[
            "comment",
            "connection_name",
            "custom_max_retention_hours",
            "managed_encryption_settings",
            "options",
            "properties",
            "provider_name",
            "share_name",
            "storage_root",
        ],
        Kind::Schema => &[
            "comment",
            "custom_max_retention_hours",
            "properties",
            "storage_root",
        ],
        Kind::Table => &[
            "columns",
            "comment",
            "data_source_format",
            "pipeline_id",
            "properties",
            "storage_location",
            "view_definition",
            "view_dependencies",
        ],
        Kind::Volume => &["comment", "storage_location"],
        Kind::Function => &[
            "comment",
            "data_type",
            "external_language",
            "full_data_type",
            "input_params",
            "is_deterministic",
            "is_null_call",
            "parameter_style",
            "properties",
            "return_params",
            "routine_body",
            "routine_definition",
            "routine_dependencies",
            "security_type",
            "specific_name",
            "sql_data_access",
            "sql_path",
        ],
        Kind::Model => &["comment", "storage_location"],
        Kind::ExternalLocation => &[
            "comment",
            "enable_file_events",
            "encryption_details",
            "fallback",
            "file_event_queue",
            "read_only",
        ],
        Kind::StorageCredential => &[
            "aws_iam_role",
            "cloudflare_api_token",
            "comment",
            "read_only",
        ],
        Kind::Connection => &["comment", "environment_settings", "properties", "read_only"],
    }
}

/// What an update call sets, but for `new_name`.
fn mutable(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Catalog => &[
            "comment",
            "custom_max_retention_hours",
            "enable_predictive_optimization",
            "isolation_mode",
            "managed_encryption_settings",
            "options",
            "owner",
            "properties",
        ],
        Kind::Schema => &[
            "comment",
            "custom_max_retention_hours",
            "enable_predictive_optimization",
            "owner",
            "properties",
        ],
        Kind::Table | Kind::Function => &["owner"],
        Kind::Volume | Kind::Model => &["comment", "owner"],
        Kind::ExternalLocation => &[
            "comment",
            "credential_name",
            "enable_file_events",
            "encryption_details",
            "fallback",
            "file_event_queue",
            "isolation_mode",
            "owner",
            "read_only",
            "url",
        ],
        Kind::StorageCredential => &[
            "aws_iam_role",
            "cloudflare_api_token",
            "comment",
            "isolation_mode",
            "owner",
            "read_only",
        ],
        Kind::Connection => &["environment_settings", "options", "owner"],
    }
}

/// Whether `new_name` works.
pub(super) fn is_renamable(kind: Kind) -> bool {
    !matches!(kind, Kind::Table | Kind::Function)
}

/// Fields of a create call; refused when one is missing.
pub(super) fn of_create(
    kind: Kind,
    body: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    for field in required(kind) {
        if matches!(body.get(*field), None | Some(Value::Null)) {
            return Err(ApiError::invalid(format!(
                "Missing required field: {field}"
            )));
        }
    }
    Ok(picked(body, &[required(kind), optional(kind)]))
}

/// Fields of an update call.
pub(super) fn of_update(kind: Kind, body: &Map<String, Value>) -> Map<String, Value> {
    picked(body, &[mutable(kind)])
}

/// The names of other securables are kept in lower case.
fn picked(body: &Map<String, Value>, names: &[&[&str]]) -> Map<String, Value> {
    let kept = |key: &str, value: &Value| match (key, value) {
        ("connection_name" | "credential_name", Value::String(name)) => {
            Value::from(Kind::key(name))
        }
        _ => value.clone(),
    };
    body.iter()
        .filter(|(key, value)| {
            !value.is_null() && names.iter().any(|names| names.contains(&key.as_str()))
        })
        .map(|(key, value)| (key.clone(), kept(key, value)))
        .collect()
}

/// What a create call of a metastore takes.
pub(in crate::databricks) const METASTORE: &[&str] =
    &["external_access_enabled", "name", "region", "storage_root"];

/// What an update call of a metastore takes.
pub(in crate::databricks) const METASTORE_UPDATE: &[&str] = &[
    "delta_sharing_organization_name",
    "delta_sharing_recipient_token_lifetime_in_seconds",
    "delta_sharing_scope",
    "external_access_enabled",
    "new_name",
    "owner",
    "privilege_model_version",
    "storage_root_credential_id",
];
