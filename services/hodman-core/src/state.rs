//! What hodman remembers of a pipeline. Facts and intents; how things stand is computed from them.
//!
//! Long because it is the whole of one row: who wants to know what survives a restart reads one file from top to bottom.

use crate::effect::Approved;
use crate::event::{Command, Named};
use crate::facts::{CheckState, ForeignPull, Pin, PlanFacts, PullFact, PullKind, PullState};
use crate::ids::{
    ActionDigest, BindingDigest, CommitSha, EnvName, InputsId, Op, PackageDigest, PlanDigest,
    PullNumber,
};
use crate::policy::{NamedCheck, Policy};
use crate::reason::Refusal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The whole of it. One row in the database, changed only by `decide`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PipelineState {
    /// Number of the next effect.
    pub next_op: u64,
    /// Looking at the repository.
    pub observing: Observing,
    /// What people asked for before the repository was read for the first time: answered when it has been.
    #[serde(default)]
    pub asked_early: Vec<Command>,
    /// Head of the default branch when last seen.
    pub head: Option<CommitSha>,
    /// Its inputs.
    pub inputs: Option<InputsId>,
    /// Why the bundle on main cannot be read.
    pub inputs_error: Option<String>,
    /// Packages, oldest first.
    pub packages: Vec<Package>,
    /// The build under way or failed.
    pub build: Option<Build>,
    /// Environments by name.
    pub environments: BTreeMap<EnvName, Environment>,
    /// Other people's pull requests that we look through.
    pub checked: BTreeMap<PullNumber, CheckedPull>,
    /// Environments that people asked for and that are on their way into Git.
    pub proposing: BTreeMap<EnvName, TakingOver>,
    /// Checks of package commits.
    pub checks: BTreeMap<CommitSha, BTreeMap<String, CheckState>>,
}

/// Asked-for and done generations of looking, so that news arriving while looking is never lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observing {
    /// Generation asked for.
    pub wanted: u64,
    /// The newest generation that was asked for by more than a check or a status.
    pub hurried: u64,
    /// Generation that the last finished look had seen at its start.
    pub done: u64,
    /// The look under way: effect and the generation wanted at its start.
    pub running: Option<(Op, u64)>,
    /// When the last one ended.
    pub last: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub failures: u32,
    /// Not before (after a failure).
    pub not_before: Option<DateTime<Utc>>,
    /// The last failure.
    pub error: Option<String>,
    /// The commits whose checks the last look asked for.
    pub commits: BTreeSet<CommitSha>,
    /// The checks that it asked for although main names them no more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub old_checks: BTreeSet<NamedCheck>,
    /// The checks that the last answer is about.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub answered: BTreeSet<NamedCheck>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its digest.
    pub digest: PackageDigest,
    /// Identity of its inputs.
    pub inputs: InputsId,
    /// Built from.
    pub commit: CommitSha,
    /// When hodman learned of it.
    pub at: DateTime<Utc>,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The effect, while it runs.
    pub op: Option<Op>,
    /// For these inputs.
    pub inputs: InputsId,
    /// Why it failed.
    pub error: Option<String>,
    /// Failures in a row.
    pub tries: u32,
    /// Those among them that do not pass by themselves, as far as anybody can tell.
    #[serde(default)]
    pub lasting: u32,
    /// Next try; none when a person or another commit has to help.
    pub not_before: Option<DateTime<Utc>>,
}

/// Somebody's pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedPull {
    /// The head that was looked through.
    pub head: CommitSha,
    /// The head of main at that time; a moved main asks for a new look.
    pub base: Option<CommitSha>,
    /// The effect, while it runs.
    pub op: Option<Op>,
    /// Problems.
    pub problems: u32,
    /// The packages that its bindings are planned with; a plan counts for no other package.
    pub pins: BTreeMap<EnvName, PackageDigest>,
    /// The look that shows whether it was still open after these plans had been shown on it.
    pub shown_from: Option<u64>,
    /// It was: whoever merges it has them before their eyes.
    pub shown: bool,
    /// Plans under its bindings: what merging it approves.
    pub plans: BTreeMap<EnvName, (BindingDigest, PlanFacts)>,
    /// Seen open when main was last read.
    pub open: bool,
    /// Not before (after a failure).
    pub not_before: Option<DateTime<Utc>>,
}

