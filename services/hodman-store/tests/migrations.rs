//! Every migration is applied to a database that holds data, and the data is read back through the newest store.
//!
//! `migrations/NNNN_*.sql` beside this file is inserted right after the migration of that number, by the schema as it
//! was then. A new migration without its sample fails here.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use hodman_store::migrations::SQLITE;
use hodman_store::{EffectState, EventState, Renewal, Store, StoreUrl};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, SqlitePool};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn sample(version: i64, name: &str) -> String {
    let file = format!("{version:04}_{name}.sql");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/migrations")
        .join(&file);
    std::fs::read_to_string(path).unwrap_or_else(|error| {
        panic!("migration {version} needs tests/migrations/{file}: {error}")
    })
}

#[tokio::test]
async fn every_migration_keeps_the_data_of_those_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hodman.db");
    let url = StoreUrl::sqlite(&path);
    for step in SQLITE {
        assert_eq!(
            Store::migrate(&url, step.version, now()).await.unwrap(),
            step.version
        );
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .foreign_keys(true);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let inserted = sqlx::raw_sql(AssertSqlSafe(sample(step.version, step.name)))
            .execute(&pool)
            .await
            .unwrap();
        assert!(
            inserted.rows_affected() > 0,
            "the sample of migration {} is empty",
            step.version
        );
        pool.close().await;
    }
    let store = Store::open(&url, now()).await.unwrap();

    let pending = store.pending_events(0, 10).await.unwrap();
    assert_eq!(
        pending
            .iter()
            .map(|row| row.event.delivery.as_str())
            .collect::<Vec<_>>(),
        ["d-2"]
    );
    assert_eq!(pending[0].event.body, b"\x00\xff");
    let poison = store.get_event(3).await.unwrap().unwrap();
    assert_eq!(
        (poison.state, poison.note.as_deref()),
        (EventState::Poison, Some("not JSON"))
    );

    let state = store.load_state("sales").await.unwrap().unwrap();
    assert_eq!(
        (state.version, state.json.as_str(), state.wake_at),
        (2, "{\"v\":2}", Some(now()))
    );
    assert_eq!(store.verify_history("sales").await.unwrap(), 2);

    let effects = store.list_effects(&Default::default()).await.unwrap();
    let effects: Vec<_> = effects
        .iter()
        .map(|row| (row.op, row.state, row.attempt))
        .collect();
    assert_eq!(
        effects,
        [
            (3, EffectState::Done, 1),
            (2, EffectState::Leased, 2),
            (1, EffectState::Queued, 0)
        ]
    );
    assert_eq!(
        store.renew_effect(2, 2, now(), now()).await.unwrap(),
        Renewal::Held
    );

    assert_eq!(
        store.get_blob("plan", "sha256:1").await.unwrap().as_deref(),
        Some(&b"plan"[..])
    );
    store.close().await;
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let url = StoreUrl::sqlite(dir.path().join("hodman.db"));
    let newest = SQLITE.last().unwrap().version;
    for _ in 0..2 {
        assert_eq!(Store::migrate(&url, i64::MAX, now()).await.unwrap(), newest);
    }
    // Asking for an older version never takes a step back.
    assert_eq!(Store::migrate(&url, 1, now()).await.unwrap(), newest);
}
