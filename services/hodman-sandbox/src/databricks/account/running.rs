//! Classic compute that runs in a workspace: while there is some, the workspace is not changed.

use super::Account;
use crate::databricks::error::ApiError;

impl Account {
    /// Refuses a change, of whatever field, while a cluster, a pool with idle instances or a classic warehouse runs there. Nothing
    /// runs in one that failed.
    pub(super) fn must_be_drained(&self, id: &str, now: i64) -> Result<(), ApiError> {
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
                "Workspace {id} cannot be updated while compute resources are running in it: {what}. Terminate all clusters, pools and classic SQL warehouses first."
            ))),
        }
    }
}
