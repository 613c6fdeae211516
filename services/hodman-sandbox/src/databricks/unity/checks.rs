//! What is refused of a new or changed securable, and what the service fills in.

mod catalogs;
mod connections;
mod contents;
mod locations;

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::desk::Desk;
use super::kind::Kind;
use super::metastore::Securable;
use crate::databricks::error::ApiError;

pub(super) use catalogs::first_schemas;
pub(super) use locations::role_problem;

/// Longest name.
const NAME_LIMIT: usize = 255;

/// A name as the service keeps it: what lies in catalogs, and catalogs, in lower case.
pub(super) fn good_name(kind: Kind, name: &str) -> Result<String, ApiError> {
    let bad = |c: char| c.is_control() || matches!(c, '.' | '/' | ' ');
    if name.is_empty() || name.chars().count() > NAME_LIMIT || name.contains(bad) {
        return Err(ApiError::invalid(format!("\"{name}\" is not a valid name")));
    }
    let folded = kind == Kind::Catalog || kind.parent().is_some();
    Ok(if folded {
        Kind::key(name)
    } else {
        name.to_owned()
    })
}

/// Puts the names of a new row into their form and answers the full name.
pub(super) fn named(kind: Kind, row: &mut Map<String, Value>) -> Result<String, ApiError> {
    let fields: &[(&str, Kind)] = match kind.parent() {
        None => &[("name", kind)],
        Some(Kind::Catalog) => &[("catalog_name", Kind::Catalog), ("name", kind)],
        Some(_) => &[
            ("catalog_name", Kind::Catalog),
            ("schema_name", Kind::Schema),
            ("name", kind),
        ],
    };
    let mut full_name = Vec::new();
    for (field, kind) in fields {
        let name = row.get(*field).and_then(Value::as_str).unwrap_or_default();
        let name = good_name(*kind, name)?;
        row.insert((*field).to_owned(), json!(name));
        full_name.push(name);
    }
    Ok(full_name.join("."))
}

/// Whether new things may be put into a catalog or a schema.
pub(super) fn may_hold(kind: Kind, name: &str, above: &Securable) -> Result<(), ApiError> {
    match above.row.get("catalog_type").and_then(Value::as_str) {
        Some("MANAGED_CATALOG") | None if !name.ends_with(".information_schema") => Ok(()),
        _ => Err(read_only(kind, name)),
    }
}

/// What the service made for itself stays as it is.
pub(super) fn may_change(kind: Kind, name: &str, securable: &Securable) -> Result<(), ApiError> {
    let owner = securable.row.get("owner").and_then(Value::as_str);
    match owner {
        Some("System user") => Err(read_only(kind, name)),
        _ => Ok(()),
    }
}

fn read_only(kind: Kind, name: &str) -> ApiError {
    let message = format!("{} '{name}' is read-only.", kind.word());
    ApiError::new(403, "PERMISSION_DENIED", message)
}

/// Checks a new row and fills in what the service does; its names are already good.
pub(super) fn complete(
    desk: &Desk<'_>,
    kind: Kind,
    securable: &mut Securable,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    let unchecked = body.get("skip_validation") == Some(&json!(true));
    match kind {
        Kind::Catalog => catalogs::catalog(desk, securable),
        Kind::Schema => catalogs::schema(desk, securable),
        Kind::Volume => contents::volume(desk, securable),
        Kind::Table => contents::table(desk, &mut securable.row),
        Kind::Model => contents::model(desk, &mut securable.row),
        Kind::Function => Ok(()),
        Kind::ExternalLocation => locations::location(desk, &mut securable.row, unchecked),
        Kind::StorageCredential => locations::credential(desk, securable, body),
        Kind::Connection => connections::connection(securable, body),
    }
}

/// Checks the fields of an update call, and completes them; new secrets when the call has some.
pub(super) fn of_update(
    desk: &Desk<'_>,
    kind: Kind,
    name: &str,
    fields: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> Result<Option<BTreeMap<String, SecretString>>, ApiError> {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if fields.get("owner").is_some_and(|owner| !is_text(owner)) {
        return Err(ApiError::invalid("The owner must be a principal's name."));
    }
    if let Some(mode) = fields.get("isolation_mode") {
        let known = kind.isolation_modes();
        if !known.iter().any(|known| mode == known) {
            return Err(ApiError::invalid(format!(
                "isolation_mode must be one of {}, not {mode}.",
                known.join(", ")
            )));
        }
    }
    match kind {
        Kind::Catalog => catalogs::change(desk.get(kind, name)?, fields)?,
        Kind::ExternalLocation => locations::change_location(desk, name, fields, body)?,
        Kind::StorageCredential => return locations::change_credential(desk, fields, body),
        Kind::Connection => return connections::change(fields, body).map(Some),
        _ => {}
    }
    Ok(None)
}
