//! Why Terraform gave no result. Texts of the program stand in it masked.

use std::path::PathBuf;
use std::time::Duration;

use super::LockHolder;

/// Why a command of Terraform gave no result.
#[derive(Debug, thiserror::Error)]
pub enum TerraformError {
    /// There is no such program, or it may not be run.
    #[error("{} cannot be started: is it installed, and in PATH?", program.display())]
    NotStarted {
        /// What was to be run.
        program: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder of the run failed.
    #[error("{what} failed")]
    File {
        /// What was tried.
        what: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// An input that is not let through.
    #[error("{name} may not be given: {why}")]
    Input {
        /// The variable or path.
        name: String,
        /// Why.
        why: &'static str,
    },
    /// Somebody holds the state's lock, or died holding it.
    #[error("the state is locked by {0}")]
    Locked(Box<LockHolder>),
    /// The state changed after the plan was made: plan again.
    #[error("the plan is stale: {0}")]
    Stale(String),
    /// The saved plan cannot be opened: another key, another binding, or damaged.
    #[error(
        "the saved plan cannot be opened: it was sealed with another key or for another binding, or it is damaged"
    )]
    Sealed,
    /// The lock file does not say a provider that the directory needs, or not this one, and is not changed on the way.
    #[error(
        "{0}\nThe lock file, .terraform.lock.hcl, belongs into the directory: `terraform providers lock -platform=…` (or `tofu`) writes \
         it for each kind of machine"
    )]
    LockFile(String),
    /// A resource that may not be destroyed would be.
    #[error("{}", .0)]
    PreventDestroy(String),
    /// Things were changed, and the state that says so could not be stored. It must be pushed by hand before anybody plans
    /// again, or everything that was made is made twice.
    #[error("the new state could not be stored: {message}")]
    StateNotStored {
        /// What Terraform says.
        message: String,
        /// Whether the state was kept, as [`super::LeftState`], for `state push`.
        kept: bool,
    },
    /// A state was to be stored over one that is as new or newer.
    #[error("a newer state is stored already: {0}")]
    OlderState(String),
    /// It was asked to stop and did, before it was through.
    #[error("{command} was stopped{}", killed_words(*killed))]
    Stopped {
        /// The command.
        command: &'static str,
        /// It did not end in its time of grace and was killed.
        killed: bool,
    },
    /// It took too long and was stopped.
    #[error("{command} did not end within {} s and was stopped{}", after.as_secs(), killed_words(*killed))]
    TimedOut {
        /// The command.
        command: &'static str,
        /// The limit.
        after: Duration,
        /// It did not end in its time of grace and was killed.
        killed: bool,
    },
    /// It said nothing for too long and was stopped.
    #[error("{command} said nothing for {} s and was stopped{}", after.as_secs(), killed_words(*killed))]
    Silent {
        /// The command.
        command: &'static str,
        /// The limit.
        after: Duration,
        /// It did not end in its time of grace and was killed.
        killed: bool,
    },
    /// Anything else that Terraform itself refuses; also its death by somebody else's signal, which has no code.
    #[error("{command} failed{}: {message}", code.map(|code| format!(" with exit code {code}")).unwrap_or_default())]
    Failed {
        /// The command.
        command: &'static str,
        /// Its exit code.
        code: Option<i32>,
        /// Its errors, masked.
        message: String,
    },
    /// What it wrote is not what is documented.
    #[error("{command} wrote something that is not understood")]
    Unreadable {
        /// The command.
        command: &'static str,
    },
}

fn killed_words(killed: bool) -> &'static str {
    if killed {
        ", and killed because it did not end; its lock may be left behind"
    } else {
        ""
    }
}
