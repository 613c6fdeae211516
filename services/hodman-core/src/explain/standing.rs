//! The word for how an environment stands.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How an environment stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing has ever been applied.
    Empty,
    /// Free-form: people work there.
    FreeForm,
    /// Not in Git, or absent.
    Gone,
    /// Held by a person.
    Held,
    /// A file on main cannot be used.
    Broken,
    /// The pin on main does not count.
    Refused,
    /// A promotion pull request is on its way or open.
    Proposed,
    /// Approved, waiting for its window.
    Approved,
    /// Being applied.
    Applying,
    /// Being verified.
    Verifying,
    /// Something outside the approval is needed.
    NeedsApproval,
    /// A step failed.
    Failed,
    /// Verification failed.
    Unhealthy,
    /// In place and verified, and the workspace differs.
    Drifted,
    /// In place and verified; the workspace differs, and a pull request proposes to keep it so.
    DriftProposed,
    /// In place and verified.
    Healthy,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Empty => "empty",
            Self::FreeForm => "free-form",
            Self::Gone => "gone",
            Self::Held => "held",
            Self::Broken => "broken",
            Self::Refused => "refused",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Applying => "applying",
            Self::Verifying => "verifying",
            Self::NeedsApproval => "needs-approval",
            Self::Failed => "failed",
            Self::Unhealthy => "unhealthy",
            Self::Drifted => "drifted",
            Self::DriftProposed => "drift-proposed",
            Self::Healthy => "healthy",
        };
        f.pad(word)
    }
}
