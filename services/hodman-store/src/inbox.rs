//! The inbox: everything that happened outside, once, in order.

mod ack;
mod dismiss;
mod group_commit;
mod insert;
mod read;
mod replay;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

pub(crate) use ack::{acknowledge, in_order};
pub(crate) use group_commit::{Request, run_group_commit};
pub(crate) use insert::insert;
pub(crate) use read::limit_value;
pub use read::{EventCount, EventFilter};

use crate::error::StoreError;

/// Something that happened outside and is to be remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who told us: `github`, `sqs`, `timer`, `effect`, `cli`, …
    pub source: String,
    /// The source's own id of this delivery. A second event with the same source and delivery is a duplicate.
    pub delivery: String,
    /// What it is, in the source's words.
    pub kind: String,
    /// The pipeline it concerns, where that is already known.
    pub pipeline: Option<String>,
    /// Small facts beside the body: headers, who, which effect.
    pub meta: Json,
    /// The raw body, byte for byte.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// The answer to one inserted event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// The event's number; for a duplicate the number of the event that was there first.
    pub seq: i64,
    /// Whether (source, delivery) was known already. Nothing was written then.
    pub duplicate: bool,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxRow {
    /// Its number. Numbers grow in the order of storing; gaps are normal.
    pub seq: i64,
    /// What happened.
    pub event: NewEvent,
    /// What became of it.
    pub state: EventState,
    /// Why it was ignored or is poison.
    pub note: Option<String>,
    /// When it was acknowledged.
    pub acked_at: Option<DateTime<Utc>>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventState {
    /// Nobody has dealt with it yet.
    Pending,
    /// It led to a decision.
    Handled,
    /// It concerns nobody, or came too late; the note says which.
    Ignored,
    /// It could not be understood; the note says why. Kept longer than the others, unless a replay of it is understood or
    /// somebody dismisses it.
    Poison,
}

/// How an event is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckOutcome {
    /// It led to a decision.
    Handled,
    /// It concerns nobody, or came too late.
    Ignored,
    /// It could not be understood.
    Poison,
}

/// The acknowledgement of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The event.
    pub seq: i64,
    /// What became of it.
    pub outcome: AckOutcome,
    /// Why.
    pub note: Option<String>,
}

impl EventState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Handled, Self::Ignored, Self::Poison];

    /// The state's word, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Handled => "handled",
            Self::Ignored => "ignored",
            Self::Poison => "poison",
        }
    }
}

impl std::str::FromStr for EventState {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        let state = Self::ALL.into_iter().find(|state| state.as_str() == word);
        state.ok_or_else(|| StoreError::Corrupt {
            what: "event state",
            found: word.to_owned(),
        })
    }
}

impl From<AckOutcome> for EventState {
    fn from(outcome: AckOutcome) -> Self {
        match outcome {
            AckOutcome::Handled => Self::Handled,
            AckOutcome::Ignored => Self::Ignored,
            AckOutcome::Poison => Self::Poison,
        }
    }
}
