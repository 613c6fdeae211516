//! What becomes of effects that nobody wants any more, or that nobody here can do.

use super::Worker;
use super::running::Running;
use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon::Parts;
use chrono::TimeDelta;
use hodman_clients::github::{GitHubError, Refusal};
use hodman_core::effect::{Act, Effect};
use hodman_core::event::{Event, Outcome};
use hodman_core::ids::{EnvName, Op, PullNumber};
use hodman_store::{Commit, EffectFilter, EffectState, Kinds, NewEffect, OutboxRow, Store};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn parts(folder: &std::path::Path) -> Parts {
    parts_with(folder, ", branch: main").await
}

async fn parts_with(folder: &std::path::Path, branch: &str) -> Parts {
    let secret = folder.join("secret");
    std::fs::write(&secret, "hodman-canary-5ecret-DO-NOT-LEAK").unwrap();
    let secret = secret.display();
    let text = format!(
        "data_dir: {}\ngithub:\n  api_url: http://127.0.0.1:1\n  git_url: http://127.0.0.1:1\n  token: {{file: {secret}}}\n  \
         webhook_secrets: [{{file: {secret}}}]\npipelines:\n  - {{name: shop, repository: acme/shop{branch}}}\n",
        folder.display()
    );
    let config = Config::read("hodman.yaml", &text, Purpose::Serve, |_| None)
        .unwrap_or_else(|found| panic!("{found}"));
    Parts::open(config, Clock::system(), ([127, 0, 0, 1], 1).into())
        .await
        .unwrap()
}

/// Closes a pull request, which asks the forge first: nobody listens there.
fn close(pipeline: &str, op: i64) -> NewEffect {
    let effect = Effect {
        op: Op(op.cast_unsigned()),
        env: Some(EnvName::from("qa")),
        act: Act::ClosePull {
            number: PullNumber(7),
            because: "superseded".to_owned(),
        },
    };
    NewEffect {
        op,
        lane: format!("{pipeline}/qa/pull"),
        kind: "close_pull".to_owned(),
        env: Some("qa".to_owned()),
        payload: serde_json::to_string(&effect).unwrap(),
        run_at: chrono::DateTime::UNIX_EPOCH,
    }
}

async fn commit(
    store: &Store,
    pipeline: &str,
    version: i64,
    effects: Vec<NewEffect>,
    cancel: Vec<i64>,
) {
    let _ = store
        .commit(Commit {
            pipeline: pipeline.to_owned(),
            expected_version: version,
            state: "{}".to_owned(),
            wake_at: None,
            history: vec![],
            effects,
            cancel_ops: cancel,
            acks: vec![],
            now: Clock::system().now(),
        })
        .await
        .unwrap();
}

async fn row(store: &Store, pipeline: &str, op: i64) -> OutboxRow {
    let filter = EffectFilter {
        pipeline: Some(pipeline.to_owned()),
        ..EffectFilter::default()
    };
    let rows = store.list_effects(&filter).await.unwrap();
    rows.into_iter().find(|row| row.op == op).unwrap()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test]
