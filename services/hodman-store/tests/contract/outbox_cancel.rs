use std::time::Duration;

use hodman_store::{Commit, Completion, EffectState, Kinds, OutboxRow, Renewal, Retry, Store};

use super::Fixture;
use super::sample::{at, commit, committed, effect, outcome, queue};

async fn claim(store: &Store, seconds: i64) -> Vec<OutboxRow> {
    store
        .claim_effects("w", at(seconds), Duration::from_secs(60), 10, Kinds::All)
        .await
        .unwrap()
}

async fn cancel(store: &Store, ops: &[i64]) {
    committed(
        store,
        Commit {
            cancel_ops: ops.to_vec(),
            now: at(1),
            ..commit("sales", 1)
        },
    )
    .await;
}

async fn states(store: &Store) -> Vec<(i64, EffectState)> {
    let mut rows = store.list_effects(&Default::default()).await.unwrap();
    rows.reverse();
    rows.iter().map(|row| (row.op, row.state)).collect()
}

pub async fn queued_effects_are_cancelled(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a"), effect(2, "b"), effect(3, "c")]).await;
    committed(
        store,
        Commit {
            effects: vec![effect(1, "d")],
            ..commit("ads", 0)
        },
    )
    .await;
    cancel(store, &[3, 1, 99]).await;
    use EffectState::{Cancelled, Queued};
    assert_eq!(
        states(store).await,
        [(1, Cancelled), (2, Queued), (3, Cancelled), (1, Queued)]
    );
    let claimed = claim(store, 2).await;
    assert_eq!(
        claimed
            .iter()
            .map(|row| row.pipeline.as_str())
            .collect::<Vec<_>>(),
        ["sales", "ads"]
    );
}

pub async fn a_running_effect_learns_that_it_is_cancelled(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a"), effect(2, "b")]).await;
    let rows = claim(store, 0).await;
    let _ = store
        .complete_effect(rows[1].id, 1, outcome("2"), at(1))
        .await
        .unwrap();
    cancel(store, &[1, 2]).await;
    assert_eq!(
        states(store).await,
        [(1, EffectState::Leased), (2, EffectState::Done)]
    );
    assert_eq!(
        store
            .renew_effect(rows[0].id, 1, at(90), at(2))
            .await
            .unwrap(),
        Renewal::Cancelled
    );
    // It had the time to end in order; its outcome counts.
    assert_eq!(claim(store, 89).await, []);
    let done = store
        .complete_effect(rows[0].id, 1, outcome("1"), at(89))
        .await
        .unwrap();
    assert!(matches!(done, Completion::Done { .. }));
    assert_eq!(store.pending_events(0, 10).await.unwrap().len(), 2);
}

pub async fn a_cancelled_effect_is_not_tried_again(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a")]).await;
    let row = claim(store, 0).await.remove(0);
    cancel(store, &[1]).await;
    assert_eq!(
        store
            .retry_effect(row.id, 1, at(2), "failed", at(1))
            .await
            .unwrap(),
        Retry::Cancelled
    );
    assert_eq!(states(store).await, [(1, EffectState::Cancelled)]);
    assert_eq!(claim(store, 100).await, []);
}

pub async fn a_cancelled_effect_of_a_dead_worker_is_claimed_and_says_so(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a")]).await;
    assert!(!claim(store, 0).await[0].cancel_requested);
    cancel(store, &[1]).await;
    let row = claim(store, 60).await.remove(0);
    assert_eq!((row.attempt, row.cancel_requested), (2, true));
}