/// One environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// The last policy on main that could be read.
    pub policy: Policy,
    /// Why the present file cannot be used; nothing new starts until it can.
    pub broken: Option<String>,
    /// Gone from Git: nothing is destroyed, nothing is done.
    pub gone: bool,
    /// The binding on main.
    pub binding: Option<BindingDigest>,
    /// A binding that was approved, and the last commit that was seen with it: main may go on to one that nobody approved.
    pub bound_at: Option<(BindingDigest, CommitSha)>,
    /// The pin on main.
    pub pin: Option<Pin>,
    /// Why the pin was not taken as approved.
    pub refused: Option<(Pin, Refusal)>,
    /// The pull request that brought that pin, and its head: there it is said.
    pub refused_on: Option<(PullNumber, CommitSha)>,
    /// What was approved last: package, binding and plan.
    pub accepted: Option<Accepted>,
    /// What is in place.
    pub current: Option<Deployed>,
    /// What was in place before, oldest first.
    pub before: Vec<Deployed>,
    /// Packages not to be proposed again: rolled back from, or declined by closing the pull request.
    pub put_aside: BTreeMap<PackageDigest, Aside>,
    /// Stopped by a person.
    pub hold: Option<Hold>,
    /// On the way to a merged pull request.
    pub promotion: Option<Promotion>,
    /// A rollback that waits until what is being opened or merged right now has ended.
    pub asked: Option<Asked>,
    /// Open pull requests for this environment that are not the promotion's own: superseded ones, and those of an
    /// opening whose answer was lost. None other is opened before they are closed.
    pub strays: BTreeMap<PullNumber, Stray>,
    /// Open nothing before a look of this generation has ended: an opening failed and may have opened all the same.
    pub look_first: Option<u64>,
    /// The last plans that its pull requests showed: a pin names its plan by digest alone.
    pub shown: Vec<PlanFacts>,
    /// What the file asked for before a pull request changed that, by the pull request: none may lower the bar for itself.
    pub bars: BTreeMap<PullNumber, Policy>,
    /// What is up against such a bar as soon as the forge says by which pull request it came.
    pub unclaimed: Unclaimed,
    /// On the way into the workspace.
    pub run: Option<Run>,
    /// Recorded by `rollback --now`.
    pub over: Option<Override>,
    /// Comparison with the workspace.
    pub drift: Drift,
    /// Captures (free-form only).
    pub capture: Capture,
    /// Objects of a former owner being proposed for takeover.
    pub takeover: TakingOver,
    /// The state of a stack being freed.
    pub unlocking: Unlocking,
    /// What an apply stopped for a change and has not let go on.
    pub still: Option<StandsStill>,
    /// What of people's word is kept outside of the database.
    pub keeping: Keeping,
    /// The last slot taken of each schedule.
    pub slots: BTreeMap<String, DateTime<Utc>>,
    /// What was last said, so that nothing is said twice.
    pub said: BTreeMap<String, String>,
    /// Reports under way.
    pub saying: BTreeMap<Op, String>,
    /// Reports that could not be said, by topic: they are said again.
    pub unsaid: BTreeMap<String, Unsaid>,
}

/// Policies that changed in one look, by environment: as they were before it.
pub type Before = BTreeMap<EnvName, Policy>;

/// What came together with a change of policies, while the forge knew no pull request of it yet. Kept for as long as the very same
/// stands on main: whether it was pushed directly, or the forge is slow, nobody can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unclaimed {
    /// The pin.
    pub pin: Option<(Pin, Before)>,
    /// The binding: as long as main has one that was not approved.
    pub binding: Option<Before>,
}

/// A report that could not be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaid {
    /// Why.
    pub why: String,
    /// Failures in a row.
    pub tries: u32,
    /// Next try.
    pub not_before: DateTime<Utc>,
}

/// What people said of an environment and nothing but the database knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Stopped by a person.
    pub hold: Option<Hold>,
    /// Packages not to be proposed again.
    pub put_aside: BTreeMap<PackageDigest, Aside>,
    /// Recorded by `rollback --now`.
    pub over: Option<Override>,
}

