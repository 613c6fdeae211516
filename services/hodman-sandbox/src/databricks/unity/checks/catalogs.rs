//! Catalogs and schemas.

use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::table::{fill, object, overlay};
use crate::databricks::unity::desk::Desk;
use crate::databricks::unity::kind::Kind;
use crate::databricks::unity::metastore::Securable;
use crate::databricks::unity::objects::Author;
use crate::databricks::unity::storage;

/// Of the options only one can change, or go; the others stay as they are.
pub(super) fn change(catalog: &Securable, fields: &mut Map<String, Value>) -> Result<(), ApiError> {
    const FREE: &str = "authorized_paths";
    let Some(Value::Object(options)) = fields.get_mut("options") else {
        return Ok(());
    };
    if options.keys().any(|name| name != FREE) {
        return Err(ApiError::invalid(
            "UpdateCatalog options can not be provided",
        ));
    }
    let old = catalog.row.get("options").and_then(Value::as_object);
    for (name, value) in old.into_iter().flatten() {
        if name != FREE {
            options.insert(name.clone(), value.clone());
        }
    }
    Ok(())
}

/// A standard catalog, a foreign one behind a connection, or one that another organisation shares.
pub(super) fn catalog(desk: &Desk<'_>, catalog: &mut Securable) -> Result<(), ApiError> {
    let row = &mut catalog.row;
    let said = |field: &str| row.get(field).and_then(Value::as_str).map(str::to_owned);
    let (kind, variant) = match (
        said("connection_name"),
        said("provider_name"),
        said("share_name"),
    ) {
        (None, None, None) => ("MANAGED_CATALOG", "CATALOG_STANDARD"),
        (Some(connection), None, None) => {
            desk.metastore.get(Kind::Connection, &connection)?;
            ("FOREIGN_CATALOG", "CATALOG_FOREIGN")
        }
        (None, Some(_), Some(_)) => ("DELTASHARING_CATALOG", "CATALOG_DELTASHARING"),
        _ => {
            return Err(ApiError::invalid(
                "A catalog has a connection_name, or a provider_name and a share_name, or none of them.",
            ));
        }
    };
    match said("storage_root") {
        Some(root) => {
            let root = storage::url(&root)?;
            storage::must_be_covered(desk.metastore, &root)?;
            let id = row["id"].as_str().unwrap_or_default();
            let location = format!("{root}/__unitystorage/catalogs/{id}");
            row.insert("storage_location".into(), json!(location));
            row.insert("storage_root".into(), json!(root));
        }
        None if kind == "MANAGED_CATALOG" && storage::root(desk.metastore).is_none() => {
            return Err(ApiError::state(
                "Metastore storage root URL does not exist. Please provide a storage location for the catalog.",
            ));
        }
        None => {}
    }
    let filled = json!({
        "catalog_type": kind,
        "securable_kind": variant,
        "isolation_mode": "OPEN",
        "enable_predictive_optimization": "INHERIT",
        "provisioning_info": {"state": "ACTIVE"},
    });
    overlay(row, &object(filled));
    Ok(())
}

pub(super) fn schema(desk: &Desk<'_>, schema: &mut Securable) -> Result<(), ApiError> {
    let row = &mut schema.row;
    let catalog = row["catalog_name"].as_str().unwrap_or_default();
    let catalog = desk.metastore.get(Kind::Catalog, catalog)?;
    let catalog_type = catalog.row.get("catalog_type").cloned();
    row.insert("catalog_type".into(), catalog_type.unwrap_or_default());
    let root = row.get("storage_root").and_then(Value::as_str);
    if let Some(root) = root.map(storage::url).transpose()? {
        storage::must_be_covered(desk.metastore, &root)?;
        let id = row["schema_id"].as_str().unwrap_or_default();
        let location = format!("{root}/__unitystorage/schemas/{id}");
        row.insert("storage_location".into(), json!(location));
        row.insert("storage_root".into(), json!(root));
    }
    fill(row, "enable_predictive_optimization", json!("INHERIT"));
    Ok(())
}

/// The schemas that a new catalog has: `information_schema`, and `default` when it is a standard one.
pub(in crate::databricks::unity) fn first_schemas(
    desk: &mut Desk<'_>,
    catalog: &str,
    is_managed: bool,
    author: Author<'_>,
) {
    let catalog_type = desk
        .metastore
        .get(Kind::Catalog, catalog)
        .ok()
        .and_then(|catalog| catalog.row.get("catalog_type").cloned());
    let views = (
        "information_schema",
        "System user",
        "Information schema (auto-created)",
    );
    let default = ("default", author.login, "Default schema (auto-created)");
    for (name, owner, comment) in std::iter::once(views).chain(is_managed.then_some(default)) {
        let full_name = format!("{catalog}.{name}");
        let row = json!({
            "name": name,
            "full_name": full_name,
            "catalog_name": catalog,
            "catalog_type": catalog_type,
            "comment": comment,
            "owner": owner,
            "schema_id": uuid::Uuid::new_v4().to_string(),
            "metastore_id": desk.metastore.id,
            "created_at": author.now,
            "created_by": owner,
            "updated_at": author.now,
            "updated_by": owner,
            "browse_only": false,
            "securable_type": "SCHEMA",
            "enable_predictive_optimization": "INHERIT",
        });
        desk.metastore.put(Kind::Schema, &full_name, object(row));
    }
}
