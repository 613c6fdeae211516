//! The outbox: what is to be done outside, by whoever holds the lease.

mod claim;
mod due;
mod kinds;
mod lease;
mod list;

use chrono::{DateTime, Utc};

pub use kinds::Kinds;
pub use list::EffectFilter;

use crate::error::StoreError;

/// An effect that a decision wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEffect {
    /// Its number within the pipeline: never used twice, so that it names the effect in the world too.
    pub op: i64,
    /// Effects of one lane run one at a time, whoever runs them. Lanes are shared by all pipelines.
    pub lane: String,
    /// What to do, in one word.
    pub kind: String,
    /// The environment it concerns.
    pub env: Option<String>,
    /// Everything the executor needs to know.
    pub payload: String,
    /// Not before this moment.
    pub run_at: DateTime<Utc>,
}

/// An effect as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub id: i64,
    /// Who wants it.
    pub pipeline: String,
    /// Its number within the pipeline.
    pub op: i64,
    /// Runs alone in this lane.
    pub lane: String,
    /// What to do.
    pub kind: String,
    /// The environment it concerns.
    pub env: Option<String>,
    /// Everything the executor needs to know.
    pub payload: String,
    /// Where it stands.
    pub state: EffectState,
    /// Not before this moment.
    pub run_at: DateTime<Utc>,
    /// How often it was claimed: the fencing token of the present lease.
    pub attempt: i64,
    /// Who claimed it last.
    pub worker: Option<String>,
    /// Until when the lease holds.
    pub lease_until: Option<DateTime<Utc>>,
    /// Whether it is no longer wanted. A claimed row may say so: its last worker died and may have left it half done.
    pub cancel_requested: bool,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// When it was decided.
    pub created_at: DateTime<Utc>,
    /// When anything about it changed last: claim, renewal, retry, end.
    pub updated_at: DateTime<Utc>,
}

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EffectState {
    /// Waits for its time, its lane or a worker.
    Queued,
    /// A worker has it; after `lease_until` another may take it.
    Leased,
    /// Its outcome is in the inbox.
    Done,
    /// It was never done, or not to the end.
    Cancelled,
}

/// The answer to a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a worker that lost its lease must stop"]
pub enum Renewal {
    /// The lease was prolonged.
    Held,
    /// The lease was prolonged, but the effect is no longer wanted: come to an end and report it.
    Cancelled,
    /// Somebody else has it, or it is finished. Stop at once and write nothing.
    Lost,
}

/// The answer to a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a fenced outcome was not written"]
pub enum Completion {
    /// The effect is done and its outcome is in the inbox.
    Done {
        /// The outcome's event.
        seq: i64,
    },
    /// The attempt is not the present one. Nothing was written.
    Fenced,
}

/// The answer to a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a fenced retry was not written"]
pub enum Retry {
    /// The effect waits for its time again.
    Queued,
    /// It was no longer wanted, so it will not be tried again.
    Cancelled,
    /// The attempt is not the present one. Nothing was written.
    Fenced,
}

impl EffectState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Leased, Self::Done, Self::Cancelled];

    /// The state's word, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::str::FromStr for EffectState {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        let state = Self::ALL.into_iter().find(|state| state.as_str() == word);
        state.ok_or_else(|| StoreError::Corrupt {
            what: "effect state",
            found: word.to_owned(),
        })
    }
}
