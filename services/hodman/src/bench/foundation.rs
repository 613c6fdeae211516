//! Environments whose workspaces modules make: one from an empty account to a job that is there, and the reconciliation of many in
//! which nothing changed.
//!
//! As in `workspace`, hodman is a process of its own for each step, and the sandbox counts the calls.

mod country;

use super::workspace::{Calls, Measured, run_all};
use super::{Bound, Report};
use anyhow::{Context as _, ensure};
use clap::Args;
use country::Country;
use hodman_core::effect::{Act, Approved};
use hodman_core::event::Outcome;
use hodman_core::facts::ForgeFacts;
use hodman_core::ids::{CommitSha, EnvName, PackageDigest};
use std::collections::BTreeSet;
use std::path::Path;

/// Calls over the fewest possible.
const CALLS: f64 = 1.05;

/// MiB at most, whatever is reconciled.
const MEMORY: f64 = 300.0;

#[derive(Clone, Debug, Args)]
pub(super) struct FoundationArgs {
    /// How many environments are reconciled.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    environments: u32,
    /// Also the calls of each endpoint.
    #[arg(long)]
    calls: bool,
}

pub(super) async fn run(args: &FoundationArgs, directory: &Path) -> anyhow::Result<Report> {
    let mut report = Report::new("foundation");
    report.set("environments", args.environments);
    report.note("an environment: a role, a bucket and a network's stack in AWS; credentials, a storage configuration, a network, a workspace in the account; a cluster with its policy from a module, and a job, in that workspace");
    report.note("each step is a process of its own; the forge, AWS, the account and the workspaces are the sandbox's, in another one");
    report.note("AWS is a counting stand-in: it keeps and gives back what it is told and is done at once, so every question whether something is done is asked once; that hodman is right about AWS is tested against servers that others wrote");
    report.note("from nothing: plan and apply of one environment; a new workspace is RUNNING at the second look");
    report.note("Databricks calls: of the account and of all workspaces; fewest: the lists and files that tell each object that is wanted, for each environment by itself");
    report.note("AWS calls, fewest: for a role 3 and 1 for each policy in it, for a bucket 6, for a stack 6, for the keys of an environment 1; AWS shows no two of these together without showing other people's objects");
    let country = Country::start(&directory.join("foundation"), args.environments).await?;
    let bench = Bench {
        country: &country,
        report: &mut report,
        args,
    };
    bench.run().await?;
    country.stop().await;
    Ok(report)
}

struct Bench<'a> {
    country: &'a Country,
    report: &'a mut Report,
    args: &'a FoundationArgs,
}

