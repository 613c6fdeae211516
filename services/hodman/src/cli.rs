//! The command line: `hodman --help` tells a newcomer what to do.
//!
//! Commands either are the daemon, or speak to a running one over HTTP, or work on files alone. Data goes to standard
//! output, everything else to standard error.

mod adopt;
mod args;
mod ask;
mod bundle;
mod client;
mod drift;
mod environment;
mod events;
mod failure;
mod init;
mod kinds;
mod local;
mod log;
mod outcome;
mod output;
mod plan;
mod restore;
mod serve;
mod show;
mod template;

pub use args::SchemaName;
use args::{Cli, Command};
pub use failure::{Exit, Failure};

use crate::bench;
use crate::demo::{self, DemoOptions};
use clap::Parser as _;
use std::process::ExitCode;

/// Threads for the daemon: it waits on the network nearly always, and each thread costs memory.
const THREADS: usize = 2;

/// The stack of each thread, in bytes, of which only what is used takes memory. An apply of stacks goes deep, and a build without
/// optimisation needs more for it than the two megabytes that threads have otherwise.
const STACK: usize = 8 * 1024 * 1024;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_stack_size(STACK)
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(anyhow::Error::new(error).context("starting the threads")),
    };
    result.unwrap_or_else(|error| failure::report(&error))
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let json = cli.json;
    match cli.command {
        Command::Demo { once, report, port } => demo::run(DemoOptions { once, report, port }).await,
        Command::Serve { config, listen } => serve::serve(&config.config, listen).await,
        Command::Doctor { config } => local::doctor(&config.config, json).await,
        Command::Backup { to, config } => local::backup(&to, &config.config, json).await,
        Command::Migrate { config } => local::migrate(&config.config, json).await,
        Command::Link { config } => local::link(&config.config),
        Command::Schema { name, markdown } => local::schema(name, markdown),
        Command::Kinds { names } => kinds::kinds(&names, json),
        Command::Template { what } => template::template(what),
        Command::Init { dir } => init::init(&dir, json),
        Command::Bundle { what } => bundle::run(what, json),
        Command::Validate { path } => bundle::validate(&path, json),
        Command::Completion { shell } => local::completion(shell),
        Command::Bench(args) => bench::run(args, json).await,
        Command::Version => local::version(json),
        Command::Status { remote } => show::status(&remote, json).await,
        Command::Explain { env, remote } => show::explain(env.as_deref(), &remote, json).await,
        Command::History { env, limit, remote } => {
            show::history(env.as_deref(), limit, &remote, json).await
        }
        Command::Plan {
            env,
            fresh: true,
            package,
            remote,
        } => plan::fresh(&env, package.as_deref(), &remote, json).await,
        Command::Plan { env, remote, .. } => plan::plan(&env, &remote, json).await,
        Command::Restore(args) => restore::restore(args, json).await,
        Command::Drift {
            env,
            fresh: true,
            check,
            remote,
        } => drift::fresh(&env, check, &remote, json).await,
        Command::Drift {
            env, check, remote, ..
        } => drift::drift(&env, check, &remote, json).await,
        Command::Environment { what } => environment::environment(what, json).await,
        Command::Events { what } => events::events(what, json).await,
        Command::Ask(args::Ask::Adopt {
            env,
            from,
            file,
            workspace,
            dry_run: true,
            remote,
            ..
        }) => adopt::dry_run(&env, from, &file, workspace, &remote, json).await,
        Command::Ask(ask) => ask::ask(ask, json).await,
    }
}
