//! What can happen to a pipeline. Outside news only wakes; facts come as outcomes of our own observers.

use crate::facts::{ForgeFacts, PlanFacts};
use crate::ids::{BindingDigest, CommitSha, EnvName, InputsId, Op, PackageDigest, PullNumber};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A webhook, a queue message or a start of the daemon says that the world may have changed.
    Woken {
        /// In a few words, for the history.
        why: String,
    },
    /// A check or a status moved. They come in crowds, each says little, and a look a few seconds later sees them all.
    Reported {
        /// In a few words, for the history.
        why: String,
    },
    /// News of an object that an environment may stand on: somebody changed a role, say.
    Noticed {
        /// Which object.
        object: Named,
        /// In a few words, for the history.
        why: String,
    },
    /// The moment that the state asked to be woken at.
    Tick,
    /// A person asks for something.
    Commanded(Command),
    /// An effect ended.
    Ended {
        /// Which.
        op: Op,
        /// How.
        outcome: Outcome,
    },
}

/// An object by its kind and the name that is unique among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Named {
    /// Its kind, such as `aws_roles`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What people ask for, through the CLI, the web page or a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Who asks.
    pub by: String,
    /// What for.
    pub ask: Ask,
}

/// The thing asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// Look at the repository again.
    Observe,
    /// Capture a free-form environment.
    Capture {
        /// Which.
        env: EnvName,
    },
    /// Stop acting on an environment; observing goes on.
    Hold {
        /// Which.
        env: EnvName,
        /// Why.
        reason: String,
    },
    /// Act again.
    Resume {
        /// Which.
        env: EnvName,
    },
    /// Compare an environment with what it should be.
    Reconcile {
        /// Which.
        env: EnvName,
    },
    /// Put back what differs from what was applied: by policy, else proposed in a pull request.
    Heal {
        /// Which.
        env: EnvName,
    },
    /// Back to an earlier package.
    Rollback {
        /// Which environment.
        env: EnvName,
        /// A package that was healthy there before; the last other one by default.
        to: Option<PackageDigest>,
        /// Apply at once as a recorded override.
        now: bool,
        /// Why.
        reason: String,
    },
    /// Take over objects that a former owner made, instead of making them a second time: proposed in a pull request.
    Adopt {
        /// Which environment.
        env: EnvName,
        /// What the former owner knows.
        takeover: Takeover,
    },
    /// A new environment, by pull request.
    NewEnvironment {
        /// Its name.
        env: EnvName,
        /// What it was made from, in a word.
        from: String,
        /// Its files, and those of modules that it calls: by path, those that the repository has already stay.
        files: BTreeMap<String, String>,
    },
    /// Free a stack that stands in everybody's way.
    Unlock {
        /// Which environment.
        env: EnvName,
        /// The call of the module that is the stack.
        stack: String,
        /// How.
        unlock: Unlock,
    },
    /// Try a failed step again, or propose a package again that was declined.
    Retry {
        /// Which environment.
        env: EnvName,
    },
}

impl Ask {
    /// The environment it is about.
    #[must_use]
    pub fn env(&self) -> Option<&EnvName> {
        match self {
            Self::Observe | Self::NewEnvironment { .. } => None,
            Self::Capture { env }
            | Self::Hold { env, .. }
            | Self::Resume { env }
            | Self::Reconcile { env }
            | Self::Heal { env }
            | Self::Rollback { env, .. }
            | Self::Adopt { env, .. }
            | Self::Unlock { env, .. }
            | Self::Retry { env } => Some(env),
        }
    }
}

/// What keeps everybody from a stack, and is to be taken out of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlock {
    /// The lock of this id, whose holder is gone: a person says so. With another lock there, nothing is done.
    Lock(String),
    /// A state that an apply could not store: it is stored now.
    StoreState,
    /// A state that an apply could not store, where a newer one is stored already: it is forgotten.
    ForgetState {
        /// The addresses of what only that one has, and nobody has any more: a person removed it by hand. Exactly these.
        #[serde(default)]
        gone: BTreeSet<String>,
    },
    /// A stack of CloudFormation whose way back from an update failed: it goes on.
    GoBack {
        /// The resources that it leaves as they are, by their names in the template. Exactly these.
        skip: BTreeSet<String>,
    },
}

/// What a former owner knows of the objects that it made: keys, ids and names, and what tells resources of AWS apart; nothing else of
/// its state, for states hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takeover {
    /// Who it was: `bundle-state`, `tfstate` or `ids`.
    pub from: String,
    /// The workspace; may be left out where the environment has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The objects.
    pub objects: Vec<FormerObject>,
    /// Resources of AWS that stacks may take over; roles and buckets stand among the objects, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<FormerResource>,
}

