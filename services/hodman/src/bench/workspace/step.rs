//! One effect, done by a process of its own with the daemon's executors, and what it cost that process.

use super::town::{Pipeline, SECRET, SECRET_VARIABLE, Town};
use crate::bench::machine::field;
use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon::Parts;
use crate::worker::Fence;
use anyhow::{Context as _, ensure};
use clap::Args;
use hodman_core::effect::{Act, Effect};
use hodman_core::event::Outcome;
use hodman_core::ids::{EnvName, Op};
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(20);

/// The kernel counts processor time for programs in hundredths of a second (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Fields of `/proc/PID/stat` behind the program's name: user and system time, its own and of ended children.
const TIMES: std::ops::Range<usize> = 11..15;

/// What the process is told, besides the effect on its standard input.
#[derive(Clone, Debug, Args)]
pub(in crate::bench) struct StepArgs {
    /// The settings.
    #[arg(long)]
    config: PathBuf,
    /// The pipeline.
    #[arg(long)]
    pipeline: String,
}

/// What a step gave and cost.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// How it ended.
    pub outcome: Outcome,
    /// Seconds.
    pub wall: f64,
    /// Seconds of user and system time.
    pub cpu: f64,
    /// MiB.
    pub peak: f64,
}

/// Does the effect on standard input, and writes what it cost to standard output.
///
/// # Errors
/// When it did not work.
pub(in crate::bench) async fn step(args: &StepArgs) -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("reading the effect")?;
    let effect: Effect = serde_json::from_str(&text).context("reading the effect")?;
    let config = Config::load(&args.config, Purpose::Serve)?;
    let (clock, address) = (Clock::system(), config.listen);
    let parts = Parts::open(config, clock.clone(), address).await?;
    let fence = Fence::by_hand(parts.store.clone(), clock.clone());
    let (before, began) = (cpu()?, Instant::now());
    let outcome = parts
        .work
        .perform(&args.pipeline, &effect, clock.now(), &fence)
        .await?;
    let measured = Measured {
        outcome,
        wall: began.elapsed().as_secs_f64(),
        cpu: cpu()? - before,
        peak: peak()?,
    };
    serde_json::to_writer(std::io::stdout(), &measured)?;
    std::io::stdout().flush().context("writing what it cost")?;
    Ok(())
}

/// Has the effect done by a new process.
pub(super) async fn run(town: &Town, pipeline: Pipeline, act: Act) -> anyhow::Result<Measured> {
    let effect = Effect {
        op: Op(1),
        env: Some(EnvName::from(pipeline.env())),
        act,
    };
    let program = std::env::current_exe().context("finding the own program")?;
    let mut child = Command::new(program)
        .args(["bench", "workspace-step", "--config"])
        .arg(town.config())
        .args(["--pipeline", pipeline.name()])
        .env(SECRET_VARIABLE, SECRET)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting a step")?;
    let mut stdin = child.stdin.take().context("a step reads")?;
    let told = serde_json::to_vec(&effect)?;
    let tell = async move {
        stdin.write_all(&told).await?;
        stdin.shutdown().await
    };
    let both = async { tokio::join!(tell, child.wait_with_output()) };
    let (told, output) = tokio::time::timeout(PATIENCE, both)
        .await
        .with_context(|| format!("not done in {} s", PATIENCE.as_secs()))?;
    let output = output.context("waiting for a step")?;
    ensure!(
        output.status.success(),
        "the step ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    told.context("telling a step what to do")?;
    serde_json::from_slice(&output.stdout).context("reading what a step cost")
}

fn cpu() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")
        .context("this system does not tell a process's times")?;
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut ticks = 0;
    for field in fields
        .split_whitespace()
        .skip(TIMES.start)
        .take(TIMES.len())
    {
        ticks += field.parse::<u32>().context("a time is a number")?;
    }
    Ok(f64::from(ticks) / TICKS)
}

fn peak() -> anyhow::Result<f64> {
    let text = field("/proc/self/status", "VmHWM")
        .context("this system does not tell a process's memory")?;
    let kib: u32 = text
        .trim_end_matches(" kB")
        .parse()
        .context("memory is a number of kB")?;
    Ok(f64::from(kib) / 1024.0)
}
