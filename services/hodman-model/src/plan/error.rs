//! Why a plan cannot be made.

use crate::bundle::ResourceKey;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::kinds::KINDS;

/// Why a plan cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The bundle asks for something that hodman cannot do.
    #[error("{0}")]
    Bundle(Diagnostic),
    /// Two objects in the workspace say that they are the same resource. Somebody copied one with its tags; taking
    /// either would leave the other behind, so a person decides.
    #[error(
        "{workspace}: `{key}` is claimed by two objects, {first} and {second}; remove the hodman tags from one of them"
    )]
    TwoClaimants {
        /// The workspace.
        workspace: String,
        /// The resource they both claim to be.
        key: ResourceKey,
        /// The id of one.
        first: String,
        /// The id of the other.
        second: String,
    },
    /// The object that was to be adopted is not there.
    #[error("{workspace}: `{key}` was to be adopted from object {id}, which does not exist")]
    NothingToAdopt {
        /// The workspace.
        workspace: String,
        /// The resource.
        key: ResourceKey,
        /// The id that was named.
        id: String,
    },
    /// The object that was to be adopted belongs to another environment or resource.
    #[error(
        "{workspace}: `{key}` was to be adopted from object {id}, which hodman already manages as {owner}"
    )]
    AlreadyManaged {
        /// The workspace.
        workspace: String,
        /// The resource.
        key: ResourceKey,
        /// The id that was named.
        id: String,
        /// Pipeline, environment and key in its marker.
        owner: String,
    },
    /// Resources that need each other's ids.
    #[error("resources refer to each other in a circle: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Circle(Vec<ResourceKey>),
}

/// The error for a resource of a kind that is not in the table.
pub(super) fn unsupported_kind(key: &ResourceKey, file: &str, line: u32) -> PlanError {
    let names = KINDS.iter().map(|kind| kind.name());
    let hint = did_you_mean(&key.kind, names.clone())
        .unwrap_or_else(|| format!("hodman applies {}", names.collect::<Vec<_>>().join(", ")));
    PlanError::Bundle(
        Diagnostic::error(
            file,
            format!(
                "resource `{key}`: the kind `{}` is not supported yet",
                key.kind
            ),
        )
        .at(line, 1)
        .hint(hint),
    )
}
