//! What was decided and why, as a chain that shows when it was edited.

mod append;
mod chain;
mod read;
mod verify;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

pub(crate) use append::append;
pub use verify::HistoryCheckError;

/// One entry of a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct NewHistory {
    /// The environment it concerns; `None` for the pipeline as a whole.
    pub env: Option<String>,
    /// What happened, in one word.
    pub kind: String,
    /// Why, as a sentence.
    pub because: String,
    /// The typed reason and what belongs to it.
    pub data: Json,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// Its place in the pipeline's history, from 1 without a gap.
    pub position: i64,
    /// The version of the state that was committed with it.
    pub version: i64,
    /// The moment of the decision.
    pub at: DateTime<Utc>,
    /// What was said.
    pub entry: NewHistory,
    /// SHA-256 over the hash before and this entry, in hex.
    pub hash: String,
}
