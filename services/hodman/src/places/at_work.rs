//! How many programs are at work that must not be left alone when the daemon ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts them. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct AtWork(Arc<AtomicUsize>);

/// One that is at work for as long as this lives.
#[derive(Debug)]
pub struct Working(Arc<AtomicUsize>);

impl AtWork {
    /// One more.
    #[must_use]
    pub fn begin(&self) -> Working {
        self.0.fetch_add(1, Ordering::SeqCst);
        Working(Arc::clone(&self.0))
    }

    /// Whether any is.
    #[must_use]
    pub fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
