//! A clock that the demo can move on, so that nobody has to wait a quarter of an hour for a schedule.

use crate::clock::Clock;
use chrono::{DateTime, Duration, Utc};
use tokio::sync::watch;

/// The machine's clock and what it was moved on by, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct DemoClock(watch::Sender<i64>);

impl DemoClock {
    /// The moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + Duration::milliseconds(*self.0.borrow())
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|all| *all += by.num_milliseconds());
    }

    /// For the daemon, which hears of each move.
    #[must_use]
    pub fn for_daemon(&self) -> Clock {
        Clock::moved_on(self.0.subscribe())
    }
}
