//! A crash with a full inbox: the daemon is killed at its work, and started again.

use super::process::Process;
use super::surroundings::{REPOSITORY, Surroundings};
use crate::bench::Report;
use anyhow::{Context as _, ensure};
use chrono::Utc;
use hodman_store::{EventFilter, EventState, NewEvent, Store, StoreUrl};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// A backlog that is not worked off by then will not be.
const PATIENCE: Duration = Duration::from_secs(120);

/// Events of one insertion.
const AT_ONCE: u32 = 500;

pub(super) async fn measure(
    around: &Surroundings,
    home: &Path,
    events: u32,
    report: &mut Report,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(home).context("making the data directory")?;
    let url: StoreUrl = format!("sqlite:{}", home.join("hodman.db").display()).parse()?;
    fill(&url, events).await?;
    let (process, _) = Process::start(around, home).await?;
    // At its work: the engine runs from the first moment on.
    process.kill().await?;
    let crashed = Utc::now();
    let (process, ready) = Process::start(around, home).await?;
    let began = Instant::now();
    let store = Store::open(&url, Utc::now())
        .await
        .context("opening the store beside the daemon")?;
    while pushes_pending(&store).await? {
        ensure!(
            began.elapsed() < PATIENCE,
            "events are left after {} s:\n{}",
            PATIENCE.as_secs(),
            process.log()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let emptied = ready + began.elapsed();
    let left = left_at(&store, crashed, events).await?;
    store.close().await;
    process.terminate().await?;
    report.row("recovery: events pending at kill -9", f64::from(left), "");
    report.row("recovery: ready after", ready.as_secs_f64() * 1000.0, "ms");
    report.row(
        "recovery: inbox empty after",
        emptied.as_secs_f64() * 1000.0,
        "ms",
    );
    Ok(())
}

/// Pushes to the pipeline's repository, so that each of them wakes it.
async fn fill(url: &StoreUrl, events: u32) -> anyhow::Result<()> {
    let store = Store::open(url, Utc::now())
        .await
        .context("making the store")?;
    let push = json!({
        "ref": "refs/heads/main", "before": "0".repeat(40), "after": "1".repeat(40),
        "repository": {"full_name": REPOSITORY}, "sender": {"login": "ana"},
        "filler": "x".repeat(7 * 1024),
    });
    let body = push.to_string().into_bytes();
    let event = |number: u32| NewEvent {
        source: "github".to_owned(),
        delivery: format!("{number:08x}-0000-4000-8000-000000000000"),
        kind: "push".to_owned(),
        pipeline: None,
        meta: json!({"content-type": "application/json", "x-github-event": "push"}),
        body: body.clone(),
        received_at: Utc::now(),
    };
    let mut number = 0;
    while number < events {
        let until = events.min(number + AT_ONCE);
        store
            .insert_events((number..until).map(event).collect())
            .await
            .context("filling the inbox")?;
        number = until;
    }
    store.close().await;
    Ok(())
}

/// What the daemon adds meanwhile (outcomes, ticks) is its daily work, not its recovery.
async fn pushes_pending(store: &Store) -> anyhow::Result<bool> {
    let rows = store
        .pending_events(0, 1)
        .await
        .context("reading the inbox")?;
    Ok(rows.first().is_some_and(|row| row.event.kind == "push"))
}

/// How many events were acknowledged only after the crash. All must be, and none be poison.
async fn left_at(
    store: &Store,
    crashed: chrono::DateTime<Utc>,
    events: u32,
) -> anyhow::Result<u32> {
    let (mut left, mut seen, mut before) = (0, 0, None);
    loop {
        let page = EventFilter {
            kind: Some("push".to_owned()),
            before_seq: before,
            limit: Some(AT_ONCE as usize),
            ..EventFilter::default()
        };
        let rows = store
            .list_events(&page)
            .await
            .context("reading the inbox")?;
        let Some(last) = rows.last() else { break };
        before = Some(last.seq);
        for row in &rows {
            ensure!(
                row.state == EventState::Handled,
                "event {} is {} ({:?})",
                row.seq,
                row.state.as_str(),
                row.note
            );
            seen += 1;
            left += u32::from(row.acked_at.is_some_and(|at| at > crashed));
        }
    }
    ensure!(
        seen == events,
        "{seen} of {events} events are left in the inbox"
    );
    Ok(left)
}
