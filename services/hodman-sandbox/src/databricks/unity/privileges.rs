//! Which privileges there are on which kind of securable.

use super::kind::Kind;
use crate::databricks::error::ApiError;

/// On the metastore; nothing inherits them.
const METASTORE: &[&str] = &[
    "CREATE_CATALOG",
    "CREATE_CLEAN_ROOM",
    "CREATE_CONNECTION",
    "CREATE_EXTERNAL_LOCATION",
    "CREATE_PROVIDER",
    "CREATE_RECIPIENT",
    "CREATE_SERVICE_CREDENTIAL",
    "CREATE_SHARE",
    "CREATE_STORAGE_CREDENTIAL",
    "MANAGE_ALLOWLIST",
    "SET_SHARE_PERMISSION",
    "USE_MARKETPLACE_ASSETS",
    "USE_PROVIDER",
    "USE_RECIPIENT",
    "USE_SHARE",
];

/// Only on catalogs; all others of a catalog are those of a schema, which inherits them.
const CATALOG: &[&str] = &[
    "BROWSE",
    "CREATE_FOREIGN_SECURABLE",
    "CREATE_SCHEMA",
    "USE_CATALOG",
];

const SCHEMA: &[&str] = &[
    "ALL_PRIVILEGES",
    "APPLY_TAG",
    "CREATE_FUNCTION",
    "CREATE_MATERIALIZED_VIEW",
    "CREATE_MODEL",
    "CREATE_MODEL_VERSION",
    "CREATE_TABLE",
    "CREATE_VIEW",
    "CREATE_VOLUME",
    "EXECUTE",
    "EXTERNAL_USE_SCHEMA",
    "MANAGE",
    "MODIFY",
    "READ_VOLUME",
    "REFRESH",
    "SELECT",
    "USE_SCHEMA",
    "WRITE_VOLUME",
];

const TABLE: &[&str] = &[
    "ALL_PRIVILEGES",
    "APPLY_TAG",
    "MANAGE",
    "MODIFY",
    "REFRESH",
    "SELECT",
];

const VOLUME: &[&str] = &[
    "ALL_PRIVILEGES",
    "APPLY_TAG",
    "MANAGE",
    "READ_VOLUME",
    "WRITE_VOLUME",
];

const FUNCTION: &[&str] = &["ALL_PRIVILEGES", "EXECUTE", "MANAGE"];

const MODEL: &[&str] = &[
    "ALL_PRIVILEGES",
    "APPLY_TAG",
    "CREATE_MODEL_VERSION",
    "EXECUTE",
    "MANAGE",
];

const EXTERNAL_LOCATION: &[&str] = &[
    "ALL_PRIVILEGES",
    "BROWSE",
    "CREATE_EXTERNAL_TABLE",
    "CREATE_EXTERNAL_VOLUME",
    "CREATE_FOREIGN_SECURABLE",
    "CREATE_MANAGED_STORAGE",
    "EXTERNAL_USE_LOCATION",
    "MANAGE",
    "READ_FILES",
    "WRITE_FILES",
];

const STORAGE_CREDENTIAL: &[&str] = &[
    "ALL_PRIVILEGES",
    "CREATE_EXTERNAL_LOCATION",
    "CREATE_EXTERNAL_TABLE",
    "MANAGE",
    "READ_FILES",
    "WRITE_FILES",
];

const CONNECTION: &[&str] = &[
    "ALL_PRIVILEGES",
    "CREATE_FOREIGN_CATALOG",
    "MANAGE",
    "USE_CONNECTION",
];

/// `None` is the metastore.
fn is_known(kind: Option<Kind>, privilege: &str) -> bool {
    let of = |list: &[&str]| list.contains(&privilege);
    match kind {
        None => of(METASTORE),
        Some(Kind::Catalog) => of(CATALOG) || of(SCHEMA),
        Some(Kind::Schema) => of(SCHEMA),
        Some(Kind::Table) => of(TABLE),
        Some(Kind::Volume) => of(VOLUME),
        Some(Kind::Function) => of(FUNCTION),
        Some(Kind::Model) => of(MODEL),
        Some(Kind::ExternalLocation) => of(EXTERNAL_LOCATION),
        Some(Kind::StorageCredential) => of(STORAGE_CREDENTIAL),
        Some(Kind::Connection) => of(CONNECTION),
    }
}

/// The privilege with underscores, when the securable can have it.
pub(super) fn checked(kind: Option<Kind>, name: &str, privilege: &str) -> Result<String, ApiError> {
    let privilege = privilege.trim().to_uppercase().replace(' ', "_");
    if is_known(kind, &privilege) {
        return Ok(privilege);
    }
    let securable = kind.map_or("METASTORE", Kind::securable);
    Err(ApiError::invalid(format!(
        "Privilege {} is not applicable to this entity [{name}:{securable}]. If this seems unexpected, please check the privilege version of the metastore in use [1.0].",
        privilege.replace('_', " "),
    )))
}

/// Whether a securable of the kind gets the privilege from a catalog or a schema above it.
pub(super) fn is_inherited_by(kind: Kind, privilege: &str) -> bool {
    is_known(Some(kind), privilege) || matches!(privilege, "BROWSE" | "USE_CATALOG" | "USE_SCHEMA")
}