impl Kept {
    /// As it is now.
    #[must_use]
    pub fn of(env: &Environment) -> Self {
        Self {
            hold: env.hold.clone(),
            put_aside: env.put_aside.clone(),
            // Whether it was applied the workspaces say; with nothing remembered it is looked at anew.
            over: env.over.clone().map(|over| Override {
                done: false,
                ..over
            }),
        }
    }
}

/// Keeping people's word outside of the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keeping {
    /// What is kept.
    pub kept: Kept,
    /// What is being written.
    pub running: Option<(Op, Kept)>,
    /// Failures in a row.
    pub tries: u32,
    /// Not before, after a failure.
    pub not_before: Option<DateTime<Utc>>,
}

/// A rollback that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Back to this package.
    pub package: PackageDigest,
    /// Built from.
    pub source_commit: CommitSha,
    /// In one line.
    pub because: String,
}

/// An open pull request that has to go before another is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stray {
    /// Why it was opened.
    pub kind: PullKind,
    /// The package it pins.
    pub package: Option<PackageDigest>,
    /// A person pushed to it: it stays.
    pub person_pushed: bool,
    /// The effect that closes it.
    pub closing: Option<Op>,
    /// Not before this moment, after a try that failed.
    pub not_before: Option<DateTime<Utc>>,
}

/// Why a package is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aside {
    /// Rolled back from.
    RolledBack,
    /// Its pull request was closed by a person.
    Declined(PullNumber),
}

impl std::fmt::Display for Aside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RolledBack => f.write_str("rolled back from here"),
            Self::Declined(number) => write!(f, "{number} was closed without merging"),
        }
    }
}

/// An approval: which package under which binding by which plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The pin on main that this approval belongs to.
    pub pin: Pin,
    /// The package.
    pub package: PackageDigest,
    /// Built from.
    pub source_commit: CommitSha,
    /// The binding.
    pub binding: BindingDigest,
    /// The plan.
    pub plan: PlanDigest,
    /// The pull request whose merge was the approval.
    pub pull: Option<PullNumber>,
    /// Its approved head.
    pub head: Option<CommitSha>,
    /// Why it is applied.
    pub cause: Cause,
    /// What may be done.
    pub approved: Approved,
    /// Earlier pull requests whose bars it is up against as well: what they brought is part of it, and never got in place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub carries: BTreeSet<PullNumber>,
    /// It has been applied.
    pub done: bool,
}

impl Accepted {
    /// It is to be put in place again.
    pub(crate) fn again(&mut self) {
        if std::mem::take(&mut self.done) {
            self.approved = self.approved.clone().done();
        }
    }
}

/// Something that is or was in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The package.
    pub package: PackageDigest,
    /// Built from.
    pub source_commit: CommitSha,
    /// The binding.
    pub binding: BindingDigest,
    /// When its apply ended.
    pub applied_at: DateTime<Utc>,
    /// Healthy since; none while unverified or failed.
    pub healthy_since: Option<DateTime<Utc>>,
    /// Why it is not healthy.
    pub unhealthy: Option<String>,
    /// The job that was asked whether it is healthy; none where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<String>,
    /// When something else took its place.
    pub replaced_at: Option<DateTime<Utc>>,
}

/// A stop by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since.
    pub since: DateTime<Utc>,
}

/// A package on its way to a merged pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Promotion, rollback or replan.
    pub kind: PullKind,
    /// The package.
    pub package: PackageDigest,
    /// Built from.
    pub source_commit: CommitSha,
    /// In one line.
    pub because: String,
    /// Failed steps in a row; pauses grow with it.
    pub tries: u32,
    /// Where it stands.
    pub phase: Phase,
}

