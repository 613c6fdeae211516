//! From the webhook of a change on main to the open pull request for qa: what a person who merged waits for.
//!
//! The whole way: the delivery is stored, the repository observed, a package built, signed and stored, the plan for qa
//! taken from its workspace, branch and commit pushed, the pull request opened. Forge and workspaces are the sandbox's,
//! in this process: they cost processor time that a real forge would not, and none of the network's.

mod marks;

use super::quantile::Sample;
use super::{Bound, Report};
use crate::demo::story::Story;
use crate::demo::{Transcript, World, WorldOptions};
use crate::example;
use anyhow::Context as _;
use clap::Args;
use hodman_core::ids::EnvName;
use hodman_core::state::{Phase, PipelineState};
use hodman_sandbox::github::{MergeMethod, PullView};
use marks::Marks;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The demo's repository.
const REPOSITORY: &str = "acme/shop";

/// A run that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs before anything is measured.
const WARM_UP: u32 = 2;

#[derive(Clone, Debug, Args)]
pub(super) struct LatencyArgs {
    /// Changes that are measured.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
}

pub(super) async fn run(args: &LatencyArgs) -> anyhow::Result<Report> {
    let mut report = Report::new("latency");
    report.set("runs", args.runs);
    report.note("sandbox and daemon run in this process and share the processors; stored moments are whole milliseconds");
    report.note(
        "the end is when the executor's outcome is stored: after GitHub's answer, so a little late",
    );
    let world = World::start(&WorldOptions::default()).await?;
    let story = world.story(Transcript::quiet());
    let bench = Bench {
        world: &world,
        story: &story,
    };
    bench.prepare().await?;
    let (mut whole, mut steps) = (
        Sample::default(),
        BTreeMap::<usize, (&'static str, Sample)>::new(),
    );
    for run in 0..WARM_UP + args.runs {
        let marks = bench.one(run).await.with_context(|| format!("run {run}"))?;
        if run < WARM_UP {
            continue;
        }
        whole.add(marks.whole());
        for (at, (name, took)) in marks.steps().into_iter().enumerate() {
            steps
                .entry(at)
                .or_insert_with(|| (name, Sample::default()))
                .1
                .add(took);
        }
    }
    world.stop().await;
    let whole = whole.sorted();
    report.row("webhook to pull request: p50", whole.percentile(50), "ms");
    report.aimed(
        "webhook to pull request: p95",
        whole.percentile(95),
        "ms",
        Bound::AtMost(300.0),
    );
    report.row("webhook to pull request: max", whole.percentile(100), "ms");
    for (name, sample) in steps.into_values() {
        let sorted = sample.sorted();
        report.row(format!("{name}: p50"), sorted.percentile(50), "ms");
        report.row(format!("{name}: p95"), sorted.percentile(95), "ms");
    }
    Ok(report)
}

struct Bench<'w> {
    world: &'w World,
    story: &'w Story,
}

impl Bench<'_> {
    /// Leaves dev and qa: production would open pull requests of its own meanwhile.
    async fn prepare(&self) -> anyhow::Result<()> {
        let prod = [("environments/prod/environment.yaml", None)];
        self.commit(&prod, "no production")?;
        self.until("production gone", |state| {
            (!state.environments.contains_key(&EnvName::from("prod"))).then_some(())
        })
        .await?;
        let pull = self.pull(None).await?;
        self.accept(&pull).await
    }

    /// One change, until its pull request is open; then that is merged and applied, so that the next one is alike.
    async fn one(&self, run: u32) -> anyhow::Result<Marks> {
        let store = &self.world.daemon.parts().store;
        let before = marks::newest_effect(store).await?;
        let text = format!("# Databricks notebook source\nprint('load {run}')\n");
        let (source, _) = example::FILES
            .iter()
            .find(|(path, _)| path.ends_with("/load.py"))
            .context("the example has a notebook to change")?;
        let sha = self.commit(&[(*source, Some(text.as_bytes()))], "load: changed")?;
        let pull = self.pull(Some(&sha)).await?;
        let marks = Marks::find(store, &sha, before).await?;
        self.accept(&pull).await?;
        Ok(marks)
    }

    fn commit(&self, changes: &[(&str, Option<&[u8]>)], message: &str) -> anyhow::Result<String> {
        self.world
            .forge
            .commit(REPOSITORY, "main", changes, message, "ana")
            .map_err(|error| anyhow::anyhow!("committing: {}", error.message))
    }

    /// The open promotion pull request for qa, of the package that was built from `commit`.
    async fn pull(&self, commit: Option<&str>) -> anyhow::Result<PullView> {
        let number = self
            .until("the pull request for qa", |state| {
                let promotion = state
                    .environments
                    .get(&EnvName::from("qa"))?
                    .promotion
                    .as_ref()?;
                let wanted = commit.is_none_or(|commit| promotion.source_commit.as_str() == commit);
                match &promotion.phase {
                    Phase::Open(pull) if wanted => Some(pull.number.0),
                    _ => None,
                }
            })
            .await?;
        self.world
            .forge
            .pull(REPOSITORY, number)
            .map_err(|error| anyhow::anyhow!(error.message))
    }

    /// Merges it and waits until qa is healthy and nothing is left to do.
    async fn accept(&self, pull: &PullView) -> anyhow::Result<()> {
        self.world
            .forge
            .merge(REPOSITORY, pull.number, "olga", MergeMethod::Merge)
            .map_err(|error| anyhow::anyhow!("merging #{}: {}", pull.number, error.message))?;
        self.until("qa healthy", |state| {
            let env = state.environments.get(&EnvName::from("qa"))?;
            let healthy = env.current.as_ref()?.healthy_since.is_some();
            let still = env.run.is_none() && env.promotion.is_none() && env.saying.is_empty();
            (healthy && still && state.build.is_none() && state.observing.running.is_none())
                .then_some(())
        })
        .await
    }

    async fn until<T>(
        &self,
        what: &str,
        found: impl Fn(&PipelineState) -> Option<T>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        loop {
            let state = self.story.state().await?;
            if let Some(found) = found(&state) {
                return Ok(found);
            }
            anyhow::ensure!(
                began.elapsed() < PATIENCE,
                "{what}: not within {} s",
                PATIENCE.as_secs()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
