//! One metastore: its own row, and everything in it by kind and full name.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::volume_files::Node;
use crate::databricks::error::ApiError;
use crate::databricks::table::object;

/// Privileges by principal.
pub(super) type Grants = BTreeMap<String, BTreeSet<String>>;

/// One thing that can be owned and granted. What belongs to it moves with it when it is renamed and goes when it is deleted.
#[derive(Debug, Default)]
pub(super) struct Securable {
    pub(super) row: Map<String, Value>,
    pub(super) grants: Grants,
    /// Binding type by workspace.
    pub(super) bindings: BTreeMap<u64, String>,
    /// A connection's options that no answer has.
    pub(super) secrets: BTreeMap<String, SecretString>,
    /// Versions of a model.
    pub(super) versions: BTreeMap<u64, Map<String, Value>>,
    /// Version by alias of a model.
    pub(super) aliases: BTreeMap<String, u64>,
    /// Contents of a volume by path below it, without a slash in front.
    pub(super) files: BTreeMap<String, Node>,
}

/// One metastore.
#[derive(Debug)]
pub(super) struct Metastore {
    pub(super) id: String,
    /// Account, which is the external id of storage credentials.
    pub(super) account_id: String,
    /// The metastore itself.
    pub(super) own: Securable,
    all: BTreeMap<(Kind, String), Securable>,
    /// Roles that cannot be assumed, so checks of credentials with them fail.
    pub(super) distrusted: BTreeSet<String>,
}

impl Metastore {
    /// With the catalog `system` in it, as every real one has.
    pub(super) fn new(id: &str, account_id: &str, row: Map<String, Value>, now: i64) -> Self {
        let own = Securable {
            row,
            ..Securable::default()
        };
        let mut metastore = Self {
            id: id.to_owned(),
            account_id: account_id.to_owned(),
            own,
            all: BTreeMap::new(),
            distrusted: BTreeSet::new(),
        };
        let system = json!({
            "name": "system",
            "full_name": "system",
            "owner": "System user",
            "comment": "System catalog (auto-created)",
            "catalog_type": "SYSTEM_CATALOG",
            "isolation_mode": "OPEN",
            "browse_only": false,
            "securable_type": "CATALOG",
            "metastore_id": id,
            "created_at": now,
            "created_by": "System user",
            "updated_at": now,
            "updated_by": "System user",
        });
        metastore.put(Kind::Catalog, "system", object(system));
        metastore
    }

    pub(super) fn name(&self) -> &str {
        self.own
            .row
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A new securable, without grants.
    pub(super) fn put(&mut self, kind: Kind, full_name: &str, row: Map<String, Value>) {
        let securable = Securable {
            row,
            ..Securable::default()
        };
        self.insert(kind, full_name, securable);
    }

    pub(super) fn insert(&mut self, kind: Kind, full_name: &str, securable: Securable) {
        self.all.insert((kind, Kind::key(full_name)), securable);
    }

    pub(super) fn contains(&self, kind: Kind, full_name: &str) -> bool {
        self.all.contains_key(&(kind, Kind::key(full_name)))
    }

    pub(super) fn get(&self, kind: Kind, full_name: &str) -> Result<&Securable, ApiError> {
        self.all
            .get(&(kind, Kind::key(full_name)))
            .ok_or_else(|| kind.absent(full_name))
    }

    pub(super) fn get_mut(
        &mut self,
        kind: Kind,
        full_name: &str,
    ) -> Result<&mut Securable, ApiError> {
        self.all
            .get_mut(&(kind, Kind::key(full_name)))
            .ok_or_else(|| kind.absent(full_name))
    }

    /// All of one kind, by full name.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&str, &Securable)> {
        self.of_kind_under(kind, "")
    }

    /// Those of one kind whose key begins with `prefix`, by full name.
    pub(super) fn of_kind_under(
        &self,
        kind: Kind,
        prefix: &str,
    ) -> impl Iterator<Item = (&str, &Securable)> {
        self.all
            .range((kind, prefix.to_owned())..)
            .take_while(move |((its, name), _)| *its == kind && name.starts_with(prefix))
            .map(|((_, name), securable)| (name.as_str(), securable))
    }

    pub(super) fn of_kind_mut(&mut self, kind: Kind) -> impl Iterator<Item = &mut Securable> {
        self.all
            .iter_mut()
            .filter(move |((its, _), _)| *its == kind)
            .map(|(_, securable)| securable)
    }

    /// Kinds and names of what lies in a catalog or a schema, at any depth.
    pub(super) fn inside(&self, kind: Kind, full_name: &str) -> Vec<(Kind, String)> {
        if !matches!(kind, Kind::Catalog | Kind::Schema) {
            return Vec::new();
        }
        let prefix = format!("{}.", Kind::key(full_name));
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.parent().is_some());
        let below = kinds.flat_map(|kind| {
            let below = self.of_kind_under(kind, &prefix);
            below.map(move |(name, _)| (kind, name.to_owned()))
        });
        below.collect()
    }

    /// Takes it out, with what lies in it.
    pub(super) fn remove(&mut self, kind: Kind, full_name: &str) {
        for key in self.inside(kind, full_name) {
            self.all.remove(&key);
        }
        self.all.remove(&(kind, Kind::key(full_name)));
    }

    /// Takes one entry out to put it in elsewhere.
    pub(super) fn take(&mut self, key: &(Kind, String)) -> Option<Securable> {
        self.all.remove(key)
    }

    /// Whether anything but the catalog `system` is in it.
    pub(super) fn is_used(&self) -> bool {
        self.all
            .keys()
            .any(|(kind, name)| (*kind, name.as_str()) != (Kind::Catalog, "system"))
    }
}
