use hodman_store::{Ack, AckOutcome, Commit, EventState, NewEvent, Store, StoreError};

use super::Fixture;
use super::sample::{at, commit, committed, event, handled, inserted};

pub async fn poison_is_kept_with_its_reason(fixture: &Fixture) {
    let store = &fixture.store;
    let seq = inserted(store, "bad").await;
    let poison = Ack {
        seq,
        outcome: AckOutcome::Poison,
        note: Some("not JSON".to_owned()),
    };
    assert_eq!(store.ack_events(&[poison], at(1)).await.unwrap(), 1);
    // Nothing that comes later hides it.
    assert_eq!(store.ack_events(&[handled(seq)], at(2)).await.unwrap(), 0);
    store.prune(at(1_000), at(1)).await.unwrap();
    let row = store.get_event(seq).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.note.as_deref()),
        (EventState::Poison, Some("not JSON"))
    );
}

pub async fn a_replay_is_a_new_event(fixture: &Fixture) {
    let store = &fixture.store;
    let seq = inserted(store, "a").await;
    inserted(store, "b").await;
    let first = store.replay_event(seq, at(2)).await.unwrap();
    let second = store.replay_event(seq, at(3)).await.unwrap();
    let row = store.get_event(second).await.unwrap().unwrap();
    let delivery = format!("replay:{seq}:2");
    let expected = NewEvent {
        source: "replay".to_owned(),
        delivery,
        received_at: at(3),
        ..event("a")
    };
    assert_eq!((row.event, row.state), (expected, EventState::Pending));
    // A pruned replay does not make its number free while a later one exists.
    store.ack_events(&[handled(first)], at(4)).await.unwrap();
    assert_eq!(state(store, seq).await.0, EventState::Pending);
    assert_eq!(store.prune(at(5), at(5)).await.unwrap().events, 1);
    let third = store.replay_event(seq, at(6)).await.unwrap();
    let third = store.get_event(third).await.unwrap().unwrap().event;
    assert_eq!(third.delivery, format!("replay:{seq}:3"));
    assert!(matches!(
        store.replay_event(9_999, at(7)).await,
        Err(StoreError::NotFound { id: 9_999, .. })
    ));
}

/// Acknowledges an event as poison.
async fn poisoned(store: &Store, seq: i64) {
    let poison = Ack {
        seq,
        outcome: AckOutcome::Poison,
        note: Some("not JSON".to_owned()),
    };
    assert_eq!(store.ack_events(&[poison], at(1)).await.unwrap(), 1);
}

async fn state(store: &Store, seq: i64) -> (EventState, Option<String>) {
    let row = store.get_event(seq).await.unwrap().unwrap();
    (row.state, row.note)
}

pub async fn a_replay_that_is_understood_settles_its_original(fixture: &Fixture) {
    let store = &fixture.store;
    let (first, other) = (inserted(store, "a").await, inserted(store, "b").await);
    poisoned(store, first).await;
    poisoned(store, other).await;
    let second = store.replay_event(first, at(2)).await.unwrap();
    poisoned(store, second).await;
    assert_eq!(state(store, first).await.0, EventState::Poison);
    // A replay of a replay, understood at last, in a commit like any other event.
    let third = store.replay_event(second, at(3)).await.unwrap();
    let decision = Commit {
        acks: vec![handled(third)],
        ..commit("sales", 0)
    };
    committed(store, decision).await;
    let settled = (
        EventState::Handled,
        Some(format!("replayed as event {third}")),
    );
    assert_eq!(state(store, second).await, settled);
    assert_eq!(state(store, first).await, settled);
    assert_eq!(state(store, other).await.0, EventState::Poison);
    // What was understood from the beginning is left as it is.
    let again = store.replay_event(first, at(4)).await.unwrap();
    store.ack_events(&[handled(again)], at(5)).await.unwrap();
    assert_eq!(state(store, first).await, settled);
}

pub async fn poison_is_dismissed_or_forgotten_late(fixture: &Fixture) {
    let store = &fixture.store;
    let (bad, old) = (inserted(store, "a").await, inserted(store, "b").await);
    let good = inserted(store, "c").await;
    for seq in [bad, old] {
        poisoned(store, seq).await;
    }
    assert!(store.dismiss_event(bad, at(2)).await.unwrap());
    assert!(!store.dismiss_event(bad, at(3)).await.unwrap());
    assert!(!store.dismiss_event(good, at(3)).await.unwrap());
    assert!(matches!(
        store.dismiss_event(9_999, at(3)).await,
        Err(StoreError::NotFound { id: 9_999, .. })
    ));
    let dismissed = (EventState::Ignored, Some("dismissed: not JSON".to_owned()));
    assert_eq!(state(store, bad).await, dismissed);
    assert_eq!(state(store, good).await, (EventState::Pending, None));
    let pruned = store.prune(at(10), at(1)).await.unwrap();
    assert_eq!((pruned.events, pruned.poison), (1, 0));
    let pruned = store.prune(at(10), at(2)).await.unwrap();
    assert_eq!((pruned.events, pruned.poison), (0, 1));
    assert_eq!(store.get_event(old).await.unwrap(), None);
}
