use hodman_store::{Commit, EventState, Store};

use super::Fixture;
use super::sample::{at, commit, committed, handled};

async fn ticks(store: &Store) -> Vec<String> {
    let rows = store.pending_events(0, 100).await.unwrap();
    assert!(
        rows.iter()
            .all(|row| row.event.source == "timer" && row.event.kind == "tick"),
        "{rows:?}"
    );
    rows.into_iter().map(|row| row.event.delivery).collect()
}

async fn handle_all(store: &Store) {
    let rows = store.pending_events(0, 100).await.unwrap();
    store
        .ack_events(
            &rows.iter().map(|row| handled(row.seq)).collect::<Vec<_>>(),
            at(0),
        )
        .await
        .unwrap();
}

async fn wake(store: &Store, pipeline: &str, version: i64, seconds: i64) {
    committed(
        store,
        Commit {
            wake_at: Some(at(seconds)),
            ..commit(pipeline, version)
        },
    )
    .await;
}

pub async fn a_wake_fires_once(fixture: &Fixture) {
    let store = &fixture.store;
    wake(store, "sales", 0, 10).await;
    wake(store, "ads", 0, 5).await;
    wake(store, "later", 0, 11).await;
    assert_eq!(store.fire_wakes(at(4)).await.unwrap(), 0);
    assert_eq!(store.fire_wakes(at(10)).await.unwrap(), 2);
    assert_eq!(store.fire_wakes(at(10)).await.unwrap(), 0);
    let tick =
        |pipeline: &str, seconds: i64| format!("{pipeline}:{}", at(seconds).timestamp_millis());
    assert_eq!(ticks(store).await, [tick("ads", 5), tick("sales", 10)]);
    let row = store.pending_events(0, 1).await.unwrap().remove(0);
    assert_eq!(
        (row.event.pipeline.as_deref(), row.event.received_at),
        (Some("ads"), at(10))
    );
    assert_eq!(row.state, EventState::Pending);
    // The wake is gone, the version is not: a decision under way does not conflict.
    let state = store.load_state("ads").await.unwrap().unwrap();
    assert_eq!((state.version, state.wake_at), (1, None));
}

pub async fn a_wake_asked_for_again_after_its_tick_fires_again(fixture: &Fixture) {
    let store = &fixture.store;
    wake(store, "sales", 0, 10).await;
    assert_eq!(store.fire_wakes(at(10)).await.unwrap(), 1);
    handle_all(store).await;
    wake(store, "sales", 1, 10).await;
    assert_eq!(store.fire_wakes(at(11)).await.unwrap(), 1);
    assert_eq!(
        ticks(store).await,
        [format!("sales:{}:2", at(10).timestamp_millis())]
    );
}

pub async fn a_waiting_tick_is_enough(fixture: &Fixture) {
    let store = &fixture.store;
    wake(store, "sales", 0, 10).await;
    assert_eq!(store.fire_wakes(at(10)).await.unwrap(), 1);
    // Another event was decided before the tick was taken, and the state still wants the same moment.
    wake(store, "sales", 1, 10).await;
    assert_eq!(store.fire_wakes(at(11)).await.unwrap(), 0);
    assert_eq!(ticks(store).await.len(), 1);
    assert_eq!(store.next_wake().await.unwrap(), None);
}

pub async fn the_next_wake_is_the_earliest(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.next_wake().await.unwrap(), None);
    committed(store, commit("never", 0)).await;
    assert_eq!(store.next_wake().await.unwrap(), None);
    wake(store, "sales", 0, 10).await;
    wake(store, "ads", 0, 5).await;
    assert_eq!(store.next_wake().await.unwrap(), Some(at(5)));
    wake(store, "ads", 1, 50).await;
    assert_eq!(store.next_wake().await.unwrap(), Some(at(10)));
}
