//! Commands and their arguments.

mod asks;
mod bundles;
mod events;

pub use asks::{AdoptFrom, Ask, Wait};
pub use bundles::Bundle;
pub use events::Events;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

const FIRST_STEPS: &str = "\
First steps:
  hodman demo                                    the whole story in a sandbox on this machine
  hodman init my-repository                      the worked example as files, to look at and change
  hodman doctor --config config/hodman.yaml      try every setting and say what is wrong
  hodman serve  --config config/hodman.yaml      the daemon
  hodman explain prod                            what is there, what waits, and why

Exit codes: 0 done; 1 failed, or refused by what was decided; 2 wrong arguments;
            3 the daemon does not answer; 4 not allowed (token missing or wrong, or read-only).";

/// Carries what a team builds in a free-form Databricks dev workspace up to QA and production, through pull requests.
#[derive(Debug, Parser)]
#[command(name = "hodman", version, arg_required_else_help = true, after_help = FIRST_STEPS)]
pub struct Cli {
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play the story of a change from dev to production in a sandbox on this machine, then stay up to be tried.
    Demo {
        /// Play it and exit: 0 only if every step held.
        #[arg(long)]
        once: bool,
        /// Write what happened to this file, as JSON.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Port of the web page; 0 picks a free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Run the daemon: webhooks, queues, the engine, the executors, the web page.
    Serve {
        #[command(flatten)]
        config: ConfigFile,
        /// Listen here instead of where the settings say; port 0 picks a free one.
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<SocketAddr>,
    },
    /// What is there, what waits, and why: of one environment or of all.
    Explain {
        /// The environment.
        env: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Everything at a glance: environments, inbox, queues.
    Status {
        #[command(flatten)]
        remote: Remote,
    },
    /// What was decided and why, newest first.
    History {
        /// Only of this environment.
        env: Option<String>,
        /// At most so many entries.
        #[arg(long, default_value_t = 30)]
        limit: usize,
        #[command(flatten)]
        remote: Remote,
    },
    /// The whole plan of an environment: the one proposed, needed or approved last; with --fresh one taken now.
    Plan {
        /// The environment.
        env: String,
        /// Take a plan now, on this machine, with the settings that --config names. Nothing is written or decided.
        #[arg(long)]
        fresh: bool,
        /// With --fresh: the package to plan; the default branch as it is now when absent.
        #[arg(long, value_name = "DIGEST", requires = "fresh")]
        package: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Put what a branch holds into another workspace, also an empty one: after a disaster, into a new region, to try it.
    Restore(RestoreArgs),
    /// Where an environment is not as it was left, field by field, and whose doing it is: what the last comparison
    /// found; with --fresh as it is now.
    Drift {
        /// The environment.
        env: String,
        /// Compare now, on this machine, with the settings that --config names. Nothing is written or decided.
        #[arg(long)]
        fresh: bool,
        /// Exit with 1 when it is not as it was left, or nobody knows: not compared since the last apply, or that failed.
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Environments from environments that work.
    Environment {
        /// A new one, or what there is to begin with.
        #[command(subcommand)]
        what: Environments,
    },
    /// Everything that came in.
    Events {
        /// List, show, replay or dismiss.
        #[command(subcommand)]
        what: Events,
    },
    /// What people ask for.
    #[command(flatten)]
    Ask(Ask),
    /// Try each thing that the settings name, and say what is wrong and what would make it right.
    Doctor {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Copy the SQLite database while it is in use. Packages and Git hold the rest.
    Backup {
        /// The file to write; it must not exist.
        to: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Bring the database up to this version's schema, without starting the daemon.
    Migrate {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Print a link that opens the web page with its buttons unlocked. It holds the token: keep it to yourself.
    Link {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Print the JSON Schema of a file format, or of all.
    Schema {
        /// Which.
        name: Option<SchemaName>,
        /// As a page for people, in Markdown: every key, what it takes, what it means.
        #[arg(long, requires = "name", conflicts_with = "json")]
        markdown: bool,
    },
    /// Print the table of what is managed, in workspaces and below them: identity, permissions, what is lost; or all about some.
    Kinds {
        /// Print everything about these: fields, defaults, what forces a replacement.
        #[arg(value_name = "KIND")]
        names: Vec<String>,
    },
    /// Print what Databricks needs in AWS, to be put there by your own means: the policies of roles, buckets and keys.
    Template {
        /// What.
        #[command(subcommand)]
        what: super::template::Template,
    },
    /// Write the worked example: a bundle and its environments.
    Init {
        /// Into this folder; files that are there stay.
        dir: PathBuf,
    },
    /// A bundle as hodman reads it: resolved for a target, or looked through for problems. Needs no daemon.
    Bundle {
        /// Resolve or lint.
        #[command(subcommand)]
        what: Bundle,
    },
    /// Say what is wrong in the files of a repository: environments, modules and the bundle, as the check `hodman/validate` does on a
    /// pull request. Needs no daemon. Exit code 1 when there are errors.
    Validate {
        /// The folder with databricks.yml.
        #[arg(long, value_name = "DIR", default_value = ".")]
        path: PathBuf,
    },
    /// Print what a shell needs to complete hodman's commands: `source <(hodman completion bash)`.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Measure hodman on this machine: the numbers of docs/benchmarks.md.
    Bench(crate::bench::BenchArgs),
    /// Print the version.
    Version,
}

/// Environments from environments that work.
#[derive(Debug, Subcommand)]
pub enum Environments {
    /// Open the pull request of a new environment. What the template asks for and --set does not say is asked at the terminal.
    New(Box<NewEnvironment>),
    /// What there is to begin with, and what each asks for.
    Templates,
}

/// A new environment.
#[derive(Debug, Args)]
pub struct NewEnvironment {
    /// Its name.
    pub name: String,
    /// What it is made from: see `hodman environment templates`, or a folder with environment.yaml and template.yaml.
    #[arg(long, value_name = "TEMPLATE")]
    pub from: String,
    /// What the template asks for. May be given again.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// An environment that a package must have passed before it comes here. May be given again.
    #[arg(long, value_name = "ENV")]
    pub after: Vec<String>,
    /// The target in databricks.yml; the environment's name when absent.
    #[arg(long, value_name = "TARGET")]
    pub bundle_target: Option<String>,
    /// The Databricks account, by its name in the daemon's settings.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// The AWS account, by its name in the daemon's settings.
    #[arg(long, value_name = "NAME")]
    pub aws: Option<String>,
    /// Print the files and propose nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Whether to wait for the pull request.
    #[command(flatten)]
    pub wait: Wait,
    #[command(flatten)]
    pub remote: Remote,
}

/// What is restored, and where.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The branch (such as hodman/capture/dev or main), tag or commit, also by the beginning of its id.
    pub branch: String,
    /// The workspace, by the name under which the settings hold its credentials.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
    /// The target in the bundle; the captured environment's when absent.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Take variables, identity and target from this environment of the branch; needed where people work by hand in several.
    #[arg(long, value_name = "ENV")]
    pub like: Option<String>,
    /// Do it, after the plan was shown and you said yes.
    #[arg(long)]
    pub apply: bool,
    /// With --apply: do not ask.
    #[arg(long, requires = "apply")]
    pub yes: bool,
    /// Also into a workspace in which people work by hand.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub remote: Remote,
}

/// The daemon's settings.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// The daemon's settings.
    #[arg(long, value_name = "FILE", env = "HODMAN_CONFIG")]
    pub config: PathBuf,
}

/// The running daemon.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "The daemon")]
pub struct Remote {
    /// Where it is; as --config says, or http://127.0.0.1:8080.
    #[arg(long, value_name = "URL", env = "HODMAN_SERVER")]
    pub server: Option<String>,
    /// The token, for what changes something: in the file api-token in its data directory.
    #[arg(long, env = "HODMAN_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Its settings: they say where it is and where its token is.
    #[arg(long, value_name = "FILE", env = "HODMAN_CONFIG")]
    pub config: Option<PathBuf>,
    /// The pipeline, where the daemon serves several.
    #[arg(long, value_name = "NAME", env = "HODMAN_PIPELINE")]
    pub pipeline: Option<String>,
}

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// `environments/ENV/environment.yaml`
    Environment,
    /// `environments/policy.yaml`
    Policy,
    /// `environments/ENV/release.yaml`
    Release,
    /// `environments/ENV/captured.lock`
    CapturedLock,
    /// `modules/NAME/module.yaml`
    Module,
    /// `template.yaml` beside an environment's file: what a new one is asked for.
    Template,
    /// The daemon's settings.
    Hodman,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_rollback_needs_a_reason() {
        let parse = |words: &str| Cli::try_parse_from(words.split(' '));
        assert!(parse("hodman rollback prod").is_err());
        assert!(
            parse("hodman rollback prod --now --reason broken --json").is_ok_and(|cli| cli.json)
        );
    }

    #[test]
    fn a_newcomer_is_told_what_to_do() {
        let help = Cli::command().render_help().to_string();
        for word in ["hodman demo", "doctor", "explain", "Exit codes"] {
            assert!(help.contains(word), "{word}");
        }
    }
}
