//! The contract on SQLite, and what is particular to it.

mod contract;

use std::path::Path;

use contract::sample::{at, commit, committed, entry, event, inserted, start};
use contract::{Fixture, Raw};
use hodman_store::{Commit, Store, StoreError, StoreUrl};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Row, SqlitePool};

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hodman.db");
    let url = StoreUrl::sqlite(&path);
    let store = Store::open(&url, start()).await.unwrap();
    Fixture {
        url,
        store,
        raw: Raw::Sqlite(raw(&path).await, dir),
    }
}

async fn raw(path: &Path) -> SqlitePool {
    SqlitePool::connect_with(SqliteConnectOptions::new().filename(path))
        .await
        .unwrap()
}

fn dir(fixture: &Fixture) -> &Path {
    match &fixture.raw {
        Raw::Sqlite(_, dir) => dir.path(),
        Raw::Postgres(_) => unreachable!("this is SQLite"),
    }
}

async fn end(fixture: Fixture) {
    fixture.store.close().await;
}

all_contract_tests!(crate::fixture, crate::end);

#[tokio::test]
async fn a_power_cut_loses_nothing_that_was_answered() {
    let fixture = fixture().await;
    let seq = inserted(&fixture.store, "a").await;
    committed(
        &fixture.store,
        Commit {
            history: vec![entry("one")],
            ..commit("sales", 0)
        },
    )
    .await;
    // The files as they are at this moment, while the store is open and nothing was folded back.
    let copy = tempfile::tempdir().unwrap();
    for name in ["hodman.db", "hodman.db-wal"] {
        let from = dir(&fixture).join(name);
        std::fs::copy(from, copy.path().join(name)).unwrap();
    }
    assert!(
        std::fs::metadata(copy.path().join("hodman.db-wal"))
            .unwrap()
            .len()
            > 0
    );
    let found = Store::open(&StoreUrl::sqlite(copy.path().join("hodman.db")), at(1))
        .await
        .unwrap();
    assert_eq!(
        found.get_event(seq).await.unwrap().unwrap().event,
        event("a")
    );
    assert_eq!(found.verify_history("sales").await.unwrap(), 1);
    found.close().await;
    end(fixture).await;
}

#[tokio::test]
async fn a_look_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hodman.db");
    Store::look(&StoreUrl::sqlite(&path)).await.unwrap_err();
    assert!(!path.exists());
}

#[tokio::test]
async fn the_write_ahead_log_is_used() {
    let fixture = fixture().await;
    let Raw::Sqlite(pool, _) = &fixture.raw else {
        unreachable!("this is SQLite")
    };
    let mode: String = sqlx::query("PRAGMA journal_mode")
        .fetch_one(pool)
        .await
        .unwrap()
        .get(0);
    assert_eq!(mode, "wal");
    end(fixture).await;
}

#[tokio::test]
async fn a_backup_is_a_whole_store() {
    let fixture = fixture().await;
    inserted(&fixture.store, "a").await;
    let to = dir(&fixture).join("backup.db");
    fixture.store.backup(&to).await.unwrap();
    inserted(&fixture.store, "after").await;
    // It never overwrites.
    assert!(matches!(
        fixture.store.backup(&to).await,
        Err(StoreError::Database(_))
    ));
    let copy = Store::open(&StoreUrl::sqlite(&to), at(1)).await.unwrap();
    let events = copy.pending_events(0, 10).await.unwrap();
    assert_eq!(
        events
            .iter()
            .map(|row| row.event.clone())
            .collect::<Vec<_>>(),
        [event("a")]
    );
    copy.close().await;
    end(fixture).await;
}

#[tokio::test]
async fn a_store_in_memory_is_its_own() {
    let store = Store::open(&"sqlite::memory:".parse().unwrap(), start())
        .await
        .unwrap();
    let other = Store::open(&StoreUrl::SqliteMemory, start()).await.unwrap();
    inserted(&store, "a").await;
    assert_eq!(store.pending_events(0, 10).await.unwrap().len(), 1);
    assert_eq!(other.pending_events(0, 10).await.unwrap(), []);
    let refused = store.backup(Path::new("memory.db")).await;
    assert!(
        matches!(refused, Err(StoreError::Unsupported(_))),
        "{refused:?}"
    );
    store.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_second_process_on_the_same_file_waits_its_turn() {
    let fixture = fixture().await;
    let other = Store::open(&fixture.url, start()).await.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let store = if number % 2 == 0 {
                fixture.store.clone()
            } else {
                other.clone()
            };
            tokio::spawn(async move { inserted(&store, &number.to_string()).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(other.pending_events(0, 100).await.unwrap().len(), 20);
    other.close().await;
    end(fixture).await;
}

#[tokio::test]
async fn a_missing_directory_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let url = StoreUrl::sqlite(dir.path().join("missing/hodman.db"));
    assert!(matches!(
        Store::open(&url, start()).await,
        Err(StoreError::Database(_))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    let dir = tempfile::tempdir().unwrap();
    let url = StoreUrl::sqlite(dir.path().join("hodman.db"));
    let opened = [0; 4].map(|_| {
        let url = url.clone();
        tokio::spawn(async move { Store::open(&url, start()).await.unwrap() })
    });
    for (number, store) in opened.into_iter().enumerate() {
        let store = store.await.unwrap();
        inserted(&store, &number.to_string()).await;
        store.close().await;
    }
}
