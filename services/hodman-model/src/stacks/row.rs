//! One change of a stack's plan.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::Reversibility;

/// The field of a row that says which existing object it takes over. No resource has a field of that name: it has a space in it.
pub(super) const TAKES_OVER: &str = "takes over";

/// What an engine does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackAction {
    /// Make it.
    Create,
    /// Change fields in place.
    Update,
    /// Remove it, then make it anew.
    Replace,
    /// Make it anew, then remove the old one.
    ReplaceCreateFirst,
    /// Replaced or changed in place; known only while it is done (CloudFormation's `Conditional`).
    MayReplace,
    /// Remove it.
    Delete,
    /// Let it go: it stays, and is managed no more.
    Forget,
    /// Take over something that exists.
    Import,
    /// Nothing but its address changes.
    Move,
    /// Look something up while applying.
    Read,
}

impl StackAction {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::ReplaceCreateFirst => "replace (new one first)",
            Self::MayReplace => "update, perhaps replace",
            Self::Delete => "delete",
            Self::Forget => "forget",
            Self::Import => "import",
            Self::Move => "move",
            Self::Read => "read",
        }
    }

    /// Whether the object that is there now goes, or may go.
    #[must_use]
    pub fn removes(self) -> bool {
        matches!(
            self,
            Self::Replace | Self::ReplaceCreateFirst | Self::MayReplace | Self::Delete
        )
    }
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The value.
    Value(Value),
    /// A secret; its value is not here.
    Sensitive,
    /// Known only after the apply.
    Unknown,
}

/// One field that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackField {
    /// Which field; for outputs its name.
    pub path: FieldPath,
    /// What it is; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Shown>,
    /// What it will be; none when it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Shown>,
    /// Whether the change of this field forces the replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// The name of the change, over the real values: two secrets are two changes.
    pub digest: Digest,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackRow {
    /// Terraform's address with modules and instance keys, or CloudFormation's logical id.
    pub address: String,
    /// The resource's type, such as `aws_s3_bucket` or `AWS::S3::Bucket`.
    pub kind: String,
    /// What is done.
    pub action: StackAction,
    /// The fields that differ; all for create and delete.
    pub fields: Vec<StackField>,
    /// Why, in the engine's words; empty when it says nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The former address of something that moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// What can be taken back.
    pub reversible: Reversibility,
    /// The change's name: over address, type, action and fields; ids of other resources stand in it by address.
    pub digest: Digest,
}

impl StackField {
    /// Whether a secret stands on one of its sides.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.before == Some(Shown::Sensitive) || self.after == Some(Shown::Sensitive)
    }
}

impl Shown {
    /// As it is shown in a plan.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Sensitive => Value::from("(sensitive)"),
            Self::Unknown => Value::from("(known after apply)"),
        }
    }
}

impl StackRow {
    /// Whether something that exists becomes the stack's, changed or not.
    #[must_use]
    pub fn takes_over(&self) -> bool {
        let field = FieldPath::default().key(TAKES_OVER);
        self.action == StackAction::Import || self.fields.iter().any(|one| one.path == field)
    }

    /// Whether an approval must name it.
    #[must_use]
    pub fn is_irreversible(&self) -> bool {
        matches!(self.reversible, Reversibility::Irreversible { .. })
    }
}
