//! How many programs run at once.

use super::run::As;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Shared by all environments that name the same place: programs cost memory, whoever they run for. What nobody merged has turns of
/// its own: whoever opens a pull request decides how long it takes, and an apply must not wait for that.
#[derive(Clone, Debug)]
pub(in crate::places) struct Turns {
    merged: Arc<Semaphore>,
    unmerged: Arc<Semaphore>,
}

impl Turns {
    /// So many of either at once.
    pub fn new(at_once: usize) -> Self {
        Self {
            merged: Arc::new(Semaphore::new(at_once)),
            unmerged: Arc::new(Semaphore::new(at_once)),
        }
    }

    pub(super) fn of(&self, who: As) -> &Arc<Semaphore> {
        match who {
            As::Plan | As::Apply => &self.merged,
            As::Propose => &self.unmerged,
        }
    }
}
