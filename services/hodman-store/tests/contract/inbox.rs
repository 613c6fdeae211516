use std::collections::BTreeSet;

use hodman_store::{Ack, AckOutcome, Commit, EventFilter, EventState, Insertion, NewEvent};

use super::Fixture;
use super::sample::{at, commit, committed, effect, event, handled, inserted};

pub async fn a_delivery_is_stored_once(fixture: &Fixture) {
    let store = &fixture.store;
    let changed = NewEvent {
        body: b"changed".to_vec(),
        ..event("a")
    };
    let first = store
        .insert_events(vec![event("a"), event("b"), changed.clone()])
        .await
        .unwrap();
    let [a, b, again] = first[..] else {
        panic!("three answers, got {first:?}")
    };
    assert!(a.seq < b.seq && !a.duplicate && !b.duplicate, "{first:?}");
    assert_eq!(
        again,
        Insertion {
            seq: a.seq,
            duplicate: true
        }
    );
    let from_sqs = NewEvent {
        source: "sqs".to_owned(),
        ..event("a")
    };
    let second = store
        .insert_events(vec![event("b"), changed, from_sqs])
        .await
        .unwrap();
    assert_eq!(
        second[0],
        Insertion {
            seq: b.seq,
            duplicate: true
        }
    );
    assert_eq!(
        second[1],
        Insertion {
            seq: a.seq,
            duplicate: true
        }
    );
    assert!(!second[2].duplicate && second[2].seq > b.seq, "{second:?}");
    assert_eq!(
        store.get_event(a.seq).await.unwrap().unwrap().event,
        event("a")
    );
    assert_eq!(store.insert_events(Vec::new()).await.unwrap(), []);
}

pub async fn a_delivery_with_a_nul_character_is_stored_once(fixture: &Fixture) {
    let store = &fixture.store;
    let odd = NewEvent {
        kind: "push\0".to_owned(),
        body: b"\0".to_vec(),
        ..event("a\0b")
    };
    let first = store.insert_events(vec![odd.clone()]).await.unwrap()[0];
    let again = store.insert_events(vec![odd]).await.unwrap()[0];
    assert_eq!((first.duplicate, again.duplicate), (false, true));
    assert_eq!(first.seq, again.seq);
    let kept = store.get_event(first.seq).await.unwrap().unwrap().event;
    assert_eq!(
        (kept.delivery.as_str(), kept.kind.as_str()),
        ("a\u{FFFD}b", "push\u{FFFD}")
    );
    assert_eq!(kept.body, b"\0", "bytes stay as they came");
}

pub async fn bodies_come_back_byte_for_byte(fixture: &Fixture) {
    let store = &fixture.store;
    let large: Vec<u8> = (0..2_000_000u32).map(|number| (number * 7) as u8).collect();
    for (delivery, body) in [
        ("empty", Vec::new()),
        ("bytes", (0..=255).collect()),
        ("large", large),
    ] {
        let event = NewEvent {
            body,
            pipeline: None,
            received_at: at(1),
            ..event(delivery)
        };
        let seq = store.insert_events(vec![event.clone()]).await.unwrap()[0].seq;
        assert_eq!(store.get_event(seq).await.unwrap().unwrap().event, event);
    }
    assert_eq!(store.get_event(999).await.unwrap(), None);
}

