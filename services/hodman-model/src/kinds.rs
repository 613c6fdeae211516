//! The kinds of objects in a workspace: how each is listed, read, made, changed, removed and compared.
//!
//! A new kind is a new file here and its row in [`KINDS`]. Kinds know no HTTP: requests are data ([`Call`]).

mod call;
mod cluster_spec;
mod clusters;
pub mod files;
mod jobs;
mod listed;
mod marker;
pub mod pattern;
pub mod rules;
pub mod secrets;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use call::{Call, ListCall, Method};
pub use clusters::Clusters;
pub use jobs::Jobs;
pub use listed::{Listed, ReadError};
pub use marker::{Marker, TAG_ENV, TAG_KEY, TAG_PIPELINE};
use rules::Rules;

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

/// A change of one object, as far as [`Kind::reversibility`] asks.
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

/// One kind of object in a workspace.
pub trait Kind: Sync + fmt::Debug {
    /// The name under `resources:` in a bundle, such as `jobs`.
    fn name(&self) -> &'static str;

    /// The word for one of them, also in file names: `job` in `nightly.job.yml`.
    fn singular(&self) -> &'static str;

    /// The object type of the permissions API, such as `jobs` in `/api/2.0/permissions/jobs/{id}`.
    fn permission_type(&self) -> &'static str;

    /// How all objects of this kind are listed.
    fn list(&self) -> ListCall;

    /// How one object is read in full.
    fn get(&self, id: &str) -> Call;

    /// Reads one listed or gotten object; none for objects that are nobody's to manage (a cluster that a job made).
    ///
    /// # Errors
    /// When the answer lacks what every object of this kind has.
    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError>;

    /// Makes an object that carries `marker`. `config` has no placeholders left.
    fn create(&self, config: &Value, marker: &Marker) -> Call;

    /// Brings the object `id` to `config`, in full, with `marker` on it.
    fn update(&self, id: &str, config: &Value, marker: &Marker) -> Call;

    /// Removes the object `id`, not just stops it. "Does not exist" is success.
    fn delete(&self, id: &str) -> Call;

    /// The id in the answer to [`Kind::create`].
    fn created_id(&self, answer: &Value) -> Option<String>;

    /// Which fields mean what.
    fn rules(&self) -> &'static Rules;

    /// What an action loses.
    fn reversibility(&self, change: Change) -> Reversibility;
}

/// Every kind that is managed and captured, in the order in which they are shown.
pub const KINDS: &[&dyn Kind] = &[&Clusters, &Jobs];

/// The kind of that name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}
