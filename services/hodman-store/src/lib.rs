//! Remembers: SQL and only SQL, on SQLite and PostgreSQL.
//!
//! The store never decides anything. It keeps six things and the promises between them:
//!
//! | table | what | promise |
//! |---|---|---|
//! | `inbox` | everything that happened outside | once per (source, delivery); durable before [`Store::insert_events`] returns |
//! | `pipelines` | one state per pipeline, and when it wants to be woken | compare-and-swap by version in [`Store::commit`] |
//! | `history` | what was decided and why | a hash chain: an edited or missing row is found by [`Store::verify_history`] |
//! | `outbox` | what is to be done outside | exists only if its state was committed; one runner per lane; fenced by attempt |
//! | `blobs` | full plans by digest, and what is kept for a while only | never changed; forgotten where whoever put it says so |
//! | `schema_migrations` | the schema's version | a newer database is refused |
//!
//! Every call may be repeated after an error ([`StoreError::is_transient`]): a repeated write finds what the first
//! one left. The clock is the caller's: each call that needs the time is given `now`.
//!
//! Both engines run the same SQL text, bound to the same three types (64-bit integer, text, bytes); times are integer
//! milliseconds. Only the schema, the locks and the connections differ (`db`, `migrations`).

mod blobs;
mod db;
mod endure;
mod error;
mod history;
mod inbox;
pub mod migrations;
mod outbox;
mod prune;
mod signal;
mod state;
mod store;
mod time;
mod timers;
mod url;

pub use endure::{enduring, enduring_as};
pub use error::{Result, StoreError};
pub use history::{HistoryCheckError, HistoryRow, NewHistory};
pub use inbox::{
    Ack, AckOutcome, EventCount, EventFilter, EventState, InboxRow, Insertion, NewEvent,
};
pub use outbox::{
    Completion, EffectFilter, EffectState, Kinds, NewEffect, OutboxRow, Renewal, Retry,
};
pub use prune::Pruned;
pub use signal::Signal;
pub use state::{Commit, CommitOutcome, PipelineRow, StateRow};
pub use store::Store;
pub use url::StoreUrl;