/// Where a promotion stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub enum Phase {
    /// An older pull request is being closed first: never two at a time.
    Clearing {
        /// The effect.
        op: Op,
        /// The older one.
        old: PullNumber,
    },
    /// The older one stays, because a person pushed to it.
    Blocked {
        /// The older one.
        by: PullNumber,
    },
    /// The plan is being taken.
    Planning {
        /// The effect.
        op: Op,
        /// Whether main went on since: what fails now may have been mended there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        moved: bool,
    },
    /// The pull request is being opened.
    Opening {
        /// The effect.
        op: Op,
        /// What it shows.
        plan: Box<PlanFacts>,
        /// Under this binding.
        binding: BindingDigest,
    },
    /// People can look at it.
    Open(Box<OpenPull>),
    /// A step failed; tried again later.
    Failed {
        /// Why.
        why: String,
        /// Next try; none when trying again alone will not help.
        not_before: Option<DateTime<Utc>>,
    },
}

/// An open promotion pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPull {
    /// Its number.
    pub number: PullNumber,
    /// The head we made.
    pub head: CommitSha,
    /// The plan it shows.
    pub plan: PlanFacts,
    /// The binding it was taken under.
    pub binding: BindingDigest,
    /// When the plan was last confirmed.
    pub planned_at: DateTime<Utc>,
    /// The plan being taken again.
    pub refreshing: Option<Op>,
    /// Not before this moment, after a try that failed.
    pub refresh_after: Option<DateTime<Utc>>,
    /// The new head being made, with its plan and binding.
    pub updating: Option<(Op, PlanFacts, BindingDigest)>,
    /// The merge being asked for.
    pub merging: Option<Op>,
    /// Why the last merge was refused, and when to ask again.
    pub merge_refused: Option<(String, DateTime<Utc>)>,
    /// As last seen on the forge.
    pub seen: Option<PullFact>,
}

/// Something on its way into the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Why.
    pub cause: Cause,
    /// The package.
    pub package: PackageDigest,
    /// Built from.
    pub source_commit: CommitSha,
    /// The binding.
    pub binding: BindingDigest,
    /// What may be done.
    pub approved: Approved,
    /// Where it stands.
    pub phase: RunPhase,
}

/// Why something is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// A merged pin.
    Pin {
        /// Its pull request.
        number: PullNumber,
        /// Its approved head.
        head: CommitSha,
    },
    /// A merged change of the binding.
    Binding {
        /// Its pull request.
        number: PullNumber,
        /// Its approved head.
        head: CommitSha,
    },
    /// A pin found on main when the database was new: compared first, applied only as approved.
    Recovered,
    /// `rollback --now`.
    Override {
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
    /// Drift put back by policy.
    Heal,
}

impl Cause {
    /// The pull request that brought it.
    #[must_use]
    pub fn pull(&self) -> Option<PullNumber> {
        match self {
            Self::Pin { number, .. } | Self::Binding { number, .. } => Some(*number),
            Self::Recovered | Self::Override { .. } | Self::Heal => None,
        }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub enum RunPhase {
    /// Gates are looked at.
    Waiting,
    /// Being applied.
    Applying {
        /// The effect.
        op: Op,
        /// Failures before this try.
        tries: u32,
    },
    /// In place, being verified.
    Verifying {
        /// The effect.
        op: Op,
    },
    /// Something outside the approval is needed.
    NeedsApproval {
        /// Keys outside it.
        outside: Vec<String>,
        /// The plan that has to be approved.
        plan: PlanFacts,
    },
    /// A step failed.
    Failed {
        /// Why.
        why: String,
        /// Failures in a row.
        tries: u32,
        /// Next try; none when a person has to act.
        not_before: Option<DateTime<Utc>>,
        /// Nothing is wrong: it waits for something in the world to end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        waits: bool,
    },
}

/// A recorded override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The package it puts in place.
    pub package: PackageDigest,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When it stops counting.
    pub until: DateTime<Utc>,
    /// Built from.
    pub source_commit: CommitSha,
    /// It has been applied.
    pub done: bool,
}

/// Comparison with the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drift {
    /// A comparison was asked for.
    pub wanted: bool,
    /// The comparison under way, and the package it is about.
    pub comparing: Option<(Op, PackageDigest)>,
    /// Objects of which there is news, still to be looked at.
    #[serde(default)]
    pub noticed: BTreeSet<Named>,
    /// The look at single objects that is under way.
    #[serde(default)]
    pub looking: Option<Op>,
    /// When the last one that did not fail ended.
    pub last: Option<DateTime<Utc>>,
    /// What differs.
    pub found: Option<Found>,
    /// The report of the last comparison: differences that nothing becomes of are told, too.
    #[serde(default)]
    pub report: Option<String>,
    /// How often each difference was put back: the brake. By action and by field, not by plan: a second difference beside it
    /// must not set it free.
    pub healed: BTreeMap<ActionDigest, u32>,
    /// What the last repair was to put back, if it failed: how much of it was, the next comparison says.
    #[serde(default)]
    pub unsure: BTreeSet<ActionDigest>,
    /// The last failure to compare.
    pub error: Option<String>,
    /// Failures in a row.
    pub tries: u32,
    /// Not before, after a failure.
    pub not_before: Option<DateTime<Utc>>,
    /// A person asked for what differs to be put back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<HealAsked>,
}