/// A resource of AWS that a former owner made. Beside ids and names it says ranges, zones and the like, which tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerResource {
    /// How the former owner calls it.
    pub address: String,
    /// Its type in CloudFormation; none where a list names its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Which resource of which call's template it is, where a list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<FormerPlace>,
    /// Its id, as people know it.
    pub id: String,
    /// What identifies it for CloudFormation; empty where a list has the id alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identifier: BTreeMap<String, String>,
    /// What tells it from others of its type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A resource of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerPlace {
    /// The call of the module.
    pub call: String,
    /// The resource's name in the template.
    pub resource: String,
}

/// One object that a former owner made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerObject {
    /// The resource it is, such as `jobs.nightly`.
    pub key: String,
    /// How the former owner calls it.
    pub address: String,
    /// Its id in the workspace.
    pub id: String,
    /// Its name, as far as the former owner says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What cannot change of one without a name, by field, as far as the former owner says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// How an effect ended. `Failed` fits every kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The repository as it is.
    Observed {
        /// All of it.
        facts: Box<ForgeFacts>,
    },
    /// The forge wants no requests for a while.
    Limited {
        /// Until when.
        until: DateTime<Utc>,
        /// In its words.
        why: String,
    },
    /// A package is stored and signed.
    Built {
        /// Its identity by inputs.
        inputs: InputsId,
        /// Its bytes' digest.
        package: PackageDigest,
        /// The commit it was built from.
        commit: CommitSha,
    },
    /// A plan was taken.
    Planned {
        /// What it says.
        plan: PlanFacts,
        /// Under which binding.
        binding: BindingDigest,
    },
    /// Single objects were looked at.
    Looked {
        /// The resources that are not as they should be.
        differ: Vec<String>,
    },
    /// A pull request is open (or was found open) or has a new head.
    PullReady {
        /// Its number.
        number: PullNumber,
        /// Its head.
        head: CommitSha,
    },
    /// There is no pull request to open: the base already says so.
    PullNeedless,
    /// A pull request is closed.
    PullClosed,
    /// It stays open because a person pushed to it.
    PullKept,
    /// Merged by us.
    PullMerged,
    /// The forge refused: head moved, not mergeable.
    MergeRefused {
        /// In the forge's words.
        why: String,
    },
    /// Everything approved is in place.
    Applied {
        /// Actions done now.
        done: u32,
        /// Approved actions that were already satisfied.
        satisfied: u32,
        /// Files uploaded now.
        uploaded: u32,
        /// The plan that was found at the start.
        plan: PlanFacts,
    },
    /// Something outside the approved set would be needed; nothing was done.
    NotApproved {
        /// The plan as it is now.
        plan: PlanFacts,
        /// Keys outside the approval.
        outside: Vec<String>,
        /// Whether something in a workspace is stopped still, by an apply that was cut off, that has to be let go on.
        #[serde(default)]
        stands_still: bool,
    },
    /// The verification run ended.
    Verified {
        /// Good or not.
        good: bool,
        /// In the service's words.
        detail: String,
    },
    /// The state of a stack is free.
    Unlocked,
    /// A capture ended.
    Captured {
        /// The pull request, when there is something to propose.
        pull: Option<(PullNumber, CommitSha)>,
        /// Objects new or changed.
        changed: u32,
        /// Objects changed on both sides.
        conflicts: u32,
        /// The first of them by name: `jobs.nightly`, `src/load.py`.
        #[serde(default)]
        named: Vec<String>,
    },
    /// Somebody's pull request was looked through.
    Checked {
        /// Problems found in its files.
        problems: u32,
        /// Plans under its bindings.
        plans: BTreeMap<EnvName, (BindingDigest, PlanFacts)>,
    },
    /// A report is where it belongs.
    Said,
    /// People's word is kept.
    Kept,
    /// An apply cannot go on before something in the world ends by itself, such as a run of a job that is to be removed. No
    /// failure: it is tried again for as long as that takes.
    Waits {
        /// For what, in words for people.
        why: String,
    },
    /// The same, and something in a workspace was stopped for it that has to be let go on.
    StandsStill {
        /// What it waits for, in words for people.
        why: String,
    },
    /// Nothing stands still any more.
    GivenBack,
    /// It did not work.
    Failed {
        /// Why, in words for people.
        why: String,
        /// Worth trying again later.
        transient: bool,
    },
}
