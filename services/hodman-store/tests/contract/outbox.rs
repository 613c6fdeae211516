use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hodman_store::{
    Commit, Completion, EffectFilter, EffectState, Kinds, NewEffect, OutboxRow, Retry, Store,
};

use super::Fixture;
use super::sample::{at, commit, committed, effect, outcome, queue, start};

const LEASE: Duration = Duration::from_secs(60);

fn ops(rows: &[OutboxRow]) -> Vec<i64> {
    rows.iter().map(|row| row.op).collect()
}

async fn claim(store: &Store, seconds: i64, limit: usize) -> Vec<OutboxRow> {
    store
        .claim_effects("w", at(seconds), LEASE, limit, Kinds::All)
        .await
        .unwrap()
}

pub async fn effects_are_claimed_oldest_first_one_per_lane(fixture: &Fixture) {
    let store = &fixture.store;
    let effects = vec![
        effect(1, "a"),
        effect(2, "b"),
        effect(3, "a"),
        effect(4, "c"),
        effect(5, "b"),
    ];
    queue(store, effects).await;
    let first = claim(store, 0, 2).await;
    assert_eq!(ops(&first), [1, 2]);
    let row = &first[0];
    assert_eq!(
        (row.attempt, row.worker.as_deref(), row.state),
        (1, Some("w"), EffectState::Leased)
    );
    assert_eq!((row.lease_until, row.created_at), (Some(at(60)), start()));
    assert_eq!(
        (row.lane.as_str(), row.kind.as_str(), row.env.as_deref()),
        ("a", "apply", Some("qa"))
    );
    assert_eq!(
        (row.pipeline.as_str(), row.payload.as_str()),
        ("sales", "{\"op\":1}")
    );
    assert_eq!(ops(&claim(store, 0, 10).await), [4]);
    assert_eq!(claim(store, 0, 10).await, []);
    let done = store
        .complete_effect(first[1].id, 1, outcome("2"), at(1))
        .await
        .unwrap();
    assert!(matches!(done, Completion::Done { .. }));
    assert_eq!(ops(&claim(store, 1, 10).await), [5]);
}

pub async fn the_database_refuses_a_second_runner_in_a_lane(fixture: &Fixture) {
    queue(
        &fixture.store,
        vec![effect(1, "a"), effect(2, "a"), effect(3, "b")],
    )
    .await;
    assert_eq!(ops(&claim(&fixture.store, 0, 1).await), [1]);
    let lease = |op: i64| {
        format!("UPDATE outbox SET state = 'leased', lease_until = 1, attempt = 1 WHERE op = {op}")
    };
    assert!(fixture.raw.run(&lease(2)).await.is_err());
    assert_eq!(fixture.raw.run(&lease(3)).await.unwrap(), 1);
}

pub async fn an_effect_waits_for_its_time(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.next_due(at(0), Kinds::All).await.unwrap(), None);
    queue(
        store,
        vec![
            NewEffect {
                run_at: at(10),
                ..effect(1, "a")
            },
            NewEffect {
                run_at: at(5),
                ..effect(2, "b")
            },
        ],
    )
    .await;
    assert_eq!(claim(store, 4, 10).await, []);
    assert_eq!(
        store.next_due(at(4), Kinds::All).await.unwrap(),
        Some(at(5))
    );
    assert_eq!(
        store.next_due(at(7), Kinds::All).await.unwrap(),
        Some(at(7))
    );
    assert_eq!(ops(&claim(store, 5, 10).await), [2]);
    assert_eq!(
        store.next_due(at(6), Kinds::All).await.unwrap(),
        Some(at(10))
    );
    assert_eq!(ops(&claim(store, 10, 10).await), [1]);
    // Only the ends of the two leases are left: 5 + 60 and 10 + 60.
    assert_eq!(
        store.next_due(at(11), Kinds::All).await.unwrap(),
        Some(at(65))
    );
}