/// Somebody asked for what differs to be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealAsked {
    /// Who.
    pub by: String,
    /// A comparison that began after it has found something.
    pub looked: bool,
    /// What was last said of it, so that nothing is said twice.
    pub told: Option<String>,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The plan that would put it back.
    pub plan: PlanFacts,
    /// First seen.
    pub since: DateTime<Utc>,
    /// The pull request being opened to adopt it.
    pub adopting: Option<Op>,
    /// The pull request that proposes it.
    pub proposed: Option<PullNumber>,
    /// The head of that pull request.
    #[serde(default)]
    pub head: Option<CommitSha>,
    /// The default branch when it was proposed, or when it was last looked whether the proposal still fits there.
    #[serde(default)]
    pub base: Option<CommitSha>,
    /// Until then it counts as proposed: by an open pull request, or by a merged one that is on its way here.
    #[serde(default)]
    pub until: Option<DateTime<Utc>>,
    /// Why nothing is done about it.
    pub note: Option<String>,
}

/// A takeover, or a new environment, that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TakingOver {
    /// Being proposed right now.
    pub running: Option<Op>,
    /// What was proposed last.
    pub pull: Option<PullNumber>,
    /// Why the last one could not be proposed.
    pub error: Option<String>,
}

/// Something in a workspace was stopped for a change, and is to go on when its time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandsStill {
    /// Not looked at again before this moment.
    pub not_before: DateTime<Utc>,
    /// Being given back right now.
    #[serde(default)]
    pub running: Option<Op>,
    /// Why that did not work.
    #[serde(default)]
    pub error: Option<String>,
}

/// A request to free the state of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unlocking {
    /// Being done right now.
    pub running: Option<Op>,
    /// Why the last one could not be.
    pub error: Option<String>,
}

/// Captures of a free-form environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capture {
    /// Asked for.
    pub wanted: bool,
    /// Under way.
    pub running: Option<Op>,
    /// When the last one ended.
    pub last: Option<DateTime<Utc>>,
    /// How many have ended well.
    #[serde(default)]
    pub done: u64,
    /// The open capture pull request.
    pub pull: Option<PullNumber>,
    /// Objects changed on both sides at the last capture.
    pub conflicts: u32,
    /// The first of them by name.
    pub conflicting: Vec<String>,
    /// The last failure.
    pub error: Option<String>,
    /// Failures in a row.
    pub tries: u32,
    /// Not before.
    pub not_before: Option<DateTime<Utc>>,
}

impl PipelineState {
    /// The package with this digest.
    #[must_use]
    pub fn package(&self, digest: &PackageDigest) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| &package.digest == digest)
    }

    /// Pull requests that an observation has to look at even when they are closed by now.
    #[must_use]
    pub fn pulls_of_interest(&self) -> BTreeSet<PullNumber> {
        self.environments
            .values()
            .flat_map(|env| {
                let promotion = env.promotion.as_ref().and_then(Promotion::number);
                let drift = env.drift.found.as_ref().and_then(|found| found.proposed);
                let strays = env.strays.keys().copied();
                [promotion, drift, env.capture.pull, env.takeover.pull]
                    .into_iter()
                    .flatten()
                    .chain(strays)
            })
            .collect()
    }

    /// Those of other people, as last seen.
    #[must_use]
    pub fn wants_check(&self, pull: &ForeignPull) -> bool {
        self.checked.get(&pull.number).is_none_or(|known| {
            known.op.is_none() && (known.head != pull.head || known.base != self.head)
        })
    }
}

