//! `environments/<env>/environment.yaml`: what an environment is, what differs in it, and what guards it.

mod binding;
mod call_places;
mod capture;
mod check;
mod check_name;
mod file_sets;
mod gates;
mod order;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::duration::Span;
use super::{node::Node, yaml};
use crate::bundle::ResourceKey;
use crate::diagnostic::Diagnostics;
use crate::stacks::Imports;
use crate::takeover::spelled_id;

pub(crate) use call_places::{CallPlaces, Spot};
pub use capture::{CaptureBranch, CaptureFormat, CaptureOn, CaptureRules, Selection, TagSelection};
pub use check_name::CheckName;
pub use file_sets::{FileSets, Layout};
pub use gates::{Freeze, Gates, Window, WindowKind};
pub use order::check_order;

/// One environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Whether people work in it by hand or promotions change it.
    pub mode: Mode,
    /// The environments that a package must have passed before it comes here.
    #[serde(default)]
    pub after: Vec<String>,
    /// Its workspaces, in the order in which a plan is applied.
    #[serde(default)]
    pub workspaces: Vec<Workspace>,
    /// What the workspaces stand on: calls of modules, by names of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, ModuleCall>,
    /// The Databricks account of the modules' objects: the name under which the daemon's own settings hold its credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The AWS account and region of the modules' objects: the name under which the daemon's own settings hold them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<String>,
    /// How the modules of Terraform are run: the name under which the daemon's own settings hold the program and its identities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terraform: Option<String>,
    /// Objects of AWS and of the account that were there before hodman and become resources of the modules:
    /// `account_workspaces.main-workspace: "123"`. A state of Terraform that was there before is named by its stack:
    /// `terraform_stacks.network: hodman-shop-qa-network`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adopt: BTreeMap<ResourceKey, String>,
    /// The target in `databricks.yml`; the environment's name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle_target: Option<String>,
    /// Values of bundle variables; they beat the target's and the default.
    #[serde(default)]
    pub variables: BTreeMap<String, Value>,
    /// By kind (such as `warehouses`): the id or name in the captured workspace, and what stands for it here. What is
    /// not listed has no counterpart, and is refused rather than guessed.
    #[serde(default)]
    pub identity: BTreeMap<String, BTreeMap<String, String>>,
    /// Who merges a promotion pull request.
    #[serde(default)]
    pub merge: Merge,
    /// When a promotion pull request is opened.
    #[serde(default)]
    pub open: Open,
    /// What must hold before a package may come here.
    #[serde(default)]
    pub gates: Gates,
    /// What shows, after the apply, that the environment is healthy; none: applied is healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// What happens when somebody changed the environment by hand.
    #[serde(default)]
    pub drift: Drift,
    /// What happens when a secret has a new value where it comes from.
    #[serde(default, skip_serializing_if = "Rotate::is_manual")]
    pub rotate: Rotate,
    /// What happens by the clock.
    #[serde(default)]
    pub schedules: Schedules,
    /// What a capture takes in; `free-form` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<CaptureRules>,
    /// Resources that may be removed or replaced although more goes with them (a pipeline with its tables), and although
    /// they are at work just then: without this an apply waits until their runs have ended. Said here, in a reviewed
    /// change, because it must name each.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow_destroy: BTreeSet<ResourceKey>,
    /// Where the files lie, how long those of earlier packages are kept, and who reads them.
    #[serde(default, skip_serializing_if = "FileSets::is_default")]
    pub files: FileSets,
    /// `absent` asks for everything that hodman made here to be destroyed, with an approval that names it.
    #[serde(default)]
    pub state: Presence,
}

/// How an environment is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By people, by hand. hodman captures it and never writes to it.
    FreeForm,
    /// By promotions only.
    Promoted,
}

/// One workspace of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The name under which the daemon's own settings hold its credentials.
    pub name: String,
    /// Its address: `https://…`, or `http://` on loopback; or what a module gives: `${modules.workspace.outputs.host}`.
    pub host: String,
    /// Objects that were there before hodman and become resources of the bundle instead of being made a second time:
    /// `jobs.nightly: "123"`. `hodman adopt` proposes them. An object that became ours stays listed for as long as its
    /// former owner might still write to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub adopt: BTreeMap<ResourceKey, String>,
}

