use hodman_store::{
    Ack, AckOutcome, Commit, CommitOutcome, EventState, NewHistory, PipelineRow, StateRow, Store,
    StoreError,
};

use super::Fixture;
use super::sample::{at, commit, committed, effect, entry, handled, inserted, start};

/// Everything a commit can write, to see that none of it was.
async fn written(store: &Store, seq: i64) -> (Option<StateRow>, usize, usize, EventState) {
    (
        store.load_state("sales").await.unwrap(),
        store.history("sales", None, 100).await.unwrap().len(),
        store.list_effects(&Default::default()).await.unwrap().len(),
        store.get_event(seq).await.unwrap().unwrap().state,
    )
}

pub async fn a_commit_moves_the_version(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.load_state("sales").await.unwrap(), None);
    let seq = inserted(store, "a").await;
    let full = Commit {
        wake_at: Some(at(60)),
        history: vec![entry("one")],
        effects: (1..=120).map(|op| effect(op, "a")).collect(),
        acks: vec![handled(seq)],
        ..commit("sales", 0)
    };
    assert_eq!(committed(store, full).await, 1);
    let expected = StateRow {
        version: 1,
        json: "{\"after\":0}".to_owned(),
        wake_at: Some(at(60)),
    };
    let (state, history, _, event) = written(store, seq).await;
    assert_eq!(
        (state, history, event),
        (Some(expected), 1, EventState::Handled)
    );
    assert_eq!(committed(store, commit("sales", 1)).await, 2);
    let expected = StateRow {
        version: 2,
        json: "{\"after\":1}".to_owned(),
        wake_at: None,
    };
    assert_eq!(store.load_state("sales").await.unwrap(), Some(expected));
}

pub async fn a_moved_version_is_a_conflict(fixture: &Fixture) {
    let store = &fixture.store;
    let seq = inserted(store, "a").await;
    let decision = |expected_version| Commit {
        history: vec![entry("late")],
        effects: vec![effect(1, "a")],
        acks: vec![handled(seq)],
        ..commit("sales", expected_version)
    };
    assert_eq!(
        store.commit(decision(1)).await.unwrap(),
        CommitOutcome::Conflict
    );
    assert_eq!(written(store, seq).await, (None, 0, 0, EventState::Pending));
    committed(store, commit("sales", 0)).await;
    committed(store, commit("sales", 1)).await;
    let before = written(store, seq).await;
    for version in [0, 1, 3] {
        assert_eq!(
            store.commit(decision(version)).await.unwrap(),
            CommitOutcome::Conflict,
            "{version}"
        );
        assert_eq!(written(store, seq).await, before);
    }
}

pub async fn an_event_that_is_no_longer_pending_is_a_conflict(fixture: &Fixture) {
    let store = &fixture.store;
    let (first, second) = (inserted(store, "a").await, inserted(store, "b").await);
    store.ack_events(&[handled(second)], at(1)).await.unwrap();
    for acks in [
        vec![handled(first), handled(second)],
        vec![handled(first), handled(9_999)],
    ] {
        let late = Commit {
            acks,
            history: vec![entry("late")],
            effects: vec![effect(1, "a")],
            ..commit("sales", 0)
        };
        assert_eq!(store.commit(late).await.unwrap(), CommitOutcome::Conflict);
        assert_eq!(
            written(store, first).await,
            (None, 0, 0, EventState::Pending)
        );
    }
}

/// What the words of others bring: PostgreSQL has no such character, and a commit that it refused would be tried again
/// for ever.
pub async fn texts_with_nul_characters_are_kept_without(fixture: &Fixture) {
    let store = &fixture.store;
    let seq = inserted(store, "a").await;
    let odd = NewHistory {
        env: Some("q\0a".to_owned()),
        kind: "he\0ld".to_owned(),
        ..entry("because \0")
    };
    let note = Ack {
        seq,
        outcome: AckOutcome::Ignored,
        note: Some("no\0body".to_owned()),
    };
    let odd = Commit {
        history: vec![odd, entry("two")],
        acks: vec![note],
        effects: vec![effect(1, "la\0ne")],
        ..commit("sal\0es", 0)
    };
    committed(store, odd).await;
    let kept = store.history("sal\0es", Some("q\0a"), 9).await.unwrap();
    let because: Vec<&str> = kept.iter().map(|row| &*row.entry.because).collect();
    assert_eq!(because, ["because \u{FFFD}"]);
    assert_eq!(
        kept[0].entry.data["why"], "because \0",
        "JSON has a form for it"
    );
    assert_eq!(store.verify_history("sal\u{FFFD}es").await.unwrap(), 2);
    let event = store.get_event(seq).await.unwrap().unwrap();
    assert_eq!(event.note.as_deref(), Some("no\u{FFFD}body"));
    let effects = store.list_effects(&Default::default()).await.unwrap();
    assert_eq!(effects[0].lane, "la\u{FFFD}ne");
}

pub async fn a_commit_is_whole_or_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let seq = inserted(store, "a").await;
    committed(
        store,
        Commit {
            effects: vec![effect(1, "a")],
            ..commit("sales", 0)
        },
    )
    .await;
    let before = written(store, seq).await;
    for effects in [
        vec![effect(2, "a"), effect(1, "a")],
        vec![effect(2, "a"), effect(2, "a")],
    ] {
        let taken = effects[1].op;
        let cancel_ops = vec![1];
        let acks = vec![handled(seq)];
        let bug = Commit {
            acks,
            history: vec![entry("x")],
            effects,
            cancel_ops,
            ..commit("sales", 1)
        };
        let refused = store.commit(bug).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::DuplicateOperation { op, .. } if op == taken),
            "{refused:?}"
        );
        assert_eq!(written(store, seq).await, before);
        assert_eq!(
            store.list_effects(&Default::default()).await.unwrap()[0]
                .state
                .as_str(),
            "queued"
        );
    }
    assert_eq!(store.verify_history("sales").await.unwrap(), 0);
    // Another pipeline may use the same number.
    committed(
        store,
        Commit {
            effects: vec![effect(1, "b")],
            ..commit("ads", 0)
        },
    )
    .await;
}

pub async fn one_of_many_commits_wins(fixture: &Fixture) {
    for version in 0..3 {
        let tasks: Vec<_> = (0..16)
            .map(|task| {
                let store = fixture.store.clone();
                let decision = Commit {
                    history: vec![entry(&format!("by {task}"))],
                    ..commit("sales", version)
                };
                tokio::spawn(async move { store.commit(decision).await.unwrap() })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            won += usize::from(
                task.await.unwrap()
                    == CommitOutcome::Committed {
                        version: version + 1,
                    },
            );
        }
        assert_eq!(won, 1);
    }
    assert_eq!(fixture.store.verify_history("sales").await.unwrap(), 3);
}

pub async fn pipelines_are_listed(fixture: &Fixture) {
    let store = &fixture.store;
    committed(
        store,
        Commit {
            wake_at: Some(at(5)),
            ..commit("sales", 0)
        },
    )
    .await;
    committed(store, commit("ads", 0)).await;
    committed(
        store,
        Commit {
            now: at(3),
            ..commit("ads", 1)
        },
    )
    .await;
    let row = |pipeline: &str, version, wake_at, updated_at| PipelineRow {
        pipeline: pipeline.to_owned(),
        version,
        wake_at,
        updated_at,
    };
    let expected = [
        row("ads", 2, None, at(3)),
        row("sales", 1, Some(at(5)), start()),
    ];
    assert_eq!(store.list_pipelines().await.unwrap(), expected);
}