impl OpenPull {
    /// The forge showed it merged; its pin is still to be read.
    #[must_use]
    pub fn is_merged(&self) -> bool {
        self.seen
            .as_ref()
            .is_some_and(|seen| seen.state == PullState::Merged)
    }
}

impl Promotion {
    /// A step failed for good: only a commit or a person gets it going again.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        matches!(
            self.phase,
            Phase::Failed {
                not_before: None,
                ..
            }
        )
    }

    /// Its pull request, once there is one.
    #[must_use]
    pub fn number(&self) -> Option<PullNumber> {
        match &self.phase {
            Phase::Open(pull) => Some(pull.number),
            Phase::Clearing { old, .. } => Some(*old),
            Phase::Blocked { by } => Some(*by),
            Phase::Planning { .. } | Phase::Opening { .. } | Phase::Failed { .. } => None,
        }
    }
}

impl Environment {
    /// What ought to be in place: an override first, then what was approved.
    #[must_use]
    pub fn desired_package(&self) -> Option<&PackageDigest> {
        self.over
            .as_ref()
            .map(|over| &over.package)
            .or(self.accepted.as_ref().map(|accepted| &accepted.package))
    }

    /// The commit that an override takes its binding from: main as long as its binding is approved, else the last one that was
    /// seen with the approved one.
    #[must_use]
    pub fn approved_config<'a>(
        &'a self,
        head: Option<&'a CommitSha>,
        binding: &BindingDigest,
    ) -> Option<&'a CommitSha> {
        if self.binding.as_ref() == Some(binding) {
            return head;
        }
        let (_, commit) = self
            .bound_at
            .as_ref()
            .filter(|(known, _)| known == binding)?;
        Some(commit)
    }

    /// In place with this very package and verified.
    #[must_use]
    pub fn healthy_with(&self, package: &PackageDigest) -> Option<DateTime<Utc>> {
        self.current
            .as_ref()
            .filter(|current| &current.package == package)
            .and_then(|current| current.healthy_since)
    }

    /// The last time that this package was put in place here.
    #[must_use]
    pub fn latest(&self, package: &PackageDigest) -> Option<&Deployed> {
        self.before
            .iter()
            .chain(&self.current)
            .rev()
            .find(|deployed| &deployed.package == package)
    }

    /// An executor may be changing the workspace right now.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            matches!(
                run.phase,
                RunPhase::Applying { .. } | RunPhase::Verifying { .. }
            )
        })
    }

    /// What is asked for now, and what was before these pull requests changed that.
    pub fn policies<'a>(&'a self, pulls: &'a [PullNumber]) -> impl Iterator<Item = &'a Policy> {
        std::iter::once(&self.policy).chain(self.bars_of(pulls))
    }

    /// What these pull requests were up against, beside what is asked for now.
    pub fn bars_of<'a>(&'a self, pulls: &'a [PullNumber]) -> impl Iterator<Item = &'a Policy> {
        pulls.iter().filter_map(|number| self.bars.get(number))
    }

    /// The pull requests whose pin or binding is being put in place.
    #[must_use]
    pub fn running_pulls(&self) -> Vec<PullNumber> {
        let Some(run) = &self.run else { return vec![] };
        let Some(number) = run.cause.pull() else {
            return vec![];
        };
        let accepted = self.accepted.iter();
        let same = accepted.filter(|accepted| accepted.cause == run.cause);
        let carried = same.flat_map(|accepted| accepted.carries.iter().copied());
        std::iter::once(number).chain(carried).collect()
    }

    /// Remembers a plan that a pull request is about to show.
    pub(crate) fn show(&mut self, plan: &PlanFacts) {
        // Eight: more than one promotion is refreshed between two merges that are still to be seen.
        const SHOWN: usize = 8;
        self.shown.retain(|known| known.digest != plan.digest);
        self.shown.push(plan.clone());
        let extra = self.shown.len().saturating_sub(SHOWN);
        self.shown.drain(..extra);
    }
}
