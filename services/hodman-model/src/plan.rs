//! Plans: the ordered actions from what a workspace has to what an approved package says.
//!
//! An action is named by a digest over what it would change, never over ids, times or states, so that an approval
//! given today covers the same action tomorrow, after a crash half-way, and found by another process.

mod before_after;
mod changes;
mod compare;
mod desired;
mod edges;
mod engine;
mod error;
mod files_step;
mod follow;
mod guards;
mod held;
mod known;
mod lookups;
mod maintenance;
mod make;
mod names;
mod observed;
mod order;
mod ours;
mod previewed;
mod reasons;
mod redacted;
mod references;
mod renames;
mod render;
mod rest;
mod row;
mod sent;
mod substitute;
mod work;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub(crate) use before_after::{Symbols, symbolic};
pub use changes::Changes;
pub(crate) use compare::differences;
pub use compare::is_made_as;
pub use desired::{Desired, DesiredResource, FileSet};
pub use error::PlanError;
pub use guards::{Refusal, Refused};
pub use known::Known;
pub use make::plan;
pub(crate) use names::{Names, natural};
pub use observed::{Contested, FileSetState, Leaving, Observed, ObservedObject};
pub(crate) use ours::Ours;
pub use redacted::NamingKey;
pub(crate) use redacted::redacted;
pub(crate) use references::ids_to_references;
pub(crate) use references::is_symbolic;
pub use references::{asked_in, id_reference, refers_to};
pub(crate) use render::words;
pub use rest::SentValue;
pub(crate) use row::MARKER;
pub use row::{Action, FieldChange, FileChange, FileChangeKind, Row};
pub use sent::Sent;
pub(crate) use sent::sent_change;
pub use substitute::{Unresolved, substitute, substitute_known};

pub(crate) use reasons::{again_reason, lost_reason, perhaps_reason};

pub use crate::kinds::Reversibility;

use crate::bundle::ResourceKey;
use crate::digest::{Digest, Hasher};

/// What a plan is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanContext {
    /// The pipeline's name, as in markers.
    pub pipeline: String,
    /// The environment's name, as in markers.
    pub env: String,
    /// The workspace's name, as in `environment.yaml`.
    pub workspace: String,
    /// The folder below which this environment's file sets lie; [`crate::kinds::files::root`].
    pub files_root: String,
    /// Objects that hodman was told to take over: the resource and the id of the object that becomes it. Without
    /// this an object that carries no marker is never touched, not even one of the same name.
    pub adopt: BTreeMap<ResourceKey, String>,
    /// Objects that may be removed although [`crate::kinds::Kind::guarded`] says what else goes with them; the environment's
    /// file names them, and they stay irreversible. They are not waited for when they are at work, either.
    pub allow_destroy: BTreeSet<ResourceKey>,
    /// Objects that the package applied last protects by `prevent_destroy`: what left the package is protected still.
    pub protected: BTreeSet<ResourceKey>,
    /// Under which secrets stand in the names of actions.
    pub naming: NamingKey,
    /// For resources with fields that cannot be read back: what would be sent now.
    pub sent: BTreeMap<ResourceKey, Sent>,
    /// Resources whose create was cut off: what carries their mark may be half of them, and is made whole by the same create that
    /// was approved. See [`crate::claims::Claims::begun`].
    pub begun: BTreeSet<ResourceKey>,
    /// What is known of resources of another place, such as those that the workspace stands on. One that is about to be
    /// replaced is not known.
    pub given: Known,
    /// Whether the workspace is not there yet, so that nothing could be looked up in it.
    pub unseen: bool,
    /// What resources that are to go needed of each other while they were wanted: where no field says so, such as the
    /// parameters of a stack, they would go in any order.
    pub formerly: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
    /// Whether the plan is only looked at, and refusals are no reason not to give it.
    pub only_looks: bool,
    /// Whether values that changed behind their reference are put anew. Else such resources stand in
    /// [`WorkspacePart::held`].
    pub rotate: bool,
}

/// Something that could be done and is not, because a setting of the environment holds it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The resource.
    pub key: ResourceKey,
    /// What is held back, and what would let it go.
    pub reason: String,
}

