//! What a test or the demo does in Unity Catalog by hand, and looks up there.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::desk::Desk;
use super::kind::Kind;
use super::objects::{Author, make};
use super::{models, view, volume_files};
use crate::databricks::error::ApiError;
use crate::databricks::handle::WorkspaceHandle;
use crate::databricks::table::{object, overlay};

impl WorkspaceHandle {
    /// Makes a securable, a table of any type too, and answers its full name. `kind` is the word of its API's path, for
    /// example `external-locations`; `fields` are those of its create call.
    ///
    /// # Errors
    /// What the API refuses.
    pub fn create_securable(
        &self,
        kind: &str,
        fields: Value,
        by: &str,
    ) -> Result<String, ApiError> {
        let kind = Kind::of_path(kind)?;
        self.at_desk(|desk, now| make(desk, kind, &object(fields), Author { login: by, now }))
    }

    /// Sets fields of a securable as it is kept, unchecked: what a person does in SQL or in the pages.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn edit_securable(
        &self,
        kind: &str,
        full_name: &str,
        fields: Value,
        by: &str,
    ) -> Result<(), ApiError> {
        let kind = Kind::of_path(kind)?;
        self.at_desk(|desk, now| {
            let row = &mut desk.metastore.get_mut(kind, full_name)?.row;
            overlay(row, &object(fields));
            row.insert("updated_at".into(), json!(now));
            row.insert("updated_by".into(), json!(by));
            Ok(())
        })
    }

    /// Deletes a securable with what lies in it.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn delete_securable(&self, kind: &str, full_name: &str) -> Result<(), ApiError> {
        let kind = Kind::of_path(kind)?;
        self.at_desk(|desk, _| {
            desk.metastore.get(kind, full_name)?;
            desk.metastore.remove(kind, full_name);
            Ok(())
        })
    }

    /// A securable as the API shows it; bindings do not hide it.
    #[must_use]
    pub fn securable(&self, kind: &str, full_name: &str) -> Option<Value> {
        let kind = Kind::of_path(kind).ok()?;
        self.at_desk(|desk, _| {
            let securable = desk.metastore.get(kind, full_name)?;
            Ok(view::of(desk.metastore, kind, securable))
        })
        .ok()
    }

    /// Full names of all securables of a kind.
    #[must_use]
    pub fn list_securables(&self, kind: &str) -> Vec<String> {
        let Ok(kind) = Kind::of_path(kind) else {
            return Vec::new();
        };
        self.at_desk(|desk, _| {
            let all = desk.metastore.of_kind(kind);
            Ok(all.map(|(name, _)| name.to_owned()).collect())
        })
        .unwrap_or_default()
    }

    /// Privileges a principal was granted directly.
    #[must_use]
    pub fn grants(&self, kind: &str, full_name: &str, principal: &str) -> Vec<String> {
        self.at_desk(|desk, _| {
            let securable = desk.metastore.get(Kind::of_path(kind)?, full_name)?;
            let privileges = securable.grants.get(principal);
            Ok(privileges.into_iter().flatten().cloned().collect())
        })
        .unwrap_or_default()
    }

    /// Registers the next version of a model and answers its number. `fields` are those of the service's answers, for
    /// example `source` and `run_id`.
    ///
    /// # Errors
    /// There is no such model.
    pub fn add_model_version(&self, model: &str, fields: Value, by: &str) -> Result<u64, ApiError> {
        self.at_desk(|desk, now| {
            models::add_version(desk, model, object(fields), Author { login: by, now })
        })
    }

    /// Value of a connection's secret option, which no call of the API answers.
    #[must_use]
    pub fn connection_secret(&self, connection: &str, option: &str) -> Option<SecretString> {
        self.at_desk(|desk, _| {
            let connection = desk.metastore.get(Kind::Connection, connection)?;
            Ok(connection.secrets.get(option).cloned())
        })
        .ok()
        .flatten()
    }

    /// From now on checks of storage credentials with this role fail, as with a role whose trust policy is wrong.
    ///
    /// # Errors
    /// The workspace has no metastore.
    pub fn distrust_role(&self, role_arn: &str) -> Result<(), ApiError> {
        self.at_desk(|desk, _| {
            desk.metastore.distrusted.insert(role_arn.to_owned());
            Ok(())
        })
    }

    /// Takes [`Self::distrust_role`] back.
    ///
    /// # Errors
    /// The workspace has no metastore.
    pub fn trust_role(&self, role_arn: &str) -> Result<(), ApiError> {
        self.at_desk(|desk, _| {
            desk.metastore.distrusted.remove(role_arn);
            Ok(())
        })
    }

    /// Writes a file to a volume, and the folders above it; `path` begins with `/Volumes/`.
    ///
    /// # Errors
    /// There is no such volume, or a folder is there.
    pub fn put_volume_file(&self, path: &str, bytes: &[u8]) -> Result<(), ApiError> {
        let (volume, rest) = volume_files::split(path)?;
        self.at_desk(|desk, now| {
            let volume = desk.metastore.get_mut(Kind::Volume, &volume)?;
            volume_files::put(volume, &rest, bytes.to_vec(), true, now)
        })
    }

    /// Bytes of a file in a volume.
    #[must_use]
    pub fn read_volume_file(&self, path: &str) -> Option<Vec<u8>> {
        let (volume, rest) = volume_files::split(path).ok()?;
        self.at_desk(|desk, _| {
            let volume = desk.metastore.get(Kind::Volume, &volume)?;
            let node = volume.files.get(&rest);
            Ok(node.and_then(|node| node.bytes.clone()))
        })
        .ok()
        .flatten()
    }

    /// Id of the metastore that the workspace uses.
    #[must_use]
    pub fn metastore_id(&self) -> Option<String> {
        self.at_desk(|desk, _| Ok(desk.metastore.id.clone())).ok()
    }

    /// Gives this workspace the metastore of another one, as the account's administrator does; both see the same catalogs
    /// from now on.
    ///
    /// # Errors
    /// The other workspace has no metastore.
    pub fn share_metastore(&self, with: &Self) -> Result<(), ApiError> {
        let id = with.at_desk(|desk, _| Ok(desk.metastore.id.clone()))?;
        let access = self.world.lock().unity.clone();
        let mut metastores = access.metastores.lock();
        metastores.assign(access.workspace, &id, None)
    }

    /// Does something with the metastore, at the world's time.
    fn at_desk<T>(
        &self,
        act: impl FnOnce(&mut Desk<'_>, i64) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let (access, now) = {
            let world = self.world.lock();
            (world.unity.clone(), world.clock.millis())
        };
        access.desk(|desk| act(desk, now))
    }
}
