//! What has to stand still while an object changes.

use std::time::Duration;

/// A change that nothing may run on: what runs is stopped before it, and nothing starts for a while after it.
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
            minutes => format!("{stopped}, and nothing starts for {minutes} minutes after"),
        }
    }
}
