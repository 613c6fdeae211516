//! What has to stand still while an object changes.

use std::time::Duration;

/// A change that nothing may run on: what runs is stopped before it, and nothing of ours starts for a while after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// How long nothing may start after the change took effect.
    pub hold: Duration,
}

impl Maintenance {
    /// What is done about it, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let stopped = "runs are waited for, clusters, SQL warehouses and idle instances of pools are stopped first";
        match self.hold.as_secs() / 60 {
            0 => stopped.to_owned(),
            minutes => format!(
                "{stopped}, and nothing of ours starts for {minutes} minutes after: our jobs and continuous pipelines are paused, pools \
                 stay empty; what people start, or a query to a warehouse, is not kept from it"
            ),
        }
    }
}
