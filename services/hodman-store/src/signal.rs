//! Wake-ups: loops sleep until something was committed that concerns them.

use std::sync::Arc;

use tokio::sync::watch;

/// Wakes its owner after a commit. Each signal remembers for itself whether it was told, so a wake-up that comes
/// between looking and waiting is not lost: look, wait, look again.
///
/// A hint, not a queue: several commits may be one wake-up, and on PostgreSQL the notice of another process may be
/// lost with its connection. Loops therefore also look on a slow timer.
#[derive(Clone, Debug)]
pub struct Signal(watch::Receiver<u64>);

impl Signal {
    /// Waits for a commit later than the last call (or than the signal's making). Never returns once the store is gone.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What a commit may concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Pending events.
    Inbox,
    /// Effects that are due, cancelled or whose lane is free again.
    Outbox,
    /// The time of the next wake.
    Timer,
}

impl Topic {
    pub(crate) const ALL: [Self; 3] = [Self::Inbox, Self::Outbox, Self::Timer];

    /// The word sent to other processes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Outbox => "outbox",
            Self::Timer => "timer",
        }
    }
}

/// The sending ends.
#[derive(Clone, Debug)]
pub(crate) struct Signals(Arc<[watch::Sender<u64>; 3]>);

impl Signals {
    pub(crate) fn new() -> Self {
        Self(Arc::new(std::array::from_fn(|_| watch::Sender::new(0))))
    }

    pub(crate) fn subscribe(&self, topic: Topic) -> Signal {
        Signal(self.0[topic as usize].subscribe())
    }

    pub(crate) fn tell(&self, topics: &[Topic]) {
        for topic in topics {
            self.0[*topic as usize].send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}
