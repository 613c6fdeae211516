//! What an environment's owner wants: the part of `environment.yaml` that decides, always read from main.

use crate::ids::EnvName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether people work in the environment by hand or hodman alone changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Captured, never written to.
    FreeForm,
    /// Changed only by approved plans.
    #[default]
    Promoted,
}

/// Who merges a promotion pull request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MergeBy {
    /// A person.
    #[default]
    Manual,
    /// hodman, pinned to the head commit it planned, once every gate allows.
    Auto,
}

/// When the pull request opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenWhen {
    /// As soon as the predecessor's gates pass.
    #[default]
    Ready,
    /// Not before a window is open.
    Window,
}

/// What happens to a difference between Git and the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftPolicy {
    /// Say so.
    #[default]
    Report,
    /// Propose it in a pull request.
    PullRequest,
    /// Put the approved state back.
    Heal,
}

/// What a schedule does with a slot that passed while hodman was away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Run once for all the missed slots together.
    #[default]
    RunOnce,
    /// Wait for the next slot.
    Skip,
}

/// A five-field cron line in a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSpec {
    /// Five fields, Vixie's meaning.
    pub cron: String,
    /// IANA zone.
    pub zone: String,
    /// Missed slots.
    #[serde(default)]
    pub missed: Missed,
}

/// A window that recurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSpec {
    /// True for `deny`.
    pub deny: bool,
    /// When it opens.
    pub cron: String,
    /// IANA zone.
    pub zone: String,
    /// How long it stays open, in seconds.
    pub seconds: i64,
}

/// A stretch of time in which nothing is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeSpec {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
    /// Shown to whoever waits.
    pub reason: String,
}

/// A check as a gate names it: how it is shown, and the app where one has to give it. Two that are shown alike may be two.
pub type NamedCheck = (String, Option<String>);

/// Conditions on a promotion into the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gates {
    /// Seconds that every predecessor must have been healthy with the package.
    pub soak_seconds: i64,
    /// Names of checks that must be green on the package's source commit.
    pub checks: Vec<String>,
    /// Of those that have to come from a certain app, which: the name as it is shown does not tell it from a check that is called so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apps: BTreeMap<String, String>,
    /// Reviews of the pull request's head by others than its author.
    pub approvals: u32,
    /// Windows that guard the apply.
    pub windows: Vec<WindowSpec>,
    /// Freezes that guard the apply.
    pub freezes: Vec<FreezeSpec>,
}

impl Gates {
    /// The checks, each with the app that has to give it.
    pub fn named(&self) -> impl Iterator<Item = NamedCheck> + '_ {
        let app = |name| self.apps.get(name).cloned();
        self.checks
            .iter()
            .map(move |name| (name.clone(), app(name)))
    }
}

/// The run that must succeed before an environment counts as healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifySpec {
    /// The bundle's key of the job.
    pub run_job: String,
    /// Seconds to wait for its result.
    pub timeout_seconds: i64,
}

/// Everything the decision needs to know of one environment's wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Free-form or promoted.
    pub mode: Mode,
    /// Predecessors.
    pub after: Vec<EnvName>,
    /// Who merges.
    pub merge: MergeBy,
    /// When pull requests open.
    pub open: OpenWhen,
    /// Conditions.
    pub gates: Gates,
    /// Verification.
    pub verify: Option<VerifySpec>,
    /// Drift.
    pub drift: DriftPolicy,
    /// When to compare with the workspace.
    pub reconcile: Option<ScheduleSpec>,
    /// When to capture (free-form only).
    pub capture: Option<ScheduleSpec>,
    /// Capture also when the default branch moved (free-form only).
    #[serde(default)]
    pub capture_on_push: bool,
    /// Workspaces of which news makes a capture (free-form only); none where that is not wanted.
    #[serde(default)]
    pub capture_on_news_of: BTreeSet<String>,
    /// Its workspaces stand on objects of AWS, so news of those may be about it.
    #[serde(default)]
    pub on_aws: bool,
    /// `state: absent`: kept out of promotion; destroying needs an approval of its own.
    pub absent: bool,
}
