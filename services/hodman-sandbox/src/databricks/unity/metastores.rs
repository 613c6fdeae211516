//! All metastores of the account, and which workspace uses which.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::metastore::Metastore;
use crate::databricks::error::ApiError;
use crate::databricks::table::{fill, object, overlay};

/// Metastores by id, and assignments.
#[derive(Debug)]
pub(crate) struct Metastores {
    account_id: String,
    all: BTreeMap<String, Metastore>,
    /// Metastore and default catalog by workspace.
    assignments: BTreeMap<u64, (String, String)>,
}

/// Catalog of queries that name none.
const DEFAULT_CATALOG: &str = "main";

impl Metastores {
    pub(crate) fn new(account_id: &str) -> Self {
        Self {
            account_id: account_id.to_owned(),
            all: BTreeMap::new(),
            assignments: BTreeMap::new(),
        }
    }

    /// Gives a new workspace a metastore of its own.
    pub(crate) fn open(&mut self, workspace: &str, workspace_id: u64, now: i64) {
        let fields = json!({
            "name": format!("{workspace}-metastore"),
            "region": "us-east-1",
            "storage_root": format!("s3://{workspace}-metastore"),
        });
        let row = self.make(&object(fields), "System user", now);
        let id = row["metastore_id"].as_str().unwrap_or_default().to_owned();
        let assignment = (id, DEFAULT_CATALOG.to_owned());
        self.assignments.insert(workspace_id, assignment);
    }

    /// A new metastore; answers its row.
    pub(crate) fn create(
        &mut self,
        fields: &Map<String, Value>,
        by: &str,
        now: i64,
    ) -> Result<Map<String, Value>, ApiError> {
        let name = fields.get("name").and_then(Value::as_str);
        let name = name
            .filter(|name| !name.is_empty())
            .ok_or_else(|| ApiError::invalid("Missing required field: name"))?;
        if self.all.values().any(|other| other.name() == name) {
            return Err(ApiError::new(
                400,
                "METASTORE_ALREADY_EXISTS",
                format!("Metastore '{name}' already exists"),
            ));
        }
        Ok(self.make(fields, by, now))
    }

    fn make(&mut self, fields: &Map<String, Value>, by: &str, now: i64) -> Map<String, Value> {
        let id = uuid::Uuid::new_v4().to_string();
        let mut row = fields.clone();
        fill(&mut row, "region", json!("us-east-1"));
        fill(&mut row, "owner", json!(by));
        fill(&mut row, "privilege_model_version", json!("1.0"));
        fill(&mut row, "delta_sharing_scope", json!("INTERNAL"));
        fill(&mut row, "external_access_enabled", json!(false));
        let region = row["region"].as_str().unwrap_or_default().to_owned();
        if let Some(root) = row.get("storage_root").and_then(Value::as_str) {
            let root = format!("{}/{id}", root.trim_end_matches('/'));
            row.insert("storage_root".into(), json!(root));
        }
        let set_by_service = json!({
            "metastore_id": id,
            "global_metastore_id": format!("aws:{region}:{id}"),
            "cloud": "aws",
            "created_at": now,
            "created_by": by,
            "updated_at": now,
            "updated_by": by,
        });
        overlay(&mut row, &object(set_by_service));
        let metastore = Metastore::new(&id, &self.account_id, row.clone(), now);
        self.all.insert(id, metastore);
        row
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        let rows = self.all.values().map(|metastore| &metastore.own.row);
        rows.cloned().map(Value::Object).collect()
    }

    pub(crate) fn row(&self, id: &str) -> Result<&Map<String, Value>, ApiError> {
        let metastore = self.all.get(id).ok_or_else(|| absent(id))?;
        Ok(&metastore.own.row)
    }

    /// Sets fields; `new_name` renames.
    pub(crate) fn change(
        &mut self,
        id: &str,
        fields: &Map<String, Value>,
        by: &str,
        now: i64,
    ) -> Result<Map<String, Value>, ApiError> {
        const KEPT: [&str; 4] = ["metastore_id", "created_at", "created_by", "storage_root"];
        let row = &mut self.all.get_mut(id).ok_or_else(|| absent(id))?.own.row;
        let mut fields = fields.clone();
        fields.retain(|key, value| !KEPT.contains(&key.as_str()) && !value.is_null());
        if let Some(name) = fields.remove("new_name") {
            fields.insert("name".into(), name);
        }
        overlay(row, &fields);
        row.insert("updated_at".into(), json!(now));
        row.insert("updated_by".into(), json!(by));
        Ok(row.clone())
    }

    /// Refused while there is something in it, but for `force`.
    pub(crate) fn remove(&mut self, id: &str, force: bool) -> Result<(), ApiError> {
        let metastore = self.all.get(id).ok_or_else(|| absent(id))?;
        if !force && metastore.is_used() {
            let message = format!("Metastore '{}' is not empty", metastore.name());
            return Err(ApiError::state(message));
        }
        self.all.remove(id);
        self.assignments.retain(|_, (metastore, _)| metastore != id);
        Ok(())
    }

    /// Assigns, or changes the assignment; what is not said stays as it is.
    pub(crate) fn assign(
        &mut self,
        workspace: u64,
        id: &str,
        default_catalog: Option<&str>,
    ) -> Result<(), ApiError> {
        if !self.all.contains_key(id) {
            return Err(absent(id));
        }
        let before = self.assignments.remove(&workspace);
        let catalog = default_catalog
            .map(str::to_owned)
            .or_else(|| before.map(|(_, catalog)| catalog))
            .unwrap_or_else(|| DEFAULT_CATALOG.to_owned());
        self.assignments.insert(workspace, (id.to_owned(), catalog));
        Ok(())
    }

    /// Whether it had one.
    pub(crate) fn unassign(&mut self, workspace: u64) -> bool {
        self.assignments.remove(&workspace).is_some()
    }

    /// As the API shows it.
    pub(crate) fn assignment(&self, workspace: u64) -> Option<Value> {
        let (id, catalog) = self.assignments.get(&workspace)?;
        Some(json!({
            "workspace_id": workspace,
            "metastore_id": id,
            "default_catalog_name": catalog,
        }))
    }

    pub(crate) fn workspaces_of(&self, id: &str) -> Vec<u64> {
        let assigned = self.assignments.iter();
        assigned
            .filter(|(_, (metastore, _))| metastore == id)
            .map(|(workspace, _)| *workspace)
            .collect()
    }

    /// The metastore that a workspace uses.
    pub(super) fn of(&mut self, workspace: u64) -> Result<&mut Metastore, ApiError> {
        let assigned = self.assignments.get(&workspace);
        assigned
            .and_then(|(id, _)| self.all.get_mut(id))
            .ok_or_else(|| {
                ApiError::new(
                    404,
                    "METASTORE_DOES_NOT_EXIST",
                    "No metastore assigned for the current workspace.",
                )
            })
    }
}

fn absent(id: &str) -> ApiError {
    let message = format!("Metastore '{id}' does not exist.");
    ApiError::new(404, "METASTORE_DOES_NOT_EXIST", message)
}
