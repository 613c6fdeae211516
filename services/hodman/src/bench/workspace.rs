//! Many jobs of two tasks each: the first plan, the first apply, the plan when nothing changed, the comparison that the
//! daemon makes by itself from then on, and the capture of a workspace that holds as many.
//!
//! hodman is a process of its own for each step ([`step`]), so its processor time and its memory are its own; the forge
//! and the workspaces are the sandbox's, in this process. Every call is counted by the sandbox and held against the
//! fewest that the API allows ([`calls`]).

mod calls;
mod step;
mod town;

pub(super) use calls::Calls;
pub(super) use step::{Measured, StepArgs, run_all, step};
pub(super) use town::{SECRET, SECRET_VARIABLE};

use super::{Bound, Report};
use anyhow::{Context as _, ensure};
use clap::Args;
use hodman_core::effect::{Act, Approved};
use hodman_core::event::Outcome;
use hodman_core::facts::{ForgeFacts, PlanFacts};
use hodman_core::ids::{BindingDigest, PackageDigest};
use std::collections::BTreeSet;
use std::path::Path;
use town::{Pipeline, Town};

/// CPU seconds of a plan of [`LARGE`] jobs in which nothing changed.
const PLAN_SECONDS: f64 = 3.0;

/// The size that the target for processor time is said of.
const LARGE: u32 = 10_000;

/// MiB at most.
const MEMORY: f64 = 300.0;

/// Calls over the fewest possible.
const CALLS: f64 = 1.05;

#[derive(Clone, Debug, Args)]
pub(super) struct WorkspaceArgs {
    /// How many jobs; several numbers are measured one after the other and compared.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000], value_parser = clap::value_parser!(u32).range(1..=20_000))]
    jobs: Vec<u32>,
    /// Jobs that say nothing about permissions, instead of a permission for each.
    #[arg(long)]
    without_permissions: bool,
    /// Also the calls of each endpoint.
    #[arg(long)]
    calls: bool,
}

pub(super) async fn run(args: &WorkspaceArgs, directory: &Path) -> anyhow::Result<Report> {
    let mut report = Report::new("workspace");
    let sizes: Vec<String> = args.jobs.iter().map(u32::to_string).collect();
    report.set("jobs", sizes.join(" and "));
    report.set("permissions", !args.without_permissions);
    report.note("each step is a process of its own; the forge and the workspaces are the sandbox's, in another one");
    report.note("the sandbox needs the same processors: the wall time is that of both");
    report.note("CPU: user and system time of the step, without starting the process and opening the database");
    report.note("memory: the most the process ever had resident (VmHWM)");
    report.note("fewest: the calls that the API demands at least");
    let mut all = Vec::new();
    for jobs in &args.jobs {
        let at = directory.join(format!("workspace-{jobs}"));
        let steps = one_size(*jobs, args, &at, &mut report)
            .await
            .with_context(|| format!("{jobs} jobs"))?;
        all.push((*jobs, steps));
    }
    if let [(small, before), .., (large, after)] = all.as_slice() {
        for (before, after) in before.iter().zip(after) {
            let each = |value: f64, jobs: u32| value / f64::from(jobs);
            let (name, small_took, large_took) = (before.name, &before.measured, &after.measured);
            for (what, small_took, large_took) in [
                ("CPU", small_took.cpu, large_took.cpu),
                ("memory", small_took.peak, large_took.peak),
            ] {
                report.aimed(
                    format!("{name}: {what} for each job, {large} jobs to {small}"),
                    each(large_took, *large) / each(small_took, *small).max(1e-9),
                    "",
                    Bound::AtMost(1.5),
                );
            }
        }
    }
    Ok(report)
}

/// One step and what it took.
struct Step {
    name: &'static str,
    measured: Measured,
}

async fn one_size(
    jobs: u32,
    args: &WorkspaceArgs,
    directory: &Path,
    report: &mut Report,
) -> anyhow::Result<Vec<Step>> {
    let town = Town::start(directory, jobs, !args.without_permissions).await?;
    let mut bench = Bench {
        town: &town,
        args,
        jobs,
        report,
        steps: Vec::new(),
    };
    bench.promote().await?;
    bench.capture().await?;
    let steps = bench.steps;
    town.stop().await;
    std::fs::remove_dir_all(directory).context("removing the benchmark's files")?;
    Ok(steps)
}

struct Bench<'a> {
    town: &'a Town,
    args: &'a WorkspaceArgs,
    jobs: u32,
    report: &'a mut Report,
    steps: Vec<Step>,
}

