//! What people ask of a running daemon.

use super::Remote;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What people ask for. It enters the daemon's inbox; the command waits for what was decided.
#[derive(Debug, Subcommand)]
pub enum Ask {
    /// Propose what was made or changed by hand in a free-form environment.
    Capture {
        /// The environment.
        env: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Stop acting on an environment; looking at it goes on.
    Hold {
        /// The environment.
        env: String,
        /// Why; shown to whoever waits.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Act on an environment again.
    Resume {
        /// The environment.
        env: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Compare an environment with what Git says, now; `--heal` asks for what differs to be put back.
    Reconcile {
        /// The environment.
        env: String,
        /// Put back what differs. Under `drift: heal` it is put back at once, also what was held after three times. Else, and where that
        /// cannot be undone, stops what runs or may be there already without our marker, a pull request shows the plan, and merging it puts
        /// it back.
        #[arg(long)]
        heal: bool,
        #[command(flatten)]
        wait: Wait,
        #[command(flatten)]
        remote: Remote,
    },
    /// Open the pull request that pins an earlier package.
    Rollback {
        /// The environment.
        env: String,
        /// The package, by the start of its digest; the last healthy one when absent.
        #[arg(long, value_name = "DIGEST")]
        to: Option<String>,
        /// Apply at once, as a recorded override until the pull request is merged.
        #[arg(long)]
        now: bool,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Take over objects that were there before hodman, instead of making them a second time: opens a pull request that
    /// lists them in the environment's file, with the plan. Resources of AWS that stacks of CloudFormation are about to make are listed
    /// under `import` of their calls. What is not beyond doubt is refused, or told.
    Adopt {
        /// The environment.
        env: String,
        /// What the file is: a bundle's `state/resources.json`, a `terraform.tfstate`, or a list `jobs.nightly: "123"`,
        /// `modules.network.import.Vpc: vpc-0a1b`.
        #[arg(long, value_enum)]
        from: AdoptFrom,
        /// The file. Keys, ids and names are read from it, and of AWS what tells one resource from another (ranges, zones, tags
        /// `Name`, descriptions, what refers to what); nothing else leaves this machine.
        file: PathBuf,
        /// The workspace the objects are in, where the environment has several.
        #[arg(long, value_name = "NAME")]
        workspace: Option<String>,
        /// Show what would be proposed, with the settings that --config names, and propose nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: Wait,
        #[command(flatten)]
        remote: Remote,
    },
    /// Free a stack: take away the lock of somebody who is gone from a state of Terraform, store the state that an apply could not
    /// store, or go on with the way back of a stack of CloudFormation. `hodman explain` says which lock, whose, and since when, and
    /// what could not go back.
    Unlock {
        /// The environment.
        env: String,
        /// The stack: the name of the module's call.
        stack: String,
        /// The lock's id. Only for a lock whose holder is gone: two at once damage the state.
        #[arg(long, value_name = "ID", required_unless_present_any = ["store_state", "forget_state", "skip"])]
        lock: Option<String>,
        /// Store the state that was kept when it could not be stored.
        #[arg(long, conflicts_with = "lock")]
        store_state: bool,
        /// Forget the state that was kept, where a newer one is stored already that has everything in it, at whatever address.
        #[arg(long, conflicts_with_all = ["lock", "store_state"])]
        forget_state: bool,
        /// With --forget-state: what has this address in the kept state was removed by hand since, and is not there any more. May be given
        /// several times; what is named must be missing from the stored state.
        #[arg(long, value_name = "ADDRESS", requires = "forget_state")]
        gone: Vec<String>,
        /// Go on with the way back of a stack of CloudFormation that failed (UPDATE_ROLLBACK_FAILED), and leave this resource as it is. May
        /// be given several times; `Inner.Logs` is one of a nested stack. AWS counts it as gone back: mend it by hand before the
        /// next change.
        #[arg(long, value_name = "LOGICAL_ID", conflicts_with_all = ["lock", "store_state", "forget_state"])]
        skip: Vec<String>,
        #[command(flatten)]
        wait: Wait,
        #[command(flatten)]
        remote: Remote,
    },
    /// Try a failed step again, or propose a package again that was declined.
    Retry {
        /// The environment.
        env: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Read the repository again, now.
    Observe {
        #[command(flatten)]
        remote: Remote,
    },
}

/// Whether to wait for what becomes of it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Wait {
    /// Do not wait for what becomes of it; `hodman history` tells.
    #[arg(long)]
    pub no_wait: bool,
}

/// What a former owner knows, by the form of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AdoptFrom {
    /// `state/resources.json` below a bundle's root path.
    BundleState,
    /// `terraform.tfstate`, of a bundle or of a configuration; `terraform state pull` gives it.
    Tfstate,
    /// A list by hand: `jobs.nightly: "123"`; of a stack `modules.network.import.Vpc: vpc-0a1b`.
    Ids,
}