/// The actions in one workspace, in the order in which they are done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkspacePart {
    /// The workspace's name.
    pub workspace: String,
    /// What is to be done.
    pub rows: Vec<Row>,
    /// Resources that are as they should be.
    #[serde(default)]
    pub unchanged: Vec<ResourceKey>,
    /// What could be done and is held back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// The actions in all workspaces of an environment, workspace after workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One part for each workspace, in the order in which they are applied.
    pub parts: Vec<WorkspacePart>,
}

/// How many resources a plan touches in which way. The files step counts as neither; see [`Plan::has_files_step`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// New objects.
    pub create: usize,
    /// Objects changed in place.
    pub update: usize,
    /// Objects of which only the size changes.
    #[serde(default)]
    pub resize: usize,
    /// Secrets put anew because their value changed where they come from; counted here and not as updates.
    #[serde(default)]
    pub rotate: usize,
    /// Objects removed and made anew.
    pub replace: usize,
    /// Objects removed.
    pub delete: usize,
    /// Objects taken over.
    pub adopt: usize,
    /// Resources that are as they should be.
    pub none: usize,
}

impl Plan {
    /// One plan of the plans of several workspaces, in the given order.
    #[must_use]
    pub fn join(plans: impl IntoIterator<Item = Self>) -> Self {
        Self {
            parts: plans.into_iter().flat_map(|plan| plan.parts).collect(),
        }
    }

    /// All rows with the workspace they are for, in the order in which they are done.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.parts
            .iter()
            .flat_map(|part| part.rows.iter().map(|row| (part.workspace.as_str(), row)))
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.rows.is_empty())
    }

    /// The name of the plan: a digest over its actions, in order.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        hasher.field(b"hodman plan 1");
        for (_, row) in self.rows() {
            hasher.field(row.digest.as_str().as_bytes());
        }
        hasher.finish()
    }

    /// The names of its actions; what an approval of this plan covers.
    #[must_use]
    pub fn action_digests(&self) -> BTreeSet<Digest> {
        self.rows().map(|(_, row)| row.digest.clone()).collect()
    }

    /// How many resources it touches in which way.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            none: self.parts.iter().map(|part| part.unchanged.len()).sum(),
            ..Summary::default()
        };
        for (_, row) in self.rows().filter(|(_, row)| !row.is_files_step()) {
            match row.action {
                Action::Create => summary.create += 1,
                Action::Update if row.rotation => summary.rotate += 1,
                Action::Update => summary.update += 1,
                Action::Resize => summary.resize += 1,
                Action::Replace => summary.replace += 1,
                Action::Delete => summary.delete += 1,
                Action::Adopt => summary.adopt += 1,
            }
        }
        summary
    }

    /// Whether files are uploaded somewhere.
    #[must_use]
    pub fn has_files_step(&self) -> bool {
        self.rows().any(|(_, row)| row.is_files_step())
    }

    /// The resources of which something is lost for ever; an approval must name each.
    #[must_use]
    pub fn irreversible(&self) -> BTreeSet<ResourceKey> {
        self.rows()
            .filter(|(_, row)| matches!(row.reversible, Reversibility::Irreversible { .. }))
            .map(|(_, row)| row.key.clone())
            .collect()
    }

    /// Whether every action is among the `approved` ones.
    ///
    /// # Errors
    /// The keys of those that are not, in order.
    pub fn subset_of(&self, approved: &BTreeSet<Digest>) -> Result<(), Vec<ResourceKey>> {
        let outside: Vec<_> = self
            .rows()
            .filter(|(_, row)| !approved.contains(&row.digest))
            .map(|(_, row)| row.key.clone())
            .collect();
        if outside.is_empty() {
            Ok(())
        } else {
            Err(outside)
        }
    }

    /// The plan as JSON; secrets are not in it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Every field is a text, a number, a list or a mapping with text keys: none of it can fail to be JSON.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The plan as text for a terminal.
    #[must_use]
    pub fn to_table(&self) -> String {
        render::table(self)
    }

    /// The plan as Markdown of at most `limit_chars` characters, and whether something was left out for that.
    #[must_use]
    pub fn to_markdown(&self, limit_chars: usize) -> (String, bool) {
        render::markdown(self, limit_chars)
    }
}