pub async fn events_are_pending_in_order_until_acknowledged(fixture: &Fixture) {
    let store = &fixture.store;
    let events = (0..120).map(|number| event(&format!("{number}"))).collect();
    let seqs: Vec<i64> = store
        .insert_events(events)
        .await
        .unwrap()
        .iter()
        .map(|answer| answer.seq)
        .collect();
    let pending = async |after: i64, limit: usize| {
        let rows = store.pending_events(after, limit).await.unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(pending(0, 500).await, seqs);
    assert_eq!(pending(0, 3).await, seqs[..3]);
    assert_eq!(pending(seqs[2], 3).await, seqs[3..6]);
    let acks: Vec<Ack> = seqs[..118].iter().rev().map(|seq| handled(*seq)).collect();
    assert_eq!(store.ack_events(&acks, at(1)).await.unwrap(), 118);
    assert_eq!(store.ack_events(&acks, at(2)).await.unwrap(), 0);
    assert_eq!(pending(0, 500).await, seqs[118..]);
    let first = store.get_event(seqs[0]).await.unwrap().unwrap();
    assert_eq!(
        (first.state, first.acked_at),
        (EventState::Handled, Some(at(1)))
    );
}

pub async fn events_are_listed_and_counted(fixture: &Fixture) {
    let store = &fixture.store;
    let tick = |delivery: &str| NewEvent {
        kind: "tick".to_owned(),
        source: "timer".to_owned(),
        ..event(delivery)
    };
    let events = vec![event("a"), event("b"), tick("c"), tick("d"), event("e")];
    let seqs: Vec<i64> = store
        .insert_events(events)
        .await
        .unwrap()
        .iter()
        .map(|answer| answer.seq)
        .collect();
    let ignored = Ack {
        seq: seqs[2],
        outcome: AckOutcome::Ignored,
        note: Some("late".to_owned()),
    };
    store
        .ack_events(&[handled(seqs[0]), ignored], at(1))
        .await
        .unwrap();
    let listed = async |filter: EventFilter| {
        let rows = store.list_events(&filter).await.unwrap();
        rows.iter()
            .map(|row| seqs.iter().position(|seq| *seq == row.seq).unwrap())
            .collect::<Vec<_>>()
    };
    let all = EventFilter::default;
    assert_eq!(listed(all()).await, [4, 3, 2, 1, 0]);
    assert_eq!(
        listed(EventFilter {
            limit: Some(2),
            before_seq: Some(seqs[4]),
            ..all()
        })
        .await,
        [3, 2]
    );
    assert_eq!(
        listed(EventFilter {
            state: Some(EventState::Pending),
            ..all()
        })
        .await,
        [4, 3, 1]
    );
    assert_eq!(
        listed(EventFilter {
            kind: Some("tick".to_owned()),
            ..all()
        })
        .await,
        [3, 2]
    );
    assert_eq!(
        listed(EventFilter {
            source: Some("github".to_owned()),
            ..all()
        })
        .await,
        [4, 1, 0]
    );
    let counts = store.event_counts().await.unwrap();
    let counts: Vec<_> = counts
        .iter()
        .map(|row| (row.state.as_str(), row.kind.as_str(), row.count))
        .collect();
    assert_eq!(
        counts,
        [
            ("handled", "push", 1),
            ("ignored", "tick", 1),
            ("pending", "push", 2),
            ("pending", "tick", 1)
        ]
    );
}

pub async fn many_callers_share_commits(fixture: &Fixture) {
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let store = fixture.store.clone();
            tokio::spawn(async move {
                let mut seqs = Vec::new();
                for number in 0..10 {
                    let pair = vec![
                        event(&format!("{task}/{number}/a")),
                        event(&format!("{task}/{number}/b")),
                    ];
                    let answers = store.insert_events(pair).await.unwrap();
                    // Durable and readable as soon as it was answered.
                    let row = store.get_event(answers[1].seq).await.unwrap().unwrap();
                    assert_eq!(row.event, event(&format!("{task}/{number}/b")));
                    seqs.extend(answers.iter().map(|answer| (answer.seq, answer.duplicate)));
                }
                seqs
            })
        })
        .collect();
    let mut seqs = BTreeSet::new();
    for task in tasks {
        for (seq, duplicate) in task.await.unwrap() {
            assert!(!duplicate);
            assert!(seqs.insert(seq), "number {seq} was given twice");
        }
    }
    let pending = fixture.store.pending_events(0, 5_000).await.unwrap();
    assert_eq!(
        pending.iter().map(|row| row.seq).collect::<BTreeSet<_>>(),
        seqs
    );
    assert_eq!(seqs.len(), 64 * 10 * 2);
}

pub async fn many_callers_with_one_delivery_insert_one_event(fixture: &Fixture) {
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = fixture.store.clone();
            tokio::spawn(async move { store.insert_events(vec![event("same")]).await.unwrap()[0] })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert_eq!(
        answers
            .iter()
            .map(|answer| answer.seq)
            .collect::<BTreeSet<_>>()
            .len(),
        1
    );
}

pub async fn only_old_finished_rows_are_pruned(fixture: &Fixture) {
    let store = &fixture.store;
    let (old, young, pending) = (
        inserted(store, "old").await,
        inserted(store, "young").await,
        inserted(store, "pending").await,
    );
    store.ack_events(&[handled(old)], at(1)).await.unwrap();
    store.ack_events(&[handled(young)], at(10)).await.unwrap();
    let effects = vec![effect(1, "a"), effect(2, "b")];
    committed(
        store,
        Commit {
            effects,
            ..commit("sales", 0)
        },
    )
    .await;
    committed(
        store,
        Commit {
            cancel_ops: vec![1],
            now: at(1),
            ..commit("sales", 1)
        },
    )
    .await;
    let pruned = store.prune(at(10), at(10)).await.unwrap();
    assert_eq!((pruned.events, pruned.effects), (1, 1));
    assert_eq!(store.get_event(old).await.unwrap(), None);
    assert!(
        store.get_event(young).await.unwrap().is_some()
            && store.get_event(pending).await.unwrap().is_some()
    );
    // A number is never used again.
    assert!(inserted(store, "next").await > pending);
    assert_eq!(
        store.insert_events(vec![event("young")]).await.unwrap()[0].seq,
        young
    );
}
