//! Classic compute that runs in a workspace: while there is some, what it stands on is not changed.

use serde_json::{Map, Value};

use super::Account;
use crate::databricks::error::ApiError;

/// Fields that running compute stands on. Tags, the key of managed services and the serverless egress are not among them.
const STOOD_ON: [&str; 5] = [
    "credentials_id",
    "storage_configuration_id",
    "network_id",
    "private_access_settings_id",
    "storage_customer_managed_key_id",
];

impl Account {
    /// Refuses such a change while a cluster, a pool with idle instances or a classic warehouse runs there.
    pub(super) fn must_be_drained(
        &self,
        id: &str,
        after: &Map<String, Value>,
        now: i64,
    ) -> Result<(), ApiError> {
        let before = self.workspaces.get("Workspace", id)?;
        let changed = |field: &&&str| before.get(**field) != after.get(**field);
        let Some(field) = STOOD_ON.iter().find(changed) else {
            return Ok(());
        };
        let (Some(hosts), Ok(number)) = (self.hosts.get(), id.parse()) else {
            return Ok(());
        };
        let hosts = hosts.lock();
        let running = hosts
            .handle(number)
            .and_then(|handle| handle.world.lock().running_compute(now));
        match running {
            None => Ok(()),
            Some(what) => Err(ApiError::state(format!(
                "{field} cannot be updated while compute resources are running in workspace {id}: {what}. Terminate all clusters, pools and classic SQL warehouses first."
            ))),
        }
    }
}
