//! The sandbox's time and how fast runs and clusters go through their states.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

/// Where the sandbox reads the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that the caller drives.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Utc::now)
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> i64 {
        (self.0)().timestamp_millis()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How fast runs, clusters and workspaces go from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each state is left when it was read this many times: fast and without time.
    Polls(u32),
    /// Each state lasts this long by the sandbox's clock.
    Time(Duration),
}

/// How long something has been in its state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    since: i64,
    polls: u32,
}

impl Progress {
    pub(crate) fn start(now: i64) -> Self {
        Self {
            since: now,
            polls: 0,
        }
    }

    /// Called when the state is read, in a loop until it says no or the last state is reached: whether the state is
    /// over and the next one began.
    pub(crate) fn read(&mut self, pace: Pace, now: i64) -> bool {
        match pace {
            Pace::Polls(polls) => {
                self.polls += 1;
                let over = self.polls > polls;
                if over {
                    *self = Self::start(now);
                }
                over
            }
            Pace::Time(time) => {
                let over = now >= self.since + time.num_milliseconds();
                if over {
                    self.since += time.num_milliseconds();
                }
                over
            }
        }
    }

    /// When the state began, in milliseconds since 1970.
    pub(crate) fn since(&self) -> i64 {
        self.since
    }
}
