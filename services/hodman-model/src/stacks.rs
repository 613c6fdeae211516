//! Stacks: what a Terraform directory or a CloudFormation template would do, as rows of one form.
//!
//! Rows show fields before and after with secrets masked, and are named by digests in which no id and no time stands, so
//! that an approval of today covers the same plan made again tomorrow.

mod addresses;
mod by_hand;
mod change_set;
mod fields;
mod import;
mod importable;
mod outputs;
mod row;
mod said;
mod secrets;
mod stateful;
mod template;
mod terraform;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub(crate) use by_hand::property_value;
pub use by_hand::{ByHand, ByHandProperty, ByHandResource};
pub use change_set::from_change_set;
pub use import::Imports;
pub(crate) use importable::Decides;
pub use importable::{IMPORTABLE, Importable, importable};
pub use outputs::{TemplateText, changed_outputs};
pub use row::{Shown, StackAction, StackField, StackRow};
pub use said::Said;
pub use terraform::TerraformShown;

use crate::digest::{Digest, Hasher, sha256};
use crate::kinds::Reversibility;

/// The address of a row that is about the stack itself.
pub(crate) const WHOLE: &str = "(the stack)";

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
    /// Whether the engine alone says if anything is to be done: nothing is, when there is no row and no output here, whatever
    /// else the stack was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decides: bool,
    /// Whether what comes after it is known only when it is done: then the stack is looked at once more, and what nobody was shown is
    /// asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looks_again: bool,
    /// The plan that was being applied when it was cut off, and of which this is the rest. An approval of that one covers this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Box<StackPlan>>,
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
    /// An apply would do more than rows can show, such as the actions of Terraform 1.14.
    #[error("an apply would also do what hodman does not show, and so does not do: {0}")]
    More(String),
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
    /// The plan for a stack that is in a state in which nothing in it can be changed: what becomes of the whole of it. `loses`
    /// says what cannot be brought back, if anything.
    #[must_use]
    pub fn of_the_whole(status: &str, action: StackAction, loses: Option<&str>) -> Self {
        let name = format!("whole stack {status} {}", action.word());
        Self {
            rows: vec![StackRow {
                address: WHOLE.to_owned(),
                kind: "AWS::CloudFormation::Stack".to_owned(),
                action,
                fields: Vec::new(),
                reason: format!("it is in {status}"),
                moved_from: None,
                reversible: match loses {
                    Some(loses) => Reversibility::Irreversible {
                        loses: loses.to_owned(),
                    },
                    None => Reversibility::Reversible,
                },
                digest: sha256(name.as_bytes()),
            }],
            decides: true,
            ..Self::default()
        }
    }

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

    /// What the plan is known by: itself, or what it is the rest of.
    #[must_use]
    pub fn approved_as(&self) -> &Self {
        self.begun.as_deref().unwrap_or(self)
    }

    /// Whether `rest` is what is left of this one: nothing in it but what stands here, though what was not known before may
    /// be known by now.
    #[must_use]
    pub fn covers(&self, rest: &Self) -> bool {
        let same_row = |row: &StackRow| {
            let known = self.rows.iter().find(|known| {
                known.address == row.address
                    && known.kind == row.kind
                    && known.action == row.action
                    && known.moved_from == row.moved_from
            });
            known.is_some_and(|known| {
                known.digest == row.digest || all_covered(&known.fields, &row.fields)
            })
        };
        rest.rows.iter().all(same_row) && all_covered(&self.outputs, &rest.outputs)
    }

    /// Gives everything that is named after a secret another name: a plain digest could be guessed.
    pub fn rename_secrets(&mut self, rename: &dyn Fn(&Digest) -> Digest) {
        for row in self.rows.iter_mut().chain(&mut self.drift) {
            if row.fields.iter().any(StackField::is_secret) {
                row.digest = rename(&row.digest);
            }
        }
        let rows = self.rows.iter_mut().chain(&mut self.drift);
        let fields = rows.flat_map(|row| &mut row.fields);
        for field in fields.chain(&mut self.outputs) {
            if field.is_secret() {
                field.digest = rename(&field.digest);
            }
        }
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
        self.rows.iter().filter(|row| {
            let before = row.moved_from.as_deref();
            let mut addresses = std::iter::once(row.address.as_str()).chain(before);
            row.action.removes() && addresses.any(|address| rules.protects(address))
        })
    }
}

/// Whether each of `fields` stands among `known`, or within something there that was not known yet.
fn all_covered(known: &[StackField], fields: &[StackField]) -> bool {
    fields.iter().all(|field| {
        known.iter().any(|known| {
            let unknown = known.after == Some(Shown::Unknown);
            let within = field.path.0.starts_with(&known.path.0);
            let before = known.before.is_none() || known.before == field.before;
            (known.path == field.path && known.digest == field.digest)
                || (unknown && within && before)
        })
    })
}

impl StackRules {
    fn protects(&self, address: &str) -> bool {
        let whole = addresses::without_keys(address);
        let of_one_module = addresses::without_last_key(address);
        let names = [address, &whole, of_one_module];
        names.into_iter().any(|name| self.protected.contains(name))
    }
}
