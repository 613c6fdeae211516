//! Terraform and OpenTofu: the real program, in a folder of its own, with nothing of ours around it.
//!
//! A [`Stack`] is a directory at one commit with its inputs. It is initialised, planned, shown and applied; the plan that is
//! applied is byte for byte the one that was shown, and lies encrypted between the two.

mod child;
mod declared;
mod environment;
mod error;
mod events;
mod guarded;
mod heard;
mod left;
mod lock;
mod mask;
mod orphans;
mod passing;
mod plugin_cache;
mod sealed;
mod stack;
mod workdir;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use environment::{Input, Inputs};
pub use error::TerraformError;
pub use left::LeftState;
pub use lock::LockHolder;
pub use mask::{LateSecrets, parts};
pub use sealed::{Binding, PlanKey, SealedPlan};
pub use stack::{Planned, Stack, StateVersion};
pub use workdir::Workdir;

/// How the program is run.
#[derive(Clone, Debug)]
pub struct TerraformConfig {
    /// `terraform` or `tofu`: a name found through `PATH`, or a path.
    pub program: PathBuf,
    /// Words in front of it, for a sandbox of the machine. `${folder}` in them is the folder of the run.
    pub wrapper: Vec<String>,
    /// Where downloaded providers are kept for the next run; none downloads them each time.
    pub plugin_cache: Option<PathBuf>,
    /// A CLI configuration of the operator's, such as one with a provider mirror; none is an empty one.
    pub cli_config: Option<PathBuf>,
    /// The longest time that one command may take.
    pub wall: Duration,
    /// The longest time without a line of output. Terraform itself says each ten seconds what it still does.
    pub silence: Duration,
    /// How long a command that was asked to stop (SIGTERM) may finish what it is at, before it is asked a second time.
    pub grace: Duration,
    /// How long it then has to store what it knows, before it is killed. Killed while it works it leaves a lock and perhaps
    /// objects that are in no state.
    pub abort: Duration,
    /// How long a command waits for the state's lock.
    pub lock_timeout: Duration,
    /// How many resources it works at in one run; none is the program's own ten.
    pub parallelism: Option<u32>,
}

impl Default for TerraformConfig {
    fn default() -> Self {
        Self {
            program: PathBuf::from("terraform"),
            wrapper: Vec::new(),
            plugin_cache: None,
            cli_config: None,
            wall: Duration::from_secs(2 * 3600),
            silence: Duration::from_secs(15 * 60),
            grace: Duration::from_secs(10 * 60),
            abort: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5 * 60),
            parallelism: None,
        }
    }
}

/// The program; makes [`Stack`]s. Clones share the lock of the plugin cache.
#[derive(Clone, Debug)]
pub struct Terraform {
    config: Arc<TerraformConfig>,
    cache: plugin_cache::PluginCache,
}

impl Terraform {
    /// Nothing is run yet.
    #[must_use]
    pub fn new(config: TerraformConfig) -> Self {
        Self {
            cache: plugin_cache::PluginCache::new(config.plugin_cache.clone()),
            config: Arc::new(config),
        }
    }

    /// A directory with its inputs. Each command ends early when `stop` becomes true, as a daemon that is asked to end makes it.
    ///
    /// # Errors
    /// When an input would turn the program into something else, as `TF_CLI_ARGS` or a file outside the directory does.
    pub fn stack(
        &self,
        workdir: Workdir,
        inputs: Inputs,
        stop: watch::Receiver<bool>,
    ) -> Result<Stack, TerraformError> {
        Stack::new(self.clone(), workdir, inputs, stop)
    }
}
