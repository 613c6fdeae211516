//! Why a plan cannot be made.

use super::guards::Refusal;
use crate::bundle::ResourceKey;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::kinds::{KINDS, Marker};

/// Why a plan cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The bundle asks for something that hodman cannot do, or that the workspace does not have.
    #[error("{0}")]
    Bundle(Diagnostics),
    /// Two objects in the workspace say that they are the same resource. Somebody copied one with its tags; taking
    /// either would leave the other behind, so a person decides.
    #[error(
        "{workspace}: `{key}` of {owner} is claimed by two objects, {first} and {second}; remove the hodman tags from one of them"
    )]
    TwoClaimants {
        /// The workspace.
        workspace: String,
        /// Pipeline and environment that both name.
        owner: String,
        /// The resource they both claim to be. Boxed: an error should not make every result of a plan large.
        key: Box<ResourceKey>,
        /// The id of one.
        first: String,
        /// The id of the other.
        second: String,
    },
    /// Two pipelines or environments say that an object is theirs. Whoever applied last would win, again and again.
    #[error(
        "{workspace}: {kind} {id} is claimed by {}; take it out of all but one of them",
        .claimants.iter().map(owner).collect::<Vec<_>>().join(" and by ")
    )]
    Contested {
        /// The workspace.
        workspace: String,
        /// The object's kind.
        kind: String,
        /// The object's id.
        id: String,
        /// Who claims it.
        claimants: Vec<Marker>,
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
    /// Actions that a guard forbids; all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refusal>),
}

/// `pipeline/environment/key`.
pub(super) fn owner(marker: &Marker) -> String {
    marker.to_string()
}

/// The finding for a resource of a kind that is not in the table.
pub(super) fn unsupported_kind(key: &ResourceKey, file: &str, line: u32) -> Diagnostic {
    let names = KINDS.iter().map(|kind| kind.name());
    let hint = did_you_mean(&key.kind, names.clone())
        .unwrap_or_else(|| format!("hodman applies {}", names.collect::<Vec<_>>().join(", ")));
    Diagnostic::error(
        file,
        format!(
            "resource `{key}`: the kind `{}` is not supported yet",
            key.kind
        ),
    )
    .at(line, 1)
    .hint(hint)
}
