//! What hodman does outside. Every choice is made here, none while doing it.

use crate::event::{Named, Takeover, Unlock};
use crate::facts::{PlanFacts, PullKind};
use crate::ids::{
    ActionDigest, BindingDigest, CommitSha, EnvName, InputsId, Op, PackageDigest, PlanDigest,
    PullNumber,
};
use crate::policy::{NamedCheck, VerifySpec};
use crate::state::Kept;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Its number in the pipeline; outcomes name it.
    pub op: Op,
    /// The environment it is for.
    pub env: Option<EnvName>,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

impl Effect {
    /// Effects of one lane run one after the other. Whatever writes to an environment's workspace shares one lane;
    /// taking plans never waits behind an apply.
    #[must_use]
    pub fn lane(&self) -> String {
        let env = self.env.as_ref().map_or("-", EnvName::as_str);
        let lane = match &self.act {
            Act::Observe { .. } => "observe",
            Act::Build { .. } => "build",
            Act::Plan { .. } | Act::Look { .. } => "plan",
            Act::Apply { .. } | Act::Verify { .. } | Act::Unlock { .. } | Act::GiveBack { .. } => {
                "apply"
            }
            Act::Capture { .. } => "capture",
            Act::OpenPull { .. }
            | Act::UpdatePull { .. }
            | Act::ClosePull { .. }
            | Act::MergePull { .. }
            | Act::AdoptDrift { .. }
            | Act::TakeOver { .. }
            | Act::NewEnvironment { .. } => "pull",
            Act::CheckPull { .. } => "check",
            Act::Say { .. } => "say",
            Act::Keep { .. } => "keep",
        };
        format!("{env}/{lane}")
    }
}

/// Which actions may be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approved {
    /// Exactly these (any still-needed subset).
    Actions {
        /// The plan that was approved.
        plan: PlanDigest,
        /// Its actions.
        actions: BTreeSet<ActionDigest>,
    },
    /// The plan is known by its digest alone (the database was lost): only that very plan, and what is left of it.
    PlanOnly {
        /// Its digest.
        plan: PlanDigest,
    },
    /// An override by a person: whatever leads there, but nothing irreversible.
    Reversible,
}

impl Approved {
    /// The same once all of it was done: its actions may be done again where they lead from the same to the same, but nothing
    /// counts any more as what is left of one of them.
    #[must_use]
    pub fn done(self) -> Self {
        match self {
            Self::Actions { actions, .. } => Self::Actions {
                // No plan is kept under no name.
                plan: PlanDigest(String::new()),
                actions,
            },
            other => other,
        }
    }

