//! The files a user's repository holds besides the bundle, and the tree they are read from.

mod captured_lock;
mod duration;
mod environment;
pub(crate) mod node;
mod policy;
mod release;
mod schema;
mod template;
#[cfg(test)]
mod tests;
pub(crate) mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use captured_lock::{
    CapturedEntry, CapturedLock, Seen, parse_captured_lock, render_captured_lock,
};
pub use duration::{InvalidSpan, Span};
pub(crate) use environment::Spot;
pub use environment::{
    CaptureBranch, CaptureFormat, CaptureOn, CaptureRules, CheckName, Drift, Environment, FileSets,
    Freeze, Gates, Layout, Merge, Missed, Mode, ModuleCall, Open, Presence, Rotate, Schedule,
    Schedules, Selection, TagSelection, Verify, Window, WindowKind, Workspace, check_order,
    parse_environment, parse_environment_by,
};
pub use policy::{BuildPolicy, POLICY_FILE, Policy, TerraformPolicy, parse_policy};
pub use release::{CommitId, InvalidCommitId, Release, parse_release, render_release};
pub use schema::schemas;
pub use template::{Parameter, Template};

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
