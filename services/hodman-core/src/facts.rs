//! What observers bring back from the forge and from plans. Facts, never wishes.

use crate::ids::{
    ActionDigest, BindingDigest, CommitSha, EnvName, InputsId, PackageDigest, PlanDigest,
    PullNumber,
};
use crate::policy::Policy;
use crate::state::Kept;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The content of `environments/<env>/release.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// What is to run there.
    pub package: PackageDigest,
    /// The merged commit it was built from.
    pub source_commit: CommitSha,
    /// The binding it was planned under.
    pub binding: BindingDigest,
    /// The plan that merging approved.
    pub plan: PlanDigest,
}

/// The pull request through which a file on main got its present content. Found from the commit, so it holds for merge,
/// squash, rebase and merge queue alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its number.
    pub number: PullNumber,
    /// The head that was merged: what people approved.
    pub head: CommitSha,
    /// Who opened it.
    pub author: String,
    /// Who merged it, if the forge says.
    pub merged_by: Option<String>,
    /// Distinct people other than the author whose latest review of that head approves.
    pub approvals: u32,
    /// The file at that head equals the file on main.
    pub content_matches: bool,
}

/// One environment as its files on main say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvFacts {
    /// The parsed policy, or why `environment.yaml` cannot be used (with file, line and column).
    pub policy: Option<Policy>,
    /// Why not.
    pub error: Option<String>,
    /// Digest of the binding.
    pub binding: Option<BindingDigest>,
    /// Where the binding's content came from.
    pub binding_origin: Option<Origin>,
    /// The pin, when the file is there and parses.
    pub pin: Option<Pin>,
    /// Why `release.yaml` cannot be used.
    pub pin_error: Option<String>,
    /// Where the pin came from; none when it was pushed without a pull request.
    pub pin_origin: Option<Origin>,
    /// The package that the pin names is in the package store.
    pub pin_package_stored: bool,
    /// What was kept of people's word, when it was asked for.
    #[serde(default)]
    pub kept: Option<Kept>,
}

/// What became of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullState {
    /// Still open.
    Open,
    /// Closed without merging.
    Closed,
    /// Merged.
    Merged,
}

/// Why hodman opened a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullKind {
    /// The next package for an environment.
    Promotion,
    /// Back to an earlier package.
    Rollback,
    /// The same package with a plan that has to be approved anew.
    Replan,
    /// What people made in a free-form workspace.
    Capture,
    /// A hand edit proposed back.
    Adopt,
}

/// A pull request that carries our marker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullFact {
    /// Its number.
    pub number: PullNumber,
    /// The head commit now.
    pub head: CommitSha,
    /// Open, closed or merged.
    pub state: PullState,
    /// The environment its marker names.
    pub env: EnvName,
    /// Why it was opened.
    pub kind: PullKind,
    /// The package its marker names.
    pub package: Option<PackageDigest>,
    /// The plan its marker names.
    pub plan: Option<PlanDigest>,
    /// Approvals of the present head.
    pub approvals: u32,
    /// Somebody else's commit is on its branch.
    pub person_pushed: bool,
}

/// An open pull request of somebody else that touches files hodman reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignPull {
    /// Its number.
    pub number: PullNumber,
    /// Its head.
    pub head: CommitSha,
    /// Comes from a fork: validated, never planned.
    pub fork: bool,
}

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Not finished.
    Pending,
    /// Good.
    Success,
    /// Anything else.
    Failure,
}

/// The repository and its pull requests, all read at one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeFacts {
    /// Head of the default branch.
    pub head: CommitSha,
    /// Identity of the declared inputs there.
    pub inputs: Option<InputsId>,
    /// Why the bundle cannot be read.
    pub inputs_error: Option<String>,
    /// Every folder below `environments/`.
    pub environments: BTreeMap<EnvName, EnvFacts>,
    /// Pull requests with our marker: all open ones and those the state asked about.
    pub pulls: Vec<PullFact>,
    /// Of those that the state asked about, whoever's they are: what is closed or merged by now.
    #[serde(default)]
    pub ended: BTreeSet<PullNumber>,
    /// Others that touch what we read.
    pub foreign: Vec<ForeignPull>,
    /// Checks of the commits the state asked about.
    pub checks: BTreeMap<CommitSha, BTreeMap<String, CheckState>>,
}

/// A plan as the decision sees it: digests, counts and names, never resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFacts {
    /// Digest over the ordered set.
    pub digest: Option<PlanDigest>,
    /// Each action's digest.
    pub actions: BTreeSet<ActionDigest>,
    /// Creates.
    pub creates: u32,
    /// Updates (resizes and adoptions, too).
    pub updates: u32,
    /// Replacements.
    pub replaces: u32,
    /// Deletes.
    pub deletes: u32,
    /// Files are uploaded; not counted among the creates.
    #[serde(default)]
    pub uploads: bool,
    /// Keys whose action cannot be undone.
    pub irreversible: Vec<String>,
    /// Keys whose action stops what runs, for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<String>,
    /// What would be made although an object without our marker may be it: the key and the object. Repairs, and merges by hodman, leave it
    /// to a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub perhaps_there: Vec<String>,
    /// What people changed where no plan of ours reaches, inside of stacks: the name of each difference, and where it is.
    /// Only comparisons look for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_hand: BTreeMap<String, String>,
    /// The names of the single differences that doing the plan puts right, field by field, as far as they are people's doing.
    /// An action has all fields of an object that differ in its name: where one of them is another each time, only these
    /// tell that the rest is the same again. Only comparisons look for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub repairs: BTreeSet<ActionDigest>,
    /// Under what name the report of all differences is kept, those included that no plan is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

impl PlanFacts {
    /// Nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Nothing differs, not even where we can do nothing about it.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        self.is_empty() && self.by_hand.is_empty()
    }

    /// "2 to create, 1 to update" or "no changes".
    #[must_use]
    pub fn counts(&self) -> String {
        let files = self.uploads.then(|| "files to upload".to_owned());
        let by_hand = self.by_hand.len();
        let by_hand = (by_hand > 0).then(|| format!("{by_hand} for a person inside of stacks"));
        let parts: Vec<String> = [
            (self.creates, "create"),
            (self.updates, "update"),
            (self.replaces, "replace"),
            (self.deletes, "delete"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, verb)| format!("{count} to {verb}"))
        .chain(files)
        .chain(by_hand)
        .collect();
        if parts.is_empty() {
            "no changes".to_owned()
        } else {
            parts.join(", ")
        }
    }
}
