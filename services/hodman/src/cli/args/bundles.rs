//! What is asked of a bundle's files.

use clap::Subcommand;
use std::path::PathBuf;

/// A bundle's files.
#[derive(Debug, Subcommand)]
pub enum Bundle {
    /// Print the configuration of one target: with --json in the form of `databricks bundle validate --output json`.
    Resolve {
        /// The target; the default one when absent. Variables have the values of the environment that gets it, if there is one.
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// The environment, with its target.
        #[arg(long, value_name = "ENV", conflicts_with = "target")]
        environment: Option<String>,
        /// A variable's value in place of the environment's; a list or mapping as JSON. May be given again.
        #[arg(long, value_name = "NAME=VALUE")]
        var: Vec<String>,
        /// Who deploys, by user name or application id: for `${workspace.current_user.…}`, which stays as it is when absent, and as
        /// the owner among permissions.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// The folder with databricks.yml.
        #[arg(long, value_name = "DIR", default_value = ".")]
        path: PathBuf,
    },
    /// Say everything that is wrong or will be regretted, with file, line and column. Exit code 1 when there are errors.
    Lint {
        /// Only this target; all of them when absent, each for every environment that gets it.
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// A variable's value in place of the environments'. May be given again.
        #[arg(long, value_name = "NAME=VALUE")]
        var: Vec<String>,
        /// Who deploys, by user name or application id: whether `run_as` is somebody else. Nobody known when absent.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// The folder with databricks.yml.
        #[arg(long, value_name = "DIR", default_value = ".")]
        path: PathBuf,
    },
}
