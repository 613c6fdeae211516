//! The real store on a SQLite database in memory.

use super::store::{At, Claimed, Decided, LEASE, Remembers, Renewal, lane, outcome_delivery};
use chrono::TimeDelta;
use hodman_core::effect::Effect;
use hodman_core::event::Event;
use hodman_core::state::PipelineState;
use hodman_store::{
    Ack, AckOutcome, Commit, CommitOutcome, Completion, EffectFilter, EffectState, EventState,
    Kinds, NewEffect, NewEvent, Store, StoreUrl,
};
use std::time::Duration;
use tokio::runtime::Runtime;

const PIPELINE: &str = "sales";

/// A store and the runtime that it lives on.
pub struct Sqlite {
    store: Store,
    runtime: Runtime,
}

impl Sqlite {
    /// An empty one.
    pub fn open(now: At) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let store = runtime
            .block_on(Store::open(&StoreUrl::SqliteMemory, now))
            .expect("a store in memory opens");
        Self { store, runtime }
    }

    fn ask<T>(&self, call: impl Future<Output = hodman_store::Result<T>>) -> T {
        self.runtime
            .block_on(call)
            .expect("SQLite in memory answers")
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

fn new_event(source: &str, delivery: String, event: &Event, now: At) -> NewEvent {
    NewEvent {
        source: source.to_owned(),
        delivery,
        kind: "simulated".to_owned(),
        pipeline: Some(PIPELINE.to_owned()),
        meta: serde_json::json!({}),
        body: serde_json::to_vec(event).expect("events are JSON"),
        received_at: now,
    }
}

impl Remembers for Sqlite {
    fn insert(&mut self, source: &str, delivery: &str, event: &Event, now: At) -> bool {
        let event = new_event(source, delivery.to_owned(), event, now);
        !self.ask(self.store.insert_events(vec![event]))[0].duplicate
    }

    fn pending(&mut self, limit: usize) -> Vec<(i64, Event)> {
        let rows = self.ask(self.store.pending_events(0, limit));
        rows.into_iter()
            .map(|row| {
                let tick = row.event.source == "timer";
                let event = if tick {
                    Event::Tick
                } else {
                    serde_json::from_slice(&row.event.body).expect("our JSON")
                };
                (row.seq, event)
            })
            .collect()
    }

    fn load(&mut self) -> (i64, PipelineState) {
        self.ask(self.store.load_state(PIPELINE))
            .map_or((0, PipelineState::default()), |row| {
                (
                    row.version,
                    serde_json::from_str(&row.json).expect("our JSON"),
                )
            })
    }

    fn commit(&mut self, decided: &Decided) -> bool {
        let effect = |effect: &Effect| NewEffect {
            op: effect.op.0.cast_signed(),
            lane: lane(effect),
            kind: "simulated".to_owned(),
            env: effect.env.as_ref().map(ToString::to_string),
            payload: serde_json::to_string(effect).expect("effects are JSON"),
            run_at: decided.now,
        };
        let commit = Commit {
            pipeline: PIPELINE.to_owned(),
            expected_version: decided.expected,
            state: serde_json::to_string(&decided.state).expect("states are JSON"),
            wake_at: decided.wake_at,
            history: vec![],
            effects: decided.effects.iter().map(effect).collect(),
            cancel_ops: decided
                .cancels
                .iter()
                .map(|op| op.0.cast_signed())
                .collect(),
            acks: decided
                .acks
                .iter()
                .map(|seq| Ack {
                    seq: *seq,
                    outcome: AckOutcome::Handled,
                    note: None,
                })
                .collect(),
            now: decided.now,
        };
        matches!(
            self.ask(self.store.commit(commit)),
            CommitOutcome::Committed { .. }
        )
    }

    fn fire_wakes(&mut self, now: At) {
        self.ask(self.store.fire_wakes(now));
    }

    fn next_wake(&mut self) -> Option<At> {
        self.ask(self.store.next_wake())
    }

    fn claim(&mut self, worker: &str, now: At, limit: usize) -> Vec<Claimed> {
        let lease = Duration::from_secs(LEASE.unsigned_abs());
        let rows = self.ask(
            self.store
                .claim_effects(worker, now, lease, limit, Kinds::All),
        );
        rows.into_iter()
            .map(|row| Claimed {
                id: row.id,
                attempt: row.attempt,
                effect: serde_json::from_str(&row.payload).expect("our JSON"),
            })
            .collect()
    }

    fn renew(&mut self, id: i64, attempt: i64, now: At) -> Renewal {
        self.ask(
            self.store
                .renew_effect(id, attempt, now + TimeDelta::seconds(LEASE), now),
        )
    }

    fn complete(&mut self, claimed: &Claimed, outcome: &Event, now: At) -> bool {
        let event = new_event("effect", outcome_delivery(claimed), outcome, now);
        let done = self.ask(
            self.store
                .complete_effect(claimed.id, claimed.attempt, event, now),
        );
        matches!(done, Completion::Done { .. })
    }

    fn put_off(&mut self, claimed: &Claimed, until: At, now: At) {
        let _ = self.ask(
            self.store
                .retry_effect(claimed.id, claimed.attempt, until, "away", now),
        );
    }

    fn next_due(&mut self, now: At) -> Option<At> {
        self.ask(self.store.next_due(now, Kinds::All))
    }

    fn counts(&mut self) -> (usize, usize, usize) {
        let of = |state: Option<EventState>| {
            let counts = self.ask(self.store.event_counts());
            let wanted = counts
                .iter()
                .filter(|row| state.is_none_or(|state| row.state == state));
            usize::try_from(wanted.map(|row| row.count).sum::<u64>()).unwrap_or(usize::MAX)
        };
        let effects = |state| {
            let filter = EffectFilter {
                state: Some(state),
                limit: Some(10_000),
                ..EffectFilter::default()
            };
            self.ask(self.store.list_effects(&filter)).len()
        };
        (
            of(None),
            of(Some(EventState::Pending)),
            effects(EffectState::Queued) + effects(EffectState::Leased),
        )
    }
}
