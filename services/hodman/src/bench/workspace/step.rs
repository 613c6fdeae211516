//! Effects, done one after the other by a process of its own with the daemon's executors, and what they cost that process.

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
use hodman_core::state::{Deployed, PipelineState};
use hodman_store::{Commit, CommitOutcome};
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
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
pub(in crate::bench) struct Measured {
    /// How each ended.
    pub outcomes: Vec<Outcome>,
    /// Seconds.
    pub wall: f64,
    /// Seconds of user and system time.
    pub cpu: f64,
    /// MiB.
    pub peak: f64,
}

/// Does the effects on standard input, and writes what they cost to standard output.
///
/// # Errors
/// When it did not work.
pub(in crate::bench) async fn step(args: &StepArgs) -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("reading the effects")?;
    let effects: Vec<Effect> = serde_json::from_str(&text).context("reading the effects")?;
    let config = Config::load(&args.config, Purpose::Serve)?;
    let (clock, address) = (Clock::system(), config.listen);
    let parts = Parts::open(config, clock.clone(), address).await?;
    let fence = Fence::by_hand(parts.store.clone(), clock.clone());
    let (before, began) = (cpu()?, Instant::now());
    let mut outcomes = Vec::with_capacity(effects.len());
    for effect in &effects {
        let work = &parts.work;
        let outcome = work.perform(&args.pipeline, effect, clock.now(), &fence);
        outcomes.push(outcome.await?);
    }
    let measured = Measured {
        outcomes,
        wall: began.elapsed().as_secs_f64(),
        cpu: cpu()? - before,
        peak: peak()?,
    };
    for (effect, outcome) in effects.iter().zip(&measured.outcomes) {
        if let (Some(env), Outcome::Applied { .. }) = (&effect.env, outcome) {
            remember(&parts, &args.pipeline, env, &effect.act).await?;
        }
    }
    serde_json::to_writer(std::io::stdout(), &measured)?;
    std::io::stdout().flush().context("writing what it cost")?;
    Ok(())
}

/// Notes what is in place now, as the engine would: later comparisons go by it.
async fn remember(parts: &Parts, pipeline: &str, env: &EnvName, act: &Act) -> anyhow::Result<()> {
    let Act::Apply {
        package,
        config,
        binding,
        ..
    } = act
    else {
        return Ok(());
    };
    let before = parts.store.load_state(pipeline).await?;
    let (mut state, version) = match before {
        Some(row) => (serde_json::from_str(&row.json)?, row.version),
        None => (PipelineState::default(), 0),
    };
    let now = parts.clock.now();
    state.environments.entry(env.clone()).or_default().current = Some(Deployed {
        package: package.clone(),
        source_commit: config.clone(),
        binding: binding.clone(),
        applied_at: now,
        healthy_since: Some(now),
        unhealthy: None,
        judged_by: None,
        replaced_at: None,
    });
    let commit = Commit {
        pipeline: pipeline.to_owned(),
        expected_version: version,
        state: serde_json::to_string(&state)?,
        wake_at: None,
        history: Vec::new(),
        effects: Vec::new(),
        cancel_ops: Vec::new(),
        acks: Vec::new(),
        now,
    };
    match parts.store.commit(commit).await? {
        CommitOutcome::Committed { .. } => Ok(()),
        CommitOutcome::Conflict => anyhow::bail!("somebody else wrote the state"),
    }
}

impl Measured {
    /// How the only one ended.
    pub fn outcome(&self) -> anyhow::Result<&Outcome> {
        self.outcomes.first().context("nothing was done")
    }
}

/// Has the effect done by a new process.
pub(super) async fn run(town: &Town, pipeline: Pipeline, act: Act) -> anyhow::Result<Measured> {
    run_all(
        town.config(),
        pipeline.name(),
        vec![(pipeline.env().into(), act)],
    )
    .await
}

/// Has effects done by a new process, one after the other.
pub(in crate::bench) async fn run_all(
    config: &Path,
    pipeline: &str,
    acts: Vec<(EnvName, Act)>,
) -> anyhow::Result<Measured> {
    let effects: Vec<Effect> = acts
        .into_iter()
        .enumerate()
        .map(|(at, (env, act))| Effect {
            op: Op(at as u64 + 1),
            env: Some(env),
            act,
        })
        .collect();
    let program = std::env::current_exe().context("finding the own program")?;
    let mut child = Command::new(program)
        .args(["bench", "workspace-step", "--config"])
        .arg(config)
        .args(["--pipeline", pipeline])
        .env(SECRET_VARIABLE, SECRET)
        .env(format!("{SECRET_VARIABLE}_ID"), "hodman")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting a step")?;
    let mut stdin = child.stdin.take().context("a step reads")?;
    let told = serde_json::to_vec(&effects)?;
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
