//! Where a value stands in a config that is gone through.

use crate::field_path::{FieldPath, PathSegment};

/// Where a value stands. A path is made of it only where somebody asks: there is one for each field of each object, and
/// hardly any of them is anybody's business.
pub(super) enum Spot<'a> {
    /// The whole config.
    Root,
    /// Behind a key of the mapping there.
    Key(&'a Spot<'a>, &'a str),
    /// At a position of the list there.
    Index(&'a Spot<'a>, usize),
}

impl Spot<'_> {
    /// The path from the root.
    pub fn path(&self) -> FieldPath {
        match self {
            Self::Root => FieldPath::default(),
            Self::Key(above, key) => above.path().key(*key),
            Self::Index(above, index) => above.path().then(PathSegment::Index(*index)),
        }
    }
}
