//! The files a user's repository holds besides the bundle, and the tree they are read from.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The files of a repository by path (`/` between the parts, no leading `/`).
pub type Tree = BTreeMap<String, SourceBytes>;

/// One file as Git has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceBytes {
    /// The content.
    pub bytes: Arc<[u8]>,
    /// Git's mode 100755.
    pub executable: bool,
}

impl SourceBytes {
    /// A file that is not executable.
    #[must_use]
    pub fn plain(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            executable: false,
        }
    }
}