pub async fn kinds_are_passed_over(fixture: &Fixture) {
    let store = &fixture.store;
    let of = |op: i64, lane: &str, kind: &str| NewEffect {
        kind: kind.to_owned(),
        ..effect(op, lane)
    };
    let compares = (1..=40).map(|op| of(op, &format!("lane {op}"), "compare"));
    let effects = compares.chain([of(41, "lane 40", "plan"), of(42, "z", "apply")]);
    queue(store, effects.collect()).await;
    let due = async |kinds: Kinds<'_>| store.next_due(at(0), kinds).await.unwrap();
    let claim = async |kinds: Kinds<'_>, limit: usize| {
        let claimed = store.claim_effects("w", at(0), LEASE, limit, kinds);
        ops(&claimed.await.unwrap())
    };
    let slow = ["compare", "verify"];
    assert_eq!(due(Kinds::Only(&[])).await, None);
    assert!(claim(Kinds::Only(&[]), 10).await.is_empty());
    assert_eq!(claim(Kinds::Only(&slow), 2).await, [1, 2]);
    assert_eq!(due(Kinds::Except(&slow)).await, Some(at(0)));
    // What is older in its lane is passed over, too.
    assert_eq!(claim(Kinds::Except(&slow), 10).await, [41, 42]);
    // What waits behind a leased effect is not due; the ends of the leases are.
    assert_eq!(due(Kinds::Except(&slow)).await, Some(at(60)));
    assert_eq!(due(Kinds::Except(&["plan", "apply"])).await, Some(at(0)));
    assert_eq!(claim(Kinds::Except(&[]), 100).await.len(), 37);
    assert_eq!(due(Kinds::All).await, Some(at(60)));
}

pub async fn a_retry_waits_and_keeps_its_error(fixture: &Fixture) {
    let store = &fixture.store;
    queue(store, vec![effect(1, "a"), effect(2, "a")]).await;
    let first = claim(store, 0, 1).await.remove(0);
    assert_eq!(
        store
            .retry_effect(first.id, 1, at(30), "503 from host", at(1))
            .await
            .unwrap(),
        Retry::Queued
    );
    // Its lane is free meanwhile.
    let second = claim(store, 1, 10).await;
    assert_eq!(ops(&second), [2]);
    let _ = store
        .complete_effect(second[0].id, 1, outcome("2"), at(2))
        .await
        .unwrap();
    assert_eq!(claim(store, 29, 10).await, []);
    let again = claim(store, 30, 10).await.remove(0);
    assert_eq!(
        (again.op, again.attempt, again.last_error.as_deref()),
        (1, 2, Some("503 from host"))
    );
    assert_eq!(
        store
            .retry_effect(first.id, 1, at(40), "late", at(31))
            .await
            .unwrap(),
        Retry::Fenced
    );
}

pub async fn effects_are_listed_by_filter(fixture: &Fixture) {
    let store = &fixture.store;
    queue(
        store,
        vec![
            effect(1, "a"),
            NewEffect {
                env: None,
                ..effect(2, "b")
            },
        ],
    )
    .await;
    committed(
        store,
        Commit {
            effects: vec![effect(3, "b")],
            ..commit("ads", 0)
        },
    )
    .await;
    claim(store, 0, 1).await;
    let listed = async |filter: EffectFilter| ops(&store.list_effects(&filter).await.unwrap());
    let all = EffectFilter::default;
    assert_eq!(listed(all()).await, [3, 2, 1]);
    assert_eq!(
        listed(EffectFilter {
            limit: Some(1),
            ..all()
        })
        .await,
        [3]
    );
    assert_eq!(
        listed(EffectFilter {
            pipeline: Some("sales".to_owned()),
            ..all()
        })
        .await,
        [2, 1]
    );
    assert_eq!(
        listed(EffectFilter {
            env: Some("qa".to_owned()),
            ..all()
        })
        .await,
        [3, 1]
    );
    assert_eq!(
        listed(EffectFilter {
            lane: Some("b".to_owned()),
            ..all()
        })
        .await,
        [3, 2]
    );
    assert_eq!(
        listed(EffectFilter {
            state: Some(EffectState::Leased),
            ..all()
        })
        .await,
        [1]
    );
    let newest = store.list_effects(&all()).await.unwrap()[0].id;
    assert_eq!(
        listed(EffectFilter {
            before_id: Some(newest),
            ..all()
        })
        .await,
        [2, 1]
    );
}

