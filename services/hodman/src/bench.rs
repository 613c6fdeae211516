//! `hodman bench`: the numbers of docs/benchmarks.md, measured on the machine at hand.
//!
//! Everything stays on loopback and in a directory that is removed at the end. A benchmark is bounded in count and in
//! time, throws away its warm-up, and says on which machine, file system and build profile it ran. A target that is
//! missed is printed, not hidden; an answer that does not hold (a webhook acknowledged but not stored) is an error.

mod commit;
mod foundation;
mod git_cli;
mod latency;
mod machine;
mod package;
mod quantile;
mod report;
mod start;
mod webhooks;
mod workspace;

pub use machine::Machine;
pub use quantile::Sample;
pub use report::{Bound, Report, Row};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures hodman on this machine.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    bench: Bench,
    /// Where files are written; the numbers depend on its file system. By default the system's temporary directory.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
enum Bench {
    /// How many webhooks are durably accepted per second, and how fast they are acknowledged.
    Webhooks(webhooks::WebhooksArgs),
    /// From the webhook of a merged change to the open pull request for qa, against the sandbox.
    Latency(latency::LatencyArgs),
    /// Commits one changed file in a large repository.
    Commit(commit::CommitArgs),
    /// Packages many files, against the least that has to be done with their bytes.
    Package(package::PackageArgs),
    /// Starts `hodman serve`: time until it is ready, memory when idle, recovery after kill -9.
    Start(start::StartArgs),
    /// Plans, applies and captures many jobs: time, memory, and calls against the fewest possible.
    Workspace(workspace::WorkspaceArgs),
    /// Environments from nothing, and the reconciliation of many in which nothing changed.
    Foundation(foundation::FoundationArgs),
    /// One step of `workspace`, in a process of its own.
    #[command(hide = true)]
    WorkspaceStep(workspace::StepArgs),
}

/// Runs one benchmark and prints what it found: a table, or one JSON object.
///
/// # Errors
/// When it cannot run, or when something that it checks does not hold.
pub async fn run(args: BenchArgs, json: bool) -> anyhow::Result<ExitCode> {
    if let Bench::WorkspaceStep(args) = &args.bench {
        workspace::step(args).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let directory = match &args.dir {
        Some(path) => tempfile::TempDir::with_prefix_in("hodman-bench-", path),
        None => tempfile::TempDir::with_prefix("hodman-bench-"),
    }?;
    let at = directory.path();
    let machine = Machine::look(at)?;
    let mut report = match args.bench {
        Bench::Webhooks(args) => webhooks::run(&args, at).await,
        Bench::Latency(args) => latency::run(&args).await,
        Bench::Commit(args) => commit::run(&args, at).await,
        Bench::Package(args) => package::run(&args, at).await,
        Bench::Start(args) => start::run(&args, at).await,
        Bench::Workspace(args) => workspace::run(&args, at).await,
        Bench::Foundation(args) => foundation::run(&args, at).await,
        Bench::WorkspaceStep(_) => return Ok(ExitCode::SUCCESS),
    }?;
    report.machine = Some(machine);
    let text = if json {
        serde_json::to_string_pretty(&report)?
    } else {
        report.to_string()
    };
    // An error and not a panic when whoever reads has gone: `hodman bench … | head`.
    writeln!(std::io::stdout(), "{text}").context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}
