//! What the simulation asks of a store: `hodman_store` as it is, and a model of it in memory.

use chrono::{DateTime, Utc};
use hodman_core::effect::Effect;
use hodman_core::event::Event;
use hodman_core::ids::Op;
use hodman_core::state::PipelineState;
pub use hodman_store::Renewal;

/// The time.
pub type At = DateTime<Utc>;

/// How long a lease holds, in seconds.
pub const LEASE: i64 = 60;

/// A decision to be committed.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The version that was decided upon.
    pub expected: i64,
    /// The new state.
    pub state: PipelineState,
    /// When to wake.
    pub wake_at: Option<At>,
    /// What to do.
    pub effects: Vec<Effect>,
    /// What need not be done.
    pub cancels: Vec<Op>,
    /// The events that led here.
    pub acks: Vec<i64>,
    /// When.
    pub now: At,
}

/// An effect held by a lease.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its row.
    pub id: i64,
    /// The fencing token.
    pub attempt: i64,
    /// What to do.
    pub effect: Effect,
}

/// The store's promises, as far as the simulation needs them.
pub trait Remembers {
    /// Inserts an event; false when (source, delivery) was known.
    fn insert(&mut self, source: &str, delivery: &str, event: &Event, now: At) -> bool;
    /// Pending events in order.
    fn pending(&mut self, limit: usize) -> Vec<(i64, Event)>;
    /// Version and state.
    fn load(&mut self) -> (i64, PipelineState);
    /// False when somebody else was first.
    fn commit(&mut self, decided: &Decided) -> bool;
    /// Inserts a tick if the wake is due.
    fn fire_wakes(&mut self, now: At);
    /// When to wake.
    fn next_wake(&mut self) -> Option<At>;
    /// Leases due effects.
    fn claim(&mut self, worker: &str, now: At, limit: usize) -> Vec<Claimed>;
    /// Prolongs a lease.
    fn renew(&mut self, id: i64, attempt: i64, now: At) -> Renewal;
    /// Ends an effect with its outcome; false when fenced.
    fn complete(&mut self, claimed: &Claimed, outcome: &Event, now: At) -> bool;
    /// Puts an effect off after a failure.
    fn put_off(&mut self, claimed: &Claimed, until: At, now: At);
    /// When an effect becomes due.
    fn next_due(&mut self, now: At) -> Option<At>;
    /// Events stored, events pending, effects queued or leased.
    fn counts(&mut self) -> (usize, usize, usize);
}

/// The delivery of an outcome: one for each attempt.
pub fn outcome_delivery(claimed: &Claimed) -> String {
    format!("sales:{}:{}", claimed.effect.op.0, claimed.attempt)
}

/// The lane as the store knows it.
pub fn lane(effect: &Effect) -> String {
    format!("sales/{}", effect.lane())
}
