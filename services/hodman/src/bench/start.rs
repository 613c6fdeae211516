//! The real `hodman serve` as a process of its own: how fast it is ready, what it needs when idle, how it recovers.
//!
//! The forge and the workspaces are the sandbox's, in this process, so that the daemon has worked before its idle
//! memory is read: clients and TLS are set up, the mirror is cloned, a package is built, a pull request is open.

mod process;
mod recovery;
mod surroundings;

use super::quantile::Sample;
use super::{Bound, Report};
use anyhow::{Context as _, ensure};
use clap::Args;
use process::Process;
use std::path::Path;
use std::time::{Duration, Instant};
use surroundings::Surroundings;

/// After its last work the daemon is left alone for so long before its memory is read.
const SETTLE: Duration = Duration::from_secs(5);

/// The first work, a clone and a promotion, is done by then.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Args)]
pub(super) struct StartArgs {
    /// Starts that are measured.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Pending events to recover from after kill -9; 0 leaves that out.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    inbox: u32,
}

pub(super) async fn run(args: &StartArgs, directory: &Path) -> anyhow::Result<Report> {
    let mut report = Report::new("start");
    report.set("runs", args.runs);
    report.set("inbox", args.inbox);
    report.note("a process of its own; the forge and the workspaces are the sandbox's, in the measuring process");
    report.note(
        "ready: from before fork and exec until GET /readyz answers 200, asked every millisecond",
    );
    let around = Surroundings::start(directory).await?;

    let mut first = Sample::default();
    let mut again = Sample::default();
    for run in 0..=args.runs {
        let home = directory.join(format!("start-{run}"));
        // The first start makes database, mirror and keys; the second finds them.
        for sample in [&mut first, &mut again] {
            let (process, took) = Process::start(&around, &home).await?;
            process.terminate().await?;
            // The very first start also reads the program from the disk.
            if run > 0 {
                sample.add(took);
            }
        }
        std::fs::remove_dir_all(&home).context("removing a data directory")?;
    }
    let (first, again) = (first.sorted(), again.sorted());
    report.row("ready, new data directory: p50", first.percentile(50), "ms");
    report.aimed(
        "ready, new data directory: p95",
        first.percentile(95),
        "ms",
        Bound::AtMost(200.0),
    );
    report.row(
        "ready, existing data directory: p50",
        again.percentile(50),
        "ms",
    );
    report.aimed(
        "ready, existing data directory: p95",
        again.percentile(95),
        "ms",
        Bound::AtMost(200.0),
    );

    memory(&around, directory, &mut report).await?;
    if args.inbox > 0 {
        recovery::measure(
            &around,
            &directory.join("recovery"),
            args.inbox,
            &mut report,
        )
        .await?;
    }
    around.stop().await;
    Ok(report)
}

async fn memory(
    around: &Surroundings,
    directory: &Path,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (process, _) = Process::start(around, &directory.join("idle")).await?;
    report.row("memory when ready (VmRSS)", process.memory("VmRSS")?, "MiB");
    let began = Instant::now();
    while around.open_pulls() == 0 {
        ensure!(
            began.elapsed() < PATIENCE,
            "no pull request within {} s:\n{}",
            PATIENCE.as_secs(),
            process.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(SETTLE).await;
    report.aimed(
        "memory when idle (VmRSS)",
        process.memory("VmRSS")?,
        "MiB",
        Bound::AtMost(40.0),
    );
    report.row(
        "  of it not shared with files (RssAnon)",
        process.memory("RssAnon")?,
        "MiB",
    );
    report.row(
        "  of it pages of the program file (RssFile)",
        process.memory("RssFile")?,
        "MiB",
    );
    report.row("memory at most (VmHWM)", process.memory("VmHWM")?, "MiB");
    report.row("threads when idle", process.threads()?, "");
    process.terminate().await
}
