//! Webhooks: how many are durably accepted per second, and how long the sender waits for the acknowledgement.
//!
//! Real HTTP over loopback to the daemon's own router, signed bodies, SQLite in a file with `synchronous = FULL`. The
//! sender runs in this process on a thread of its own, so it shares the machine's processors with the daemon; what is
//! measured is what both can do together.

mod load;
mod payload;
mod service;

use super::{Bound, Report};
use anyhow::{Context as _, ensure};
use clap::Args;
use hodman_store::Store;
use load::{Load, Outcome, Pace};
use payload::Payloads;
use service::{Engine, Service};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sent before anything is measured: connections are made, statements prepared, the file has grown.
const WARM_UP: Duration = Duration::from_secs(1);

/// A backlog that is not worked off by then will not be.
const DRAIN: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, Args)]
pub(super) struct WebhooksArgs {
    /// Webhooks per second when the sender keeps to a rate.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Seconds measured of each kind.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Connections of the sender.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
}

pub(super) async fn run(args: &WebhooksArgs, directory: &Path) -> anyhow::Result<Report> {
    let mut report = Report::new("webhooks");
    report.set("seconds", args.seconds);
    report.set("connections", args.connections);
    report.set("body bytes", Payloads::SIZE);
    report.note(
        "the sender runs in the same process on a thread of its own and shares the processors",
    );
    report.note("SQLite in a file, write-ahead log, synchronous = FULL: acknowledged after fsync");
    report.note("at a rate, a time counts from the moment a webhook was due, not from when it could be sent");
    let kinds = [
        (
            "as fast as possible, engine off",
            Pace::AsFastAsPossible,
            Engine::Off,
        ),
        (
            "as fast as possible, events ignored",
            Pace::AsFastAsPossible,
            Engine::Ignores,
        ),
        (
            "as fast as possible, events decided",
            Pace::AsFastAsPossible,
            Engine::Decides,
        ),
        (
            "at the rate, events ignored",
            Pace::PerSecond(args.rate),
            Engine::Ignores,
        ),
        (
            "at the rate, events decided",
            Pace::PerSecond(args.rate),
            Engine::Decides,
        ),
    ];
    for (at, (name, pace, engine)) in kinds.into_iter().enumerate() {
        let home = directory.join(at.to_string());
        let outcome = one(args, &home, pace, engine)
            .await
            .with_context(|| name.to_owned())?;
        add(&mut report, name, pace, engine, outcome);
        std::fs::remove_dir_all(&home).context("removing a measured database")?;
    }
    Ok(report)
}

struct Measured {
    outcome: Outcome,
    drained: Duration,
}

async fn one(
    args: &WebhooksArgs,
    home: &Path,
    pace: Pace,
    engine: Engine,
) -> anyhow::Result<Measured> {
    let service = Service::start(home, engine).await?;
    let load = Load {
        address: service.address,
        connections: args.connections,
        pace,
        warm_up: WARM_UP,
        measured: Duration::from_secs(args.seconds),
        payloads: Arc::new(Payloads::new(engine.repository(), service::SECRET)?),
    };
    let outcome = load.run().await?;
    let ended = Instant::now();
    if engine != Engine::Off {
        while !service.store.pending_events(0, 1).await?.is_empty() {
            ensure!(
                ended.elapsed() < DRAIN,
                "the engine did not work off its backlog in {} s",
                DRAIN.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let drained = ended.elapsed();
    let url = service.stop().await?;
    check(&outcome, &url).await?;
    Ok(Measured { outcome, drained })
}

/// What was acknowledged must be in the file after everything was closed and opened again: nothing more, nothing less.
async fn check(outcome: &Outcome, url: &hodman_store::StoreUrl) -> anyhow::Result<()> {
    ensure!(
        outcome.refused.is_empty(),
        "webhooks were refused: {:?}",
        outcome.refused
    );
    ensure!(
        outcome.failed == 0,
        "{} webhooks got no answer",
        outcome.failed
    );
    let store = Store::open(url, chrono::Utc::now())
        .await
        .context("opening the store again")?;
    let counts = store
        .event_counts()
        .await
        .context("counting what is stored")?;
    store.close().await;
    let stored: u64 = counts
        .iter()
        .filter(|row| row.kind == payload::EVENT)
        .map(|row| row.count)
        .sum();
    ensure!(
        stored == outcome.accepted,
        "{} webhooks were acknowledged, {stored} are in the inbox",
        outcome.accepted
    );
    Ok(())
}

fn add(report: &mut Report, name: &str, pace: Pace, engine: Engine, measured: Measured) {
    let Measured { outcome, drained } = measured;
    let rate = outcome.rate();
    let times = outcome.times.sorted();
    match pace {
        Pace::AsFastAsPossible => {
            report.aimed(
                format!("{name}: accepted"),
                rate,
                "1/s",
                Bound::AtLeast(3000.0),
            );
            report.percentiles(&format!("{name}: ack"), &times, &[50, 99]);
        }
        Pace::PerSecond(asked) => {
            report.row(format!("{name}: accepted of {asked}"), rate, "1/s");
            report.row(format!("{name}: ack p50"), times.percentile(50), "ms");
            report.aimed(
                format!("{name}: ack p99"),
                times.percentile(99),
                "ms",
                Bound::AtMost(50.0),
            );
            report.row(format!("{name}: ack max"), times.percentile(100), "ms");
        }
    }
    if engine != Engine::Off {
        report.row(
            format!("{name}: backlog gone after"),
            drained.as_secs_f64() * 1000.0,
            "ms",
        );
    }
}
