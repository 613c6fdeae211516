use hodman_store::{Commit, HistoryCheckError, NewHistory, Store};

use super::Fixture;
use super::sample::{at, commit, committed, entry};

/// Two commits with two entries each.
async fn four_entries(store: &Store) {
    let env_less = NewHistory {
        env: None,
        ..entry("pipeline as a whole")
    };
    committed(
        store,
        Commit {
            history: vec![entry("one"), env_less],
            ..commit("sales", 0)
        },
    )
    .await;
    let in_prod = NewHistory {
        env: Some("prod".to_owned()),
        ..entry("three \u{1F600} 'quoted'")
    };
    committed(
        store,
        Commit {
            history: vec![in_prod, entry("four")],
            now: at(5),
            ..commit("sales", 1)
        },
    )
    .await;
}

async fn broken_at(store: &Store) -> i64 {
    match store.verify_history("sales").await {
        Err(HistoryCheckError::BrokenAt(position)) => position,
        other => panic!("expected a broken chain, got {other:?}"),
    }
}

pub async fn the_chain_grows_and_verifies(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.verify_history("sales").await.unwrap(), 0);
    four_entries(store).await;
    // The other pipeline has the same entries but another chain; a commit without entries leaves the chain alone.
    committed(
        store,
        Commit {
            history: vec![entry("one")],
            ..commit("ads", 0)
        },
    )
    .await;
    committed(store, commit("sales", 2)).await;
    assert_eq!(store.verify_history("sales").await.unwrap(), 4);
    assert_eq!(store.verify_history("ads").await.unwrap(), 1);
    let first = store
        .history("sales", None, 10)
        .await
        .unwrap()
        .pop()
        .unwrap();
    let other = store.history("ads", None, 10).await.unwrap().pop().unwrap();
    assert_eq!(
        (first.position, first.version, &first.entry),
        (1, 1, &entry("one"))
    );
    assert_eq!(first.hash.len(), 64);
    assert_ne!(first.hash, other.hash);
}

pub async fn entries_are_read_by_environment_newest_first(fixture: &Fixture) {
    let store = &fixture.store;
    four_entries(store).await;
    let positions = async |env: Option<&str>, limit: usize| {
        let rows = store.history("sales", env, limit).await.unwrap();
        rows.iter()
            .map(|row| (row.position, row.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(positions(None, 10).await, [(4, 2), (3, 2), (2, 1), (1, 1)]);
    assert_eq!(positions(Some("qa"), 10).await, [(4, 2), (1, 1)]);
    assert_eq!(positions(Some("qa"), 1).await, [(4, 2)]);
    assert_eq!(positions(Some("dev"), 10).await, []);
    assert_eq!(store.history("sales", None, 1).await.unwrap()[0].at, at(5));
}

pub async fn an_edited_row_breaks_the_chain(fixture: &Fixture) {
    let (store, raw) = (&fixture.store, &fixture.raw);
    four_entries(store).await;
    let edits = [
        ("because", "'because nobody asked'"),
        ("kind", "'rolled back'"),
        ("data", "'{}'"),
        ("env", "NULL"),
        ("env", "''"),
        ("at", "at + 1"),
        ("version", "version + 1"),
        ("hash", "'0'"),
    ];
    for (column, value) in edits {
        raw.run("CREATE TABLE kept AS SELECT * FROM history WHERE position = 3")
            .await
            .unwrap();
        assert_eq!(
            raw.run(&format!(
                "UPDATE history SET {column} = {value} WHERE position = 3"
            ))
            .await
            .unwrap(),
            1
        );
        assert_eq!(broken_at(store).await, 3, "{column} = {value}");
        raw.run("DELETE FROM history WHERE position = 3")
            .await
            .unwrap();
        raw.run("INSERT INTO history SELECT * FROM kept")
            .await
            .unwrap();
        raw.run("DROP TABLE kept").await.unwrap();
        assert_eq!(store.verify_history("sales").await.unwrap(), 4);
    }
}

pub async fn a_missing_row_breaks_the_chain(fixture: &Fixture) {
    four_entries(&fixture.store).await;
    assert_eq!(
        fixture
            .raw
            .run("DELETE FROM history WHERE position = 2")
            .await
            .unwrap(),
        1
    );
    assert_eq!(broken_at(&fixture.store).await, 2);
    // Closing the gap does not help.
    assert_eq!(
        fixture
            .raw
            .run("UPDATE history SET position = 2 WHERE position = 3")
            .await
            .unwrap(),
        1
    );
    assert_eq!(broken_at(&fixture.store).await, 2);
}

pub async fn a_cut_off_end_is_found(fixture: &Fixture) {
    four_entries(&fixture.store).await;
    assert_eq!(
        fixture
            .raw
            .run("DELETE FROM history WHERE position = 4")
            .await
            .unwrap(),
        1
    );
    assert_eq!(broken_at(&fixture.store).await, 4);
    assert_eq!(fixture.raw.run("DELETE FROM history").await.unwrap(), 3);
    assert_eq!(broken_at(&fixture.store).await, 1);
}

pub async fn a_long_history_is_verified_in_pages(fixture: &Fixture) {
    let store = &fixture.store;
    let many = (0..1_203)
        .map(|number| entry(&format!("entry {number}")))
        .collect();
    committed(
        store,
        Commit {
            history: many,
            ..commit("sales", 0)
        },
    )
    .await;
    assert_eq!(store.verify_history("sales").await.unwrap(), 1_203);
    assert_eq!(
        store.history("sales", None, 5_000).await.unwrap().len(),
        1_203
    );
}
