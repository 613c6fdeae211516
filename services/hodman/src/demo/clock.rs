//! A clock that the demo can move on, so that nobody has to wait a quarter of an hour for a schedule.

use crate::clock::Clock;
use chrono::{DateTime, Duration, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The machine's clock and what it was moved on by.
#[derive(Clone, Debug, Default)]
pub struct DemoClock(Arc<AtomicI64>);

impl DemoClock {
    /// The moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + Duration::milliseconds(self.0.load(Ordering::Acquire))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::AcqRel);
    }

    /// For the daemon.
    #[must_use]
    pub fn for_daemon(&self) -> Clock {
        let own = self.clone();
        Clock::from_fn(move || own.now())
    }
}
