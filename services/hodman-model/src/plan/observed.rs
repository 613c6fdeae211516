//! What a workspace has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::desired::FileSet;
use crate::digest::Digest;
use crate::kinds::Listed;

/// One object and its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedObject {
    /// The name of its kind, such as `jobs`.
    pub kind: String,
    /// The object.
    pub listed: Listed,
}

/// How much of a file set lies in its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum FileSetState {
    /// No folder.
    #[default]
    Absent,
    /// A crash or an error came between: the folder is there, some files are not.
    Partial {
        /// The paths that lack.
        missing: Vec<String>,
    },
    /// Every file is there.
    Complete,
}

/// What a workspace has, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// All objects of the kinds that we manage, ours and others'.
    pub objects: Vec<ObservedObject>,
    /// The folders of file sets below the environment's root; a digest that is not here is absent.
    pub files: BTreeMap<Digest, FileSetState>,
    /// What earlier file sets hold, as far as somebody remembers: only to say which files change.
    pub known_sets: BTreeMap<Digest, FileSet>,
}
