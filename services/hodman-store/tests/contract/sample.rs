//! Values for the cases.

use chrono::{DateTime, TimeDelta, Utc};
use hodman_store::{
    Ack, AckOutcome, Commit, CommitOutcome, NewEffect, NewEvent, NewHistory, Store,
};
use serde_json::json;

/// The moment at which every case begins.
pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// `seconds` after the start.
pub fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

/// A webhook with this delivery id.
pub fn event(delivery: &str) -> NewEvent {
    NewEvent {
        source: "github".to_owned(),
        delivery: delivery.to_owned(),
        kind: "push".to_owned(),
        pipeline: Some("sales".to_owned()),
        meta: json!({"x-github-event": "push", "delivery": delivery}),
        body: format!("body of {delivery}").into_bytes(),
        received_at: start(),
    }
}

/// The outcome of an effect.
pub fn outcome(delivery: &str) -> NewEvent {
    NewEvent {
        source: "effect".to_owned(),
        kind: "outcome".to_owned(),
        ..event(delivery)
    }
}

/// A handled event.
pub fn handled(seq: i64) -> Ack {
    Ack {
        seq,
        outcome: AckOutcome::Handled,
        note: None,
    }
}

/// An effect that is due at once.
pub fn effect(op: i64, lane: &str) -> NewEffect {
    NewEffect {
        op,
        lane: lane.to_owned(),
        kind: "apply".to_owned(),
        env: Some("qa".to_owned()),
        payload: format!("{{\"op\":{op}}}"),
        run_at: start(),
    }
}

/// A history entry of environment `qa`.
pub fn entry(because: &str) -> NewHistory {
    NewHistory {
        env: Some("qa".to_owned()),
        kind: "promoted".to_owned(),
        because: because.to_owned(),
        data: json!({"why": because, "nested": {"b": 1, "a": [null, 2.5]}}),
    }
}

/// A commit of `pipeline` that changes only the state.
pub fn commit(pipeline: &str, expected_version: i64) -> Commit {
    Commit {
        pipeline: pipeline.to_owned(),
        expected_version,
        state: format!("{{\"after\":{expected_version}}}"),
        wake_at: None,
        history: Vec::new(),
        effects: Vec::new(),
        cancel_ops: Vec::new(),
        acks: Vec::new(),
        now: start(),
    }
}

/// Commits and expects that it was first.
pub async fn committed(store: &Store, commit: Commit) -> i64 {
    match store.commit(commit).await.unwrap() {
        CommitOutcome::Committed { version } => version,
        CommitOutcome::Conflict => panic!("unexpected conflict"),
    }
}

/// Queues effects as the first commit of pipeline `sales`.
pub async fn queue(store: &Store, effects: Vec<NewEffect>) {
    committed(
        store,
        Commit {
            effects,
            ..commit("sales", 0)
        },
    )
    .await;
}

/// Inserts one event and returns its number.
pub async fn inserted(store: &Store, delivery: &str) -> i64 {
    store.insert_events(vec![event(delivery)]).await.unwrap()[0].seq
}