pub async fn many_workers_never_share_a_lane(fixture: &Fixture) {
    const EFFECTS: i64 = 60;
    queue(
        &fixture.store,
        (1..=EFFECTS)
            .map(|op| effect(op, &format!("lane {}", op % 7)))
            .collect(),
    )
    .await;
    let busy = Arc::new(Mutex::new(BTreeSet::new()));
    let done = Arc::new(Mutex::new(Vec::new()));
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let (store, busy, done) = (fixture.store.clone(), busy.clone(), done.clone());
            tokio::spawn(async move {
                while done.lock().unwrap().len() < EFFECTS as usize {
                    let name = format!("worker {worker}");
                    for row in store
                        .claim_effects(&name, start(), LEASE, 3, Kinds::All)
                        .await
                        .unwrap()
                    {
                        assert!(
                            busy.lock().unwrap().insert(row.lane.clone()),
                            "{} runs twice",
                            row.lane
                        );
                        tokio::task::yield_now().await;
                        assert!(busy.lock().unwrap().remove(&row.lane));
                        let outcome = outcome(&row.id.to_string());
                        let answer = store
                            .complete_effect(row.id, row.attempt, outcome, at(1))
                            .await
                            .unwrap();
                        assert!(matches!(answer, Completion::Done { .. }));
                        done.lock().unwrap().push(row.op);
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        tokio::time::timeout(Duration::from_secs(60), worker)
            .await
            .expect("all effects end")
            .unwrap();
    }
    let mut done = done.lock().unwrap().clone();
    for lane in 0..7 {
        let in_lane: Vec<i64> = done.iter().copied().filter(|op| op % 7 == lane).collect();
        assert!(
            in_lane.is_sorted(),
            "lane {lane} ran in the order {in_lane:?}"
        );
    }
    done.sort_unstable();
    assert_eq!(done, (1..=EFFECTS).collect::<Vec<_>>());
    assert_eq!(
        fixture.store.pending_events(0, 100).await.unwrap().len(),
        EFFECTS as usize
    );
}

/// Two machines whose clocks differ want different effects of one lane at the same moment.
pub async fn workers_with_different_clocks_never_share_a_lane(fixture: &Fixture) {
    for round in 0..20 {
        let lanes = 0..10;
        let pair = |lane: i64| {
            let (op, name) = (round * 100 + lane * 2, format!("lane {lane}"));
            [
                NewEffect {
                    run_at: at(10),
                    ..effect(op, &name)
                },
                effect(op + 1, &name),
            ]
        };
        committed(
            &fixture.store,
            Commit {
                effects: lanes.flat_map(pair).collect(),
                ..commit("sales", round)
            },
        )
        .await;
        let claims = [0, 10].map(|clock| {
            let store = fixture.store.clone();
            tokio::spawn(async move {
                store
                    .claim_effects("w", at(clock), LEASE, 100, Kinds::All)
                    .await
                    .unwrap()
            })
        });
        let mut rows = Vec::new();
        for claim in claims {
            rows.extend(claim.await.unwrap());
        }
        assert_eq!(rows.len(), 10, "one effect of every lane: {rows:?}");
        rows.extend(finish(&fixture.store, rows.clone()).await);
        assert_eq!(
            rows.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(),
            20
        );
    }
}

/// Completes `rows`, then claims and completes what waited behind them.
async fn finish(store: &Store, rows: Vec<OutboxRow>) -> Vec<OutboxRow> {
    for row in rows {
        let _ = store
            .complete_effect(row.id, row.attempt, outcome(&row.id.to_string()), at(11))
            .await
            .unwrap();
    }
    let rest = claim(store, 20, 100).await;
    for row in &rest {
        let _ = store
            .complete_effect(row.id, row.attempt, outcome(&row.id.to_string()), at(21))
            .await
            .unwrap();
    }
    rest
}