    /// Whether all of this plan may be done by it.
    #[must_use]
    pub fn covers(&self, plan: &PlanFacts) -> bool {
        match self {
            Self::Actions { actions, .. } => plan.actions.is_subset(actions),
            Self::PlanOnly { plan: known } => plan.digest.as_ref() == Some(known),
            Self::Reversible => plan.irreversible.is_empty(),
        }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Read the repository and its pull requests.
    Observe {
        /// Pull requests to look at even when closed.
        pulls: BTreeSet<PullNumber>,
        /// Commits whose checks are asked for.
        commits: BTreeSet<CommitSha>,
        /// Checks that are asked for although main names them no more.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        old_checks: BTreeSet<NamedCheck>,
        /// Nothing is remembered: what was kept outside of the database is read, too.
        #[serde(default)]
        recall: bool,
    },
    /// Keep people's word of an environment where it outlives the database.
    Keep {
        /// All of it.
        kept: Kept,
    },
    /// Build, sign and store a package.
    Build {
        /// From this commit.
        commit: CommitSha,
        /// Whose inputs are these.
        inputs: InputsId,
    },
    /// Compare package and binding with the workspaces.
    Plan {
        /// What is to run.
        package: PackageDigest,
        /// The commit whose `environments/` give the binding.
        config: CommitSha,
        /// It is in place, and somebody asks what has become of it: engines of stacks look inside, too, which takes minutes.
        #[serde(default)]
        compares: bool,
    },
    /// Look at single objects that the workspaces stand on, because there is news of them.
    Look {
        /// What is in place.
        package: PackageDigest,
        /// The commit whose `environments/` give the binding.
        config: CommitSha,
        /// The objects; those that are none of the environment's are nobody's business.
        objects: BTreeSet<Named>,
    },
    /// Open a pull request that pins a package.
    OpenPull {
        /// Why.
        kind: PullKind,
        /// The package.
        package: PackageDigest,
        /// Its source commit.
        source_commit: CommitSha,
        /// The binding.
        binding: BindingDigest,
        /// The plan.
        plan: PlanDigest,
        /// Reason in one line, shown on top.
        because: String,
        /// What the gates say, one line each.
        gates: Vec<String>,
    },
    /// Give an open one a new plan, as a new head commit.
    UpdatePull {
        /// Which.
        number: PullNumber,
        /// Why it was opened.
        kind: PullKind,
        /// The package.
        package: PackageDigest,
        /// Its source commit.
        source_commit: CommitSha,
        /// The binding.
        binding: BindingDigest,
        /// The new plan.
        plan: PlanDigest,
        /// Reason in one line, shown on top.
        because: String,
        /// What the gates say, one line each.
        gates: Vec<String>,
    },
    /// Close one that was superseded, unless a person pushed to it.
    ClosePull {
        /// Which.
        number: PullNumber,
        /// Said in a comment.
        because: String,
    },
    /// Merge one, pinned to the head that was planned.
    MergePull {
        /// Which.
        number: PullNumber,
        /// The head.
        head: CommitSha,
    },
    /// Apply what was approved.
    Apply {
        /// The package.
        package: PackageDigest,
        /// The commit whose `environments/` give the binding.
        config: CommitSha,
        /// The binding that this commit must have.
        binding: BindingDigest,
        /// The allowed actions.
        approved: Approved,
    },
    /// Run the verification job and wait for its result.
    Verify {
        /// Which job, how long.
        spec: VerifySpec,
        /// What is being verified.
        package: PackageDigest,
    },
    /// Capture a free-form workspace into its pull request.
    Capture {
        /// The commit to start from.
        base: CommitSha,
    },
    /// Propose a hand edit as a pull request.
    AdoptDrift {
        /// The package that is in place.
        package: PackageDigest,
        /// The commit whose `environments/` give the binding.
        config: CommitSha,
        /// The plan that would put it back.
        plan: PlanDigest,
    },
    /// Propose that objects of a former owner become ours.
    TakeOver {
        /// The commit whose `environments/` and bundle say what is wanted.
        config: CommitSha,
        /// What the former owner knows.
        takeover: Takeover,
        /// Who asks.
        by: String,
    },
    /// Propose a new environment.
    NewEnvironment {
        /// The commit that it must not be in.
        config: CommitSha,
        /// What it was made from.
        from: String,
        /// Its files by path.
        files: BTreeMap<String, String>,
        /// Who asks.
        by: String,
    },
    /// Free a stack that stands in everybody's way.
    Unlock {
        /// The commit whose `environments/` say where it is.
        config: CommitSha,
        /// The call of the module that is the stack.
        stack: String,
        /// How.
        unlock: Unlock,
        /// Who asks.
        by: String,
    },
    /// Let go on what an apply stopped for a change, once its time is over; nothing else is done.
    GiveBack {
        /// A package that is in place or on its way, to reach what is there.
        package: PackageDigest,
        /// The commit whose `environments/` say where that is.
        config: CommitSha,
    },
    /// Look through somebody's pull request; plan its bindings unless it comes from a fork.
    CheckPull {
        /// Which.
        number: PullNumber,
        /// At this head.
        head: CommitSha,
        /// From a fork.
        fork: bool,
        /// Environments with the package to plan for each.
        pins: Vec<(EnvName, PackageDigest)>,
    },
    /// Report on a commit and, if there is one, on a pull request.
    Say {
        /// The pull request for the sticky comment.
        pull: Option<PullNumber>,
        /// The commit for the check run.
        commit: Option<CommitSha>,
        /// The report.
        report: Report,
    },
}

/// A report: one check run, and one sticky comment with the same words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the check run.
    pub check: String,
    /// How it stands.
    pub verdict: Verdict,
    /// One line.
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Append this stored plan.
    pub plan: Option<PlanDigest>,
}

/// How a check run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Going on.
    Pending,
    /// Good.
    Success,
    /// Neither good nor bad.
    Neutral,
    /// A person has to act.
    ActionRequired,
    /// Bad.
    Failure,
}
