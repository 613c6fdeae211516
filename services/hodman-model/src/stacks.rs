//! Stacks: what a Terraform directory or a CloudFormation template would do, as rows of one form.
//!
//! Rows show fields before and after with secrets masked, and are named by digests in which no id and no time stands, so
//! that an approval of today covers the same plan made again tomorrow.

mod change_set;
mod fields;
mod row;
mod secrets;
mod stateful;
mod terraform;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use change_set::from_change_set;
pub use row::{Shown, StackAction, StackField, StackRow};
pub use terraform::from_terraform;

use crate::digest::{Digest, Hasher};

/// What an environment says about its stack beyond what the engine says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackRules {
    /// Types whose removal loses data, beside those that are known to; such as `aws_neptune_cluster`.
    pub stateful_types: BTreeSet<String>,
    /// Addresses or logical ids that may be neither deleted nor replaced; whole resources with all their instances.
    pub protected: BTreeSet<String>,
}

/// What a stack's engine would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StackPlan {
    /// The changes, sorted by address; resources that stay as they are are not among them.
    pub rows: Vec<StackRow>,
    /// How the outputs change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<StackField>,
    /// What was changed outside the engine since it last looked; says whose doing a row is, and does nothing itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<StackRow>,
    /// How many resources stay as they are.
    #[serde(default)]
    pub unchanged: usize,
}

/// A text that is not what the engine writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StackPlanError {
    /// The whole cannot be understood.
    #[error("the plan cannot be read: {0}")]
    Unreadable(String),
    /// A future format, which may say things that would be overlooked.
    #[error("the plan has format {0}; formats 1.x are understood")]
    Format(String),
    /// The engine itself says that its plan is no good.
    #[error("the plan was made with errors and cannot be applied")]
    Errored,
    /// A combination of actions nobody documents.
    #[error("{address}: the actions {actions} are not known")]
    Actions {
        /// Which resource.
        address: String,
        /// What the engine wrote.
        actions: String,
    },
}

impl StackPlan {
    /// Whether applying it would change nothing, not even an output.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.action == StackAction::Read) && self.outputs.is_empty()
    }

    /// The name of the plan: over its rows and outputs in order, never over ids, times or drift.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        hasher.field(b"hodman stack plan 1");
        for row in &self.rows {
            hasher.field(row.digest.as_str().as_bytes());
        }
        hasher.field(b"outputs");
        for output in &self.outputs {
            hasher.field(output.digest.as_str().as_bytes());
        }
        hasher.finish()
    }

    /// The addresses whose data is lost for ever; an approval must name each.
    #[must_use]
    pub fn irreversible(&self) -> BTreeSet<&str> {
        self.rows
            .iter()
            .filter(|row| row.is_irreversible())
            .map(|row| row.address.as_str())
            .collect()
    }

    /// The rows that the rules forbid: deletions and replacements of protected resources.
    pub fn forbidden<'a>(&'a self, rules: &'a StackRules) -> impl Iterator<Item = &'a StackRow> {
        self.rows
            .iter()
            .filter(|row| row.action.removes() && rules.protects(&row.address))
    }
}

impl StackRules {
    fn protects(&self, address: &str) -> bool {
        let whole = address.rsplit_once('[').map_or(address, |(whole, _)| {
            if address.ends_with(']') {
                whole
            } else {
                address
            }
        });
        self.protected.contains(address) || self.protected.contains(whole)
    }
}