impl Bench<'_> {
    async fn run(mut self) -> anyhow::Result<()> {
        let facts = self.look().await?;
        let inputs = facts
            .inputs
            .with_context(|| format!("the bundle cannot be read: {:?}", facts.inputs_error))?;
        let build = Act::Build {
            commit: facts.head.clone(),
            inputs,
        };
        let first: EnvName = self.country.environments()[0].clone();
        let Outcome::Built { package, .. } = self.one(&first, build).await? else {
            anyhow::bail!("a build ends with a package");
        };
        self.first(&first, &package, &facts.head).await?;
        for env in &self.country.environments()[1..] {
            self.made(env, &package, &facts.head).await?;
        }
        self.reconciled(&package, &facts.head).await
    }

    async fn look(&self) -> anyhow::Result<ForgeFacts> {
        let act = Act::Observe {
            pulls: BTreeSet::new(),
            commits: BTreeSet::new(),
            old_checks: BTreeSet::new(),
            recall: false,
        };
        let first = &self.country.environments()[0];
        match self.one(first, act).await? {
            Outcome::Observed { facts } => Ok(*facts),
            other => anyhow::bail!("the look at the repository ended otherwise: {other:?}"),
        }
    }

    async fn one(&self, env: &EnvName, act: Act) -> anyhow::Result<Outcome> {
        let acts = vec![(env.clone(), act)];
        let measured = run_all(self.country.config(), country::PIPELINE, acts).await?;
        Ok(measured.outcome()?.clone())
    }

    /// The plan of an environment and its apply, as two steps.
    async fn made(
        &self,
        env: &EnvName,
        package: &PackageDigest,
        head: &CommitSha,
    ) -> anyhow::Result<(Measured, Measured)> {
        let plan = Act::Plan {
            package: package.clone(),
            config: head.clone(),
            compares: false,
        };
        let config = self.country.config();
        let acts = vec![(env.clone(), plan)];
        let planned = run_all(config, country::PIPELINE, acts).await?;
        let Outcome::Planned { plan, binding } = planned.outcome()?.clone() else {
            anyhow::bail!("{env}: the plan ended otherwise");
        };
        let act = Act::Apply {
            package: package.clone(),
            config: head.clone(),
            binding,
            approved: Approved::Actions {
                plan: plan.digest.context("a plan has a digest")?,
                actions: plan.actions,
            },
        };
        let acts = vec![(env.clone(), act)];
        let applied = run_all(config, country::PIPELINE, acts).await?;
        match applied.outcome()? {
            Outcome::Applied { done, .. } if *done >= country::OBJECTS => {}
            other => anyhow::bail!("{env}: the apply ended otherwise: {other:?}"),
        }
        Ok((planned, applied))
    }

    async fn first(
        &mut self,
        env: &EnvName,
        package: &PackageDigest,
        head: &CommitSha,
    ) -> anyhow::Result<()> {
        self.country.forget_calls();
        let (planned, applied) = self.made(env, package, head).await?;
        let what = |of: &str| format!("environment from nothing: {of}");
        self.report
            .row(what("wall"), planned.wall + applied.wall, "s");
        self.report.row(what("CPU"), planned.cpu + applied.cpu, "s");
        let peak = planned.peak.max(applied.peak);
        self.report
            .aimed(what("memory"), peak, "MiB", Bound::AtMost(MEMORY));
        for (whose, calls) in self.calls() {
            self.report
                .row(what(&format!("{whose} calls")), f64::from(calls.all()), "");
            self.endpoints("from nothing", &calls);
        }
        Ok(())
    }

    async fn reconciled(
        &mut self,
        package: &PackageDigest,
        head: &CommitSha,
    ) -> anyhow::Result<()> {
        let environments = self.country.environments();
        let acts = environments.iter().map(|env| {
            let act = Act::Plan {
                package: package.clone(),
                config: head.clone(),
                compares: true,
            };
            (env.clone(), act)
        });
        self.country.forget_calls();
        let measured = run_all(self.country.config(), country::PIPELINE, acts.collect()).await?;
        for (env, outcome) in environments.iter().zip(&measured.outcomes) {
            match outcome {
                Outcome::Planned { plan, .. } if plan.is_empty() => {}
                other => anyhow::bail!("{env}: not as it was left: {other:?}"),
            }
        }
        let number = self.args.environments;
        let what = |of: &str| format!("{number} environments, nothing changed: {of}");
        self.report.row(what("wall"), measured.wall, "s");
        self.report.row(what("CPU"), measured.cpu, "s");
        self.report
            .aimed(what("memory"), measured.peak, "MiB", Bound::AtMost(MEMORY));
        for ((whose, calls), fewest) in self.calls().into_iter().zip([OF_DATABRICKS, OF_AWS]) {
            let fewest = fewest.for_all(number);
            let all = calls.all();
            ensure!(all > 0, "{whose}: the sandbox was not asked");
            let what = |of: &str| what(&format!("{whose} {of}"));
            self.report.row(what("calls"), f64::from(all), "");
            self.report
                .row(what("fewest calls possible"), f64::from(fewest), "");
            self.report.aimed(
                what("calls to fewest"),
                f64::from(all) / f64::from(fewest),
                "",
                Bound::AtMost(CALLS),
            );
            self.endpoints("nothing changed", &calls);
        }
        Ok(())
    }

    fn calls(&self) -> [(&'static str, Calls); 2] {
        [
            ("Databricks", self.country.databricks_calls()),
            ("AWS", self.country.aws_calls()),
        ]
    }

    fn endpoints(&mut self, of: &str, calls: &Calls) {
        if !self.args.calls {
            return;
        }
        for (endpoint, times) in calls.endpoints() {
            self.report
                .row(format!("{of}: {endpoint}"), f64::from(times), "");
        }
    }
}

/// The fewest calls for environments in which nothing changed.
struct Fewest {
    once: u32,
    each: u32,
}

impl Fewest {
    const fn for_all(&self, environments: u32) -> u32 {
        self.once + self.each * environments
    }
}

/// One token of the account serves all. Each environment asks the account for a list of each of the four kinds; and the workspace:
/// where its tokens are, and one; whose is what; the folder of the file set, the one in it, and the two that lead to what others
/// claim, since policies have no tags; a list each of jobs, clusters and policies; the permissions of the cluster, which no list
/// shows; and who we are, for its maker is among those who may manage it.
const OF_DATABRICKS: Fewest = Fewest {
    once: 1,
    each: 4 + 2 + 1 + 4 + 3 + 1 + 1,
};

/// The role: itself, the names of the policies in it, each of them, and the names of those attached. The bucket: each of the six
/// settings. The stack: itself and its template; which change sets of ours nobody executed; and what people changed inside: the
/// look is begun, asked for, and read. And the keys of the role that hodman takes for the environment.
const OF_AWS: Fewest = Fewest {
    once: 0,
    each: (1 + 1 + POLICIES + 1) + 6 + (2 + 1 + 3) + 1,
};

/// Policies in the role.
const POLICIES: u32 = 1;
