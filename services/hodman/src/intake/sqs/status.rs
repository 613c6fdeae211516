//! What a poller shows of itself.

use std::error::Error;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A queue and what came from it since the daemon started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueueStatus {
    /// Whether it can be read.
    pub state: QueueState,
    /// Messages stored, duplicates and poison among them.
    pub stored: u64,
    /// Of those: had been stored before.
    pub duplicates: u64,
    /// Of those: could not be understood or were not signed by one of our secrets.
    pub poison: u64,
    /// Messages that SQS did not delete when asked; they come again.
    pub not_deleted: u64,
    /// When the last message came.
    pub last_message_at: Option<DateTime<Utc>>,
}

/// Whether a queue can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum QueueState {
    /// The first answer has not come yet.
    #[default]
    Starting,
    /// It is read.
    Reading,
    /// It does not answer, or what it brings cannot be stored; it is tried again.
    Away {
        /// Since when.
        since: DateTime<Utc>,
        /// How often it was tried since.
        failures: u32,
        /// Why.
        why: String,
    },
}

impl QueueStatus {
    pub(super) fn reading(&mut self) {
        self.state = QueueState::Reading;
    }

    pub(super) fn away(
        &mut self,
        now: DateTime<Utc>,
        trouble: &(dyn Error + 'static),
        failures: u32,
    ) {
        let since = match self.state {
            QueueState::Away { since, .. } => since,
            QueueState::Starting | QueueState::Reading => now,
        };
        // One cause says which call failed; below it are the layers of the HTTP client.
        let why = match trouble.source() {
            Some(cause) => format!("{trouble}: {cause}"),
            None => trouble.to_string(),
        };
        self.state = QueueState::Away {
            since,
            failures,
            why,
        };
    }

    pub(super) fn stored(&mut self, now: DateTime<Utc>, stored: u64, duplicates: u64, poison: u64) {
        self.stored += stored;
        self.duplicates += duplicates;
        self.poison += poison;
        self.last_message_at = Some(now);
    }
}