async fn a_cancelled_effect_frees_its_lane_and_an_unknown_pipelines_waits() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(folder.path()).await;
    let store = parts.store.clone();
    commit(
        &store,
        "shop",
        0,
        vec![close("shop", 1), close("shop", 2)],
        vec![],
    )
    .await;
    commit(&store, "gone", 0, vec![close("gone", 1)], vec![]).await;
    // Somebody began the first and died; meanwhile it was superseded.
    let long_ago = Clock::system().now() - TimeDelta::hours(1);
    let claimed = store
        .claim_effects("dead", long_ago, Duration::from_secs(60), 1, Kinds::All)
        .await
        .unwrap();
    assert_eq!((claimed.len(), claimed[0].op), (1, 1));
    commit(&store, "shop", 1, vec![], vec![1]).await;

    let worker = Worker::new(
        store.clone(),
        parts.work.clone(),
        Clock::system(),
        "worker".to_owned(),
        Duration::from_secs(60),
    );
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop, Duration::ZERO).await }
    });
    until("the first is cancelled", async || {
        row(&store, "shop", 1).await.state == EffectState::Cancelled
    })
    .await;
    until("the second is tried", async || {
        row(&store, "shop", 2).await.attempt == 1
    })
    .await;
    until("the unknown one is put off", async || {
        let row = row(&store, "gone", 1).await;
        row.state == EffectState::Queued && row.last_error.is_some()
    })
    .await;
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn comparisons_that_hang_leave_hands_for_an_override() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(folder.path()).await;
    let store = parts.store.clone();
    let of = |op: i64, act: &str| NewEffect {
        lane: format!("shop/{op}/{act}"),
        kind: act.to_owned(),
        ..close("shop", op)
    };
    let compares = (1..=40).map(|op| of(op, "compare")).collect();
    commit(&store, "shop", 0, compares, vec![]).await;
    let worker = Worker::new(
        store.clone(),
        parts.work.clone(),
        Clock::system(),
        "worker".to_owned(),
        Duration::from_secs(60),
    );
    let mut running = Running::default();
    let begun = std::sync::Mutex::new(Vec::new());
    let hangs = |row: OutboxRow| {
        begun.lock().unwrap().push(row.kind);
        std::future::pending()
    };
    for _ in 0..3 {
        worker.claim(&mut running, hangs).await.unwrap();
    }
    assert_eq!(begun.lock().unwrap().len(), 8);
    // Nothing that there are hands for is due: the worker sleeps instead of turning in place.
    let wait = worker.until_due(running.wanted().unwrap()).await.unwrap();
    assert!(wait > Duration::from_secs(1), "{wait:?}");

    commit(&store, "shop", 1, vec![of(41, "apply")], vec![]).await;
    worker.claim(&mut running, hangs).await.unwrap();
    assert_eq!(begun.lock().unwrap().last().unwrap(), "apply");
    let more = (42..=60).map(|op| of(op, "say")).collect();
    commit(&store, "shop", 2, more, vec![]).await;
    worker.claim(&mut running, hangs).await.unwrap();
    assert_eq!(begun.lock().unwrap().len(), 16);
    assert!(running.wanted().is_none(), "no hands free");
}

#[tokio::test]
async fn a_limit_of_the_forge_is_told_with_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(folder.path()).await;
    let store = parts.store.clone();
    let effect = Effect {
        op: Op(1),
        env: None,
        act: Act::Observe {
            pulls: Default::default(),
            commits: Default::default(),
            old_checks: Default::default(),
            recall: false,
        },
    };
    let queued = NewEffect {
        kind: "observe".to_owned(),
        payload: serde_json::to_string(&effect).unwrap(),
        ..close("shop", 1)
    };
    commit(&store, "shop", 0, vec![queued], vec![]).await;
    let now = Clock::system().now();
    let clock = Clock::from_fn(move || now);
    let lease = Duration::from_secs(60);
    let claimed = store.claim_effects("worker", now, lease, 1, Kinds::All);
    let row = claimed.await.unwrap().remove(0);
    let name = "worker".to_owned();
    let worker = Worker::new(store.clone(), parts.work.clone(), clock, name, lease);
    let wait = Duration::from_secs(1200);
    let limit = GitHubError::RateLimited {
        refusal: Box::new(Refusal {
            operation: "list pull requests",
            status: 403,
            message: "API rate limit exceeded".to_owned(),
            documentation: None,
            request_id: None,
        }),
        until: now + wait,
        wait,
    };
    let limit = crate::work::WorkError::from(limit);
    worker.failed(&row, &effect, &limit).await.unwrap();
    let told = store.pending_events(0, 9).await.unwrap();
    let told = told.iter().find(|row| row.event.source == "effect");
    let told = serde_json::from_slice(&told.unwrap().event.body).unwrap();
    let Event::Ended {
        outcome: Outcome::Limited { until, why },
        ..
    } = told
    else {
        panic!("{told:?}")
    };
    assert_eq!(until, now + wait);
    assert!(why.contains("rate limit"), "{why}");
}

#[tokio::test]
async fn a_forge_that_is_away_keeps_nothing_from_opening_and_its_last_word_counts() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts_with(folder.path(), "").await;
    let served = &parts.work.pipelines["shop"];
    assert!(served.known().is_none());
    let unknown = served.repo(&parts.work.github).await.unwrap_err();
    assert!(unknown.is_transient());
    let words = unknown.to_string();
    assert!(
        words.contains("the default branch of acme/shop is not known"),
        "{words}"
    );
    // What an earlier daemon was told.
    std::fs::write(folder.path().join("mirrors/shop.branch"), "trunk").unwrap();
    let repo = served.repo(&parts.work.github).await.unwrap();
    assert_eq!(repo.branch, "trunk");
}
