use std::time::Duration;

use hodman_store::{
    Commit, Completion, EffectState, Kinds, NewEffect, OutboxRow, Renewal, Retry, Store,
};

use super::Fixture;
use super::sample::{at, commit, committed, effect, event, outcome, queue};

/// Claims one effect for a minute.
async fn claim(store: &Store, worker: &str, seconds: i64) -> Option<OutboxRow> {
    let mut rows = store
        .claim_effects(worker, at(seconds), Duration::from_secs(60), 1, Kinds::All)
        .await
        .unwrap();
    assert!(rows.len() <= 1);
    rows.pop()
}

pub async fn an_ended_lease_is_taken_over_and_fences_the_first_worker(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a")]).await;
    let first = claim(store, "one", 0).await.unwrap();
    assert_eq!(claim(store, "two", 59).await, None);
    assert_eq!(
        store.next_due(at(59), Kinds::All).await.unwrap(),
        Some(at(60))
    );
    let second = claim(store, "two", 60).await.unwrap();
    assert_eq!((second.id, first.attempt, second.attempt), (first.id, 1, 2));

    assert_eq!(
        store
            .renew_effect(first.id, 1, at(500), at(61))
            .await
            .unwrap(),
        Renewal::Lost
    );
    assert_eq!(
        store
            .complete_effect(first.id, 1, outcome("one"), at(61))
            .await
            .unwrap(),
        Completion::Fenced
    );
    assert_eq!(
        store
            .retry_effect(first.id, 1, at(61), "one", at(61))
            .await
            .unwrap(),
        Retry::Fenced
    );
    assert_eq!(store.pending_events(0, 10).await.unwrap(), []);
    let row = store
        .list_effects(&Default::default())
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (row.state, row.lease_until, row.last_error),
        (EffectState::Leased, Some(at(120)), None)
    );

    let done = store
        .complete_effect(first.id, 2, outcome("two"), at(62))
        .await
        .unwrap();
    assert!(matches!(done, Completion::Done { .. }));
    assert_eq!(
        store
            .complete_effect(first.id, 2, outcome("again"), at(63))
            .await
            .unwrap(),
        Completion::Fenced
    );
    assert_eq!(
        store
            .renew_effect(first.id, 2, at(500), at(63))
            .await
            .unwrap(),
        Renewal::Lost
    );
    let events = store.pending_events(0, 10).await.unwrap();
    assert_eq!(
        events
            .iter()
            .map(|row| row.event.delivery.as_str())
            .collect::<Vec<_>>(),
        ["two"]
    );
    assert_eq!(claim(store, "two", 1_000).await, None);
}

pub async fn a_renewed_lease_is_not_taken_over(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a")]).await;
    let row = claim(store, "one", 0).await.unwrap();
    assert_eq!(
        store
            .renew_effect(row.id, 1, at(100), at(20))
            .await
            .unwrap(),
        Renewal::Held
    );
    assert_eq!(claim(store, "two", 99).await, None);
    assert_eq!(claim(store, "two", 100).await.unwrap().attempt, 2);
}

pub async fn an_ended_lease_that_nobody_took_is_still_good(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a")]).await;
    let row = claim(store, "one", 0).await.unwrap();
    assert_eq!(
        store
            .renew_effect(row.id, 1, at(300), at(200))
            .await
            .unwrap(),
        Renewal::Held
    );
    let done = store
        .complete_effect(row.id, 1, outcome("late"), at(400))
        .await
        .unwrap();
    assert!(matches!(done, Completion::Done { .. }));
}

pub async fn only_the_leased_row_of_a_lane_is_taken_over(fixture: &Fixture) {
    let store = &fixture.store;
    // The older effect is put off; the younger one runs and its worker dies.
    queue(
        store,
        vec![
            NewEffect {
                run_at: at(30),
                ..effect(1, "a")
            },
            effect(2, "a"),
        ],
    )
    .await;
    assert_eq!(claim(store, "one", 0).await.unwrap().op, 2);
    assert_eq!(claim(store, "two", 45).await, None);
    assert_eq!(claim(store, "two", 60).await.unwrap().op, 2);
    assert_eq!(claim(store, "three", 60).await, None);
}

pub async fn completing_inserts_the_outcome_once(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a")]).await;
    let row = claim(store, "one", 0).await.unwrap();
    let answer = store
        .complete_effect(row.id, 1, outcome("1"), at(5))
        .await
        .unwrap();
    let Completion::Done { seq } = answer else {
        panic!("{answer:?}")
    };
    let kept = store.get_event(seq).await.unwrap().unwrap();
    assert_eq!((kept.event, kept.state.as_str()), (outcome("1"), "pending"));
    let row = store
        .list_effects(&Default::default())
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (row.state, row.lease_until, row.updated_at),
        (EffectState::Done, None, at(5))
    );
    // The lane is free and the number is taken.
    committed(
        store,
        Commit {
            effects: vec![effect(2, "a")],
            ..commit("sales", 1)
        },
    )
    .await;
    assert_eq!(claim(store, "two", 6).await.unwrap().op, 2);
}

pub async fn an_outcome_that_is_known_is_not_inserted_again(fixture: &Fixture) {
    let store = &fixture.store;
    let known = store.insert_events(vec![event("1")]).await.unwrap()[0].seq;
    queue(store, vec![effect(1, "a")]).await;
    let row = claim(store, "one", 0).await.unwrap();
    let answer = store
        .complete_effect(row.id, 1, event("1"), at(5))
        .await
        .unwrap();
    assert_eq!(answer, Completion::Done { seq: known });
    assert_eq!(store.pending_events(0, 10).await.unwrap().len(), 1);
}