/// One call of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleCall {
    /// The module: the folder below `modules/`.
    pub module: String,
    /// What it is told; `${modules.<call>.outputs.<name>}` is what another call gives.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Value>,
    /// `engine: cloudformation`: resources that exist and become the stack's, by their names in the template, with what identifies
    /// each there: `Vpc: {VpcId: vpc-0a1b}`. `hodman adopt` proposes them. Those that are in the stack may stay listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub import: Imports,
    /// Where it stands.
    #[serde(skip)]
    pub(crate) places: CallPlaces,
}

/// Who merges a promotion pull request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Merge {
    /// A person.
    #[default]
    Manual,
    /// hodman, as soon as every gate is green, pinned to the head that the gates saw; a person, where the plan cannot be undone or may make a second one of what is there without our marker.
    Auto,
}

/// When a promotion pull request is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Open {
    /// As soon as the package has passed the predecessors; windows still guard the apply.
    #[default]
    Ready,
    /// Only while a window is open.
    Window,
}

/// How the environment is verified after an apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// The key of the job that is run; its success is the environment's health.
    pub run_job: String,
    /// How long the run may take. 30 minutes when absent.
    #[serde(default = "half_an_hour")]
    pub timeout: Span,
}

const fn half_an_hour() -> Span {
    Span::from_secs(30 * 60)
}

/// What happens when a secret has a new value where it comes from, the package being the same. None of this changes what
/// is applied at first, nor what is put after another reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rotate {
    /// It is said in plans and held back until this says `auto`.
    #[default]
    Manual,
    /// Plans put it anew, as an action of its own.
    Auto,
}

impl Rotate {
    /// Whether all is as when the key is absent.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        *self == Self::Manual
    }
}

/// What happens when the environment is found to differ from what was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It is said, nothing is done.
    #[default]
    Report,
    /// A pull request proposes to adopt the change.
    PullRequest,
    /// What was approved last is put back; never by an irreversible action.
    Heal,
}

/// What happens by the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedules {
    /// When the environment is compared with what was applied; `promoted` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile: Option<Schedule>,
    /// When the environment is captured; `free-form` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Schedule>,
}

/// A repeated moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday).
    pub cron: String,
    /// The IANA time zone that `cron` is read in. `UTC` when absent.
    #[serde(default = "utc")]
    pub zone: String,
    /// What happens to a moment that passed while the daemon was away.
    #[serde(default)]
    pub missed: Missed,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// What happens to a moment that passed while the daemon was away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// The last missed moment is made up for, once.
    #[default]
    RunOnce,
    /// Missed is missed.
    Skip,
}

/// Whether the environment shall exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// It shall.
    #[default]
    Present,
    /// It shall be destroyed.
    Absent,
}

/// Says what is wrong with a cron expression.
pub type CronCheck<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// Reads an `environment.yaml`; `path` is for the errors, and its folder is the environment's name. Of a cron expression only the
/// form is looked at: see [`parse_environment_by`].
///
/// # Errors
/// Everything wrong in the file, each with its place: what does not parse, unknown keys, and what does not fit together.
pub fn parse_environment(path: &str, text: &str) -> Result<Environment, Diagnostics> {
    parse_environment_by(path, text, &check::looks_like_cron)
}

/// As [`parse_environment`], and every cron expression is read by whoever will go by it: a second reader would accept what the first
/// never runs.
///
/// # Errors
/// As [`parse_environment`].
pub fn parse_environment_by(
    path: &str,
    text: &str,
    cron: CronCheck<'_>,
) -> Result<Environment, Diagnostics> {
    let mut environment: Environment = yaml::read(path, text)?;
    let root = Node::parse(path, text.as_bytes())?;
    call_places::note(&mut environment, &root);
    let places = environment.workspaces.iter_mut();
    for adopt in places.map(|place| &mut place.adopt) {
        for (key, id) in adopt {
            *id = spelled_id(key, id);
        }
    }
    check::check(path, &environment, &root, cron).into_result(environment)
}