impl Bench<'_> {
    async fn promote(&mut self) -> anyhow::Result<()> {
        let facts = self.observe(Pipeline::Made).await?;
        let inputs = facts
            .inputs
            .with_context(|| format!("the bundle cannot be read: {:?}", facts.inputs_error))?;
        let build = Act::Build {
            commit: facts.head.clone(),
            inputs,
        };
        let Outcome::Built { package, .. } = self.quiet(Pipeline::Made, build).await? else {
            anyhow::bail!("a build ends with a package");
        };
        let plan = Act::Plan {
            package: package.clone(),
            config: facts.head.clone(),
            compares: false,
        };
        let (first, binding) = self.planned("first plan", plan.clone()).await?;
        ensure!(
            first.creates == self.jobs && first.updates + first.deletes == 0,
            "the first plan is another: {} creates",
            first.creates
        );
        self.apply(package.clone(), &facts.head, binding, first)
            .await?;
        let compares = Act::Plan {
            package,
            config: facts.head.clone(),
            compares: true,
        };
        for (name, act) in [("plan, no change", plan), ("comparison", compares)] {
            let (again, _) = self.planned(name, act).await?;
            ensure!(
                again.is_empty(),
                "after the apply there is still something to do"
            );
        }
        Ok(())
    }

    async fn apply(
        &mut self,
        package: PackageDigest,
        config: &hodman_core::ids::CommitSha,
        binding: BindingDigest,
        first: PlanFacts,
    ) -> anyhow::Result<()> {
        let act = Act::Apply {
            package,
            config: config.clone(),
            binding,
            approved: Approved::Actions {
                plan: first.digest.context("a plan has a digest")?,
                actions: first.actions,
            },
        };
        match self.measure("first apply", Pipeline::Made, act).await? {
            Outcome::Applied { uploaded, .. } if uploaded == town::NOTEBOOKS => {}
            other => anyhow::bail!("the apply ended otherwise: {other:?}"),
        }
        let made = self.town.made();
        ensure!(
            made == self.jobs as usize,
            "{made} jobs are there after the apply"
        );
        Ok(())
    }

    async fn capture(&mut self) -> anyhow::Result<()> {
        let facts = self.observe(Pipeline::Kept).await?;
        let act = Act::Capture { base: facts.head };
        match self.measure("capture", Pipeline::Kept, act).await? {
            Outcome::Captured {
                pull: Some(_),
                changed,
                conflicts: 0,
                ..
            } if changed >= self.jobs => Ok(()),
            other => anyhow::bail!("the capture ended otherwise: {other:?}"),
        }
    }

    async fn planned(
        &mut self,
        name: &'static str,
        act: Act,
    ) -> anyhow::Result<(PlanFacts, BindingDigest)> {
        match self.measure(name, Pipeline::Made, act).await? {
            Outcome::Planned { plan, binding } => Ok((plan, binding)),
            other => anyhow::bail!("the plan ended otherwise: {other:?}"),
        }
    }

    async fn observe(&self, pipeline: Pipeline) -> anyhow::Result<ForgeFacts> {
        let act = Act::Observe {
            pulls: BTreeSet::new(),
            commits: BTreeSet::new(),
            old_checks: BTreeSet::new(),
            recall: false,
        };
        match self.quiet(pipeline, act).await? {
            Outcome::Observed { facts } => Ok(*facts),
            other => anyhow::bail!("the look at the repository ended otherwise: {other:?}"),
        }
    }

    async fn quiet(&self, pipeline: Pipeline, act: Act) -> anyhow::Result<Outcome> {
        let measured = step::run(self.town, pipeline, act).await?;
        Ok(measured.outcome()?.clone())
    }

    async fn measure(
        &mut self,
        name: &'static str,
        pipeline: Pipeline,
        act: Act,
    ) -> anyhow::Result<Outcome> {
        self.town.forget_calls(pipeline);
        let measured = step::run(self.town, pipeline, act)
            .await
            .with_context(|| name.to_owned())?;
        let calls = Calls::count(&self.town.calls(pipeline));
        let fewest = calls::fewest(name, self.jobs, !self.args.without_permissions);
        let (jobs, report) = (self.jobs, &mut *self.report);
        let what = |of: &str| format!("{jobs} jobs, {name}: {of}");
        report.row(what("wall"), measured.wall, "s");
        match (name, jobs) {
            ("plan, no change", LARGE) => {
                report.aimed(what("CPU"), measured.cpu, "s", Bound::AtMost(PLAN_SECONDS));
            }
            _ => report.row(what("CPU"), measured.cpu, "s"),
        }
        report.aimed(what("memory"), measured.peak, "MiB", Bound::AtMost(MEMORY));
        let all = f64::from(calls.all());
        report.row(what("calls"), all, "");
        if let Some(fewest) = fewest {
            let fewest = f64::from(fewest);
            report.row(what("fewest calls possible"), fewest, "");
            report.aimed(
                what("calls to fewest"),
                all / fewest,
                "",
                Bound::AtMost(CALLS),
            );
        }
        if self.args.calls {
            for (endpoint, times) in calls.endpoints() {
                report.row(what(endpoint), f64::from(times), "");
            }
        }
        let outcome = measured.outcome()?.clone();
        self.steps.push(Step { name, measured });
        Ok(outcome)
    }
}
