use hodman_store::migrations::SQLITE;
use hodman_store::{Commit, Kinds, Store, StoreError};

use super::Fixture;
use super::sample::{at, commit, effect, entry, event, handled, inserted, start};

pub async fn everything_is_there_after_a_crash(fixture: &Fixture) {
    let first = Store::open(&fixture.url, start()).await.unwrap();
    let seq = inserted(&first, "a").await;
    inserted(&first, "b").await;
    let decision = Commit {
        history: vec![entry("one")],
        effects: vec![effect(1, "a")],
        acks: vec![handled(seq)],
        wake_at: Some(at(60)),
        ..commit("sales", 0)
    };
    let _ = first.commit(decision).await.unwrap();
    first.put_blob("plan", "d", b"plan", start()).await.unwrap();
    drop(first);

    let second = Store::open(&fixture.url, at(1)).await.unwrap();
    assert_eq!(
        second.pending_events(0, 10).await.unwrap()[0].event,
        event("b")
    );
    let state = second.load_state("sales").await.unwrap().unwrap();
    assert_eq!(
        (state.version, state.json.as_str(), state.wake_at),
        (1, "{\"after\":0}", Some(at(60)))
    );
    assert_eq!(second.verify_history("sales").await.unwrap(), 1);
    assert_eq!(
        second.get_blob("plan", "d").await.unwrap().as_deref(),
        Some(&b"plan"[..])
    );
    let claimed = second
        .claim_effects(
            "w",
            at(1),
            std::time::Duration::from_secs(60),
            10,
            Kinds::All,
        )
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    second.close().await;
}

pub async fn a_newer_database_is_refused(fixture: &Fixture) {
    let known = SQLITE.last().unwrap().version;
    let newer = format!(
        "INSERT INTO schema_migrations VALUES ({}, 'from the future', 'x', 0)",
        known + 1
    );
    fixture.raw.run(&newer).await.unwrap();
    let looked = Store::look(&fixture.url).await.unwrap_err();
    assert!(
        matches!(looked, StoreError::SchemaTooNew { .. }),
        "{looked:?}"
    );
    let refused = Store::open(&fixture.url, start()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::SchemaTooNew { found, known: k } if found == known + 1 && k == known),
        "{refused:?}"
    );
    assert!(
        refused.to_string().contains("start the newer hodman"),
        "{refused}"
    );
}

pub async fn a_look_leaves_the_schema_as_it_is(fixture: &Fixture) {
    let known = SQLITE.last().unwrap().version;
    let found = async || {
        let (store, version) = Store::look(&fixture.url).await.unwrap();
        store.ping().await.unwrap();
        store.close().await;
        assert_eq!(version.known, known);
        version.found
    };
    assert_eq!(found().await, known);
    // As an older hodman has it.
    let older = format!("DELETE FROM schema_migrations WHERE version = {known}");
    assert_eq!(fixture.raw.run(&older).await.unwrap(), 1);
    for _ in 0..2 {
        assert_eq!(found().await, known - 1);
    }
    // As nobody has it yet.
    fixture
        .raw
        .run("DROP TABLE schema_migrations")
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(found().await, 0);
    }
}

pub async fn a_changed_migration_is_refused(fixture: &Fixture) {
    fixture
        .raw
        .run("UPDATE schema_migrations SET digest = 'other' WHERE version = 2")
        .await
        .unwrap();
    let refused = Store::open(&fixture.url, start()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::MigrationChanged { version: 2, .. }),
        "{refused:?}"
    );
}

pub async fn a_closed_store_says_so(fixture: &Fixture) {
    let clone = fixture.store.clone();
    clone.ping().await.unwrap();
    fixture.store.close().await;
    assert!(matches!(clone.ping().await, Err(StoreError::Closed)));
    assert!(matches!(
        clone.insert_events(vec![event("late")]).await,
        Err(StoreError::Closed)
    ));
    assert!(matches!(
        clone.commit(commit("sales", 0)).await,
        Err(StoreError::Closed)
    ));
}
