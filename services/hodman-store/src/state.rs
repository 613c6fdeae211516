//! The state of each pipeline, and the one transaction that changes it.

mod commit;
mod effects;
mod read;

use chrono::{DateTime, Utc};

use crate::history::NewHistory;
use crate::inbox::Ack;
use crate::outbox::NewEffect;

/// A pipeline's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    /// Guards the state: the next commit must expect it.
    pub version: i64,
    /// The state, as it was committed.
    pub json: String,
    /// When the pipeline wants to be woken; `None` also after the wake was fired.
    pub wake_at: Option<DateTime<Utc>>,
}

/// A pipeline, without its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineRow {
    /// Its name.
    pub pipeline: String,
    /// The version of its state: how often it was committed.
    pub version: i64,
    /// When it wants to be woken.
    pub wake_at: Option<DateTime<Utc>>,
    /// When it was committed last.
    pub updated_at: DateTime<Utc>,
}

/// A decision, to be committed whole or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The pipeline that was decided about.
    pub pipeline: String,
    /// The version that was decided upon; 0 when there was no state yet.
    pub expected_version: i64,
    /// The new state.
    pub state: String,
    /// When to wake the pipeline; replaces the earlier wish.
    pub wake_at: Option<DateTime<Utc>>,
    /// What was decided and why, in order.
    pub history: Vec<NewHistory>,
    /// What to do outside, in order. Operation numbers are unique per pipeline, for ever.
    pub effects: Vec<NewEffect>,
    /// Operations that are no longer wanted: queued ones are cancelled, running ones are told by their next renewal.
    /// Finished and unknown ones are left alone.
    pub cancel_ops: Vec<i64>,
    /// The events that led to the decision.
    pub acks: Vec<Ack>,
    /// The moment of the decision.
    pub now: DateTime<Utc>,
}

/// What became of a [`Commit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict means that nothing was written"]
pub enum CommitOutcome {
    /// Everything is durable.
    Committed {
        /// The state's new version.
        version: i64,
    },
    /// Somebody else was first: the version moved, or one of the events is no longer pending. Nothing was written;
    /// load and decide again.
    Conflict,
}
