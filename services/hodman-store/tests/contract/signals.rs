use std::time::Duration;

use hodman_store::{Commit, Kinds, Signal};

use super::Fixture;
use super::sample::{at, commit, committed, effect, event, inserted, outcome, start};

/// Waits, with a bound.
async fn told(signal: &mut Signal) {
    tokio::time::timeout(Duration::from_secs(20), signal.changed())
        .await
        .expect("the signal is told");
}

pub async fn inserting_wakes_the_inbox(fixture: &Fixture) {
    let store = fixture.store.clone();
    let mut signal = store.inbox_signal();
    let waiter = tokio::spawn(async move {
        // Other wake-ups are allowed; what counts is that the event is seen without a timer.
        while store.pending_events(0, 1).await.unwrap().is_empty() {
            told(&mut signal).await;
        }
    });
    inserted(&fixture.store, "a").await;
    waiter.await.unwrap();
}

pub async fn a_signal_told_before_waiting_is_not_lost(fixture: &Fixture) {
    let (mut one, mut other) = (fixture.store.inbox_signal(), fixture.store.inbox_signal());
    inserted(&fixture.store, "a").await;
    told(&mut one).await;
    told(&mut other).await;
}

pub async fn the_outbox_is_woken_by_what_concerns_it(fixture: &Fixture) {
    let store = &fixture.store;
    let (mut outbox, mut timer) = (store.outbox_signal(), store.timer_signal());
    let effects = vec![effect(1, "a"), effect(2, "a")];
    committed(
        store,
        Commit {
            effects,
            wake_at: Some(at(9)),
            ..commit("sales", 0)
        },
    )
    .await;
    told(&mut outbox).await;
    told(&mut timer).await;
    let lease = Duration::from_secs(60);
    let first = store
        .claim_effects("w", start(), lease, 1, Kinds::All)
        .await
        .unwrap()
        .remove(0);
    let (mut outbox, mut inbox) = (store.outbox_signal(), store.inbox_signal());
    let _ = store
        .complete_effect(first.id, first.attempt, outcome("1"), at(1))
        .await
        .unwrap();
    told(&mut outbox).await;
    told(&mut inbox).await;
    let second = store
        .claim_effects("w", at(1), lease, 1, Kinds::All)
        .await
        .unwrap()
        .remove(0);
    let mut outbox = store.outbox_signal();
    let _ = store
        .retry_effect(second.id, second.attempt, at(2), "again", at(1))
        .await
        .unwrap();
    told(&mut outbox).await;
    assert_eq!(
        store.insert_events(vec![event("x")]).await.unwrap().len(),
        1
    );
}
