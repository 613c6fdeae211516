//! Changes of one object, and what can be taken back after them.

use serde::{Deserialize, Serialize};

/// What can be taken back after an action, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "kebab-case")]
pub enum Reversibility {
    /// The former state can be put back without loss.
    Reversible,
    /// The object can be made again, but something around it is lost.
    Compensable {
        /// What is lost.
        loses: String,
    },
    /// What is lost cannot be made again; needs an approval that names the object.
    Irreversible {
        /// What is lost.
        loses: String,
    },
}

/// A change of one object, as far as [`super::Kind::reversibility`] asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new object.
    Create,
    /// Fields of an object, in place.
    Update,
    /// The object away and a new one in its place.
    Replace,
    /// The object away.
    Delete,
}
