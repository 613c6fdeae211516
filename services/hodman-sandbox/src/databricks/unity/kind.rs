//! Kinds of securables, and how the API speaks of each.

use crate::databricks::error::ApiError;

/// One kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Catalog,
    Schema,
    Table,
    Volume,
    Function,
    Model,
    ExternalLocation,
    StorageCredential,
    Connection,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Catalog,
        Self::Schema,
        Self::Table,
        Self::Volume,
        Self::Function,
        Self::Model,
        Self::ExternalLocation,
        Self::StorageCredential,
        Self::Connection,
    ];

    /// Last part of the path of its calls.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Catalog => "catalogs",
            Self::Schema => "schemas",
            Self::Table => "tables",
            Self::Volume => "volumes",
            Self::Function => "functions",
            Self::Model => "models",
            Self::ExternalLocation => "external-locations",
            Self::StorageCredential => "storage-credentials",
            Self::Connection => "connections",
        }
    }

    pub(super) fn of_path(path: &str) -> Result<Self, ApiError> {
        let found = Self::ALL.into_iter().find(|kind| kind.path() == path);
        found.ok_or_else(|| ApiError::invalid(format!("'{path}' is not a kind of securable.")))
    }

    /// Field of the answer to a list call.
    pub(super) fn list_field(self) -> &'static str {
        match self {
            Self::Model => "registered_models",
            Self::ExternalLocation => "external_locations",
            Self::StorageCredential => "storage_credentials",
            kind => kind.path(),
        }
    }

    /// As refusals write it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Catalog => "Catalog",
            Self::Schema => "Schema",
            Self::Table => "Table",
            Self::Volume => "Volume",
            Self::Function | Self::Model => "Routine or Model",
            Self::ExternalLocation => "External Location",
            Self::StorageCredential => "Storage Credential",
            Self::Connection => "Connection",
        }
    }

    /// Securable type as grants and bindings write it, in capitals.
    pub(super) fn securable(self) -> &'static str {
        match self {
            Self::Catalog => "CATALOG",
            Self::Schema => "SCHEMA",
            Self::Table => "TABLE",
            Self::Volume => "VOLUME",
            Self::Function => "FUNCTION",
            Self::Model => "MODEL",
            Self::ExternalLocation => "EXTERNAL_LOCATION",
            Self::StorageCredential => "STORAGE_CREDENTIAL",
            Self::Connection => "CONNECTION",
        }
    }

    /// Begin of the error codes `…_DOES_NOT_EXIST` and `…_ALREADY_EXISTS`.
    fn code(self) -> &'static str {
        match self {
            Self::Function | Self::Model => "ROUTINE",
            kind => kind.securable(),
        }
    }

    /// Field with the id that a rename does not change.
    pub(super) fn id_field(self) -> &'static str {
        match self {
            Self::Schema => "schema_id",
            Self::Table => "table_id",
            Self::Volume => "volume_id",
            Self::Function => "function_id",
            Self::Connection => "connection_id",
            Self::Catalog | Self::Model | Self::ExternalLocation | Self::StorageCredential => "id",
        }
    }

    /// What it lies in; `None`: in the metastore.
    pub(super) fn parent(self) -> Option<Self> {
        match self {
            Self::Schema => Some(Self::Catalog),
            Self::Table | Self::Volume | Self::Function | Self::Model => Some(Self::Schema),
            Self::Catalog | Self::ExternalLocation | Self::StorageCredential | Self::Connection => {
                None
            }
        }
    }

    /// Whether access can be bound to some workspaces.
    pub(super) fn is_bindable(self) -> bool {
        matches!(
            self,
            Self::Catalog | Self::ExternalLocation | Self::StorageCredential
        )
    }

    /// Values of `isolation_mode`: for all workspaces, for those bound.
    pub(super) fn isolation_modes(self) -> [&'static str; 2] {
        match self {
            Self::Catalog => ["OPEN", "ISOLATED"],
            _ => ["ISOLATION_MODE_OPEN", "ISOLATION_MODE_ISOLATED"],
        }
    }

    /// Name under which it is found: no two differ only in case.
    pub(super) fn key(name: &str) -> String {
        name.to_lowercase()
    }

    pub(super) fn absent(self, name: &str) -> ApiError {
        let code = format!("{}_DOES_NOT_EXIST", self.code());
        let message = format!("{} '{name}' does not exist.", self.word());
        ApiError::new(404, &code, message)
    }

    /// The service names it without what it lies in.
    pub(super) fn exists(self, name: &str) -> ApiError {
        let code = format!("{}_ALREADY_EXISTS", self.code());
        let message = format!("{} '{name}' already exists", self.word());
        ApiError::new(400, &code, message)
    }
}
