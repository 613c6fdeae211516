//! Merging two commits in memory.

use std::collections::BTreeSet;

use super::error::GitError;
use super::mirror::Mirror;
use super::read::find_commit;

/// What a merge would give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeResult {
    /// No conflict; to be committed with both as parents and [`super::Base::Tree`].
    Clean {
        /// Id of the merged tree, which is in the mirror.
        tree: String,
    },
    /// Both changed the same lines of these files.
    Conflicts {
        /// The paths.
        paths: BTreeSet<String>,
    },
}

impl Mirror {
    /// Merges `theirs` into `ours` by their common ancestor, in memory. May be repeated.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror lacks one of the two.
    pub fn merge(&self, ours: &str, theirs: &str) -> Result<MergeResult, GitError> {
        self.with_repository(|repository| {
            let failed = || GitError::library("merge");
            let (ours, theirs) = (
                find_commit(repository, ours)?,
                find_commit(repository, theirs)?,
            );
            let mut index = repository
                .merge_commits(&ours, &theirs, None)
                .map_err(failed())?;
            if !index.has_conflicts() {
                let tree = index.write_tree_to(repository).map_err(failed())?;
                return Ok(MergeResult::Clean {
                    tree: tree.to_string(),
                });
            }
            let mut paths = BTreeSet::new();
            for conflict in index.conflicts().map_err(failed())? {
                let conflict = conflict.map_err(failed())?;
                for side in [conflict.ancestor, conflict.our, conflict.their]
                    .into_iter()
                    .flatten()
                {
                    paths.insert(String::from_utf8_lossy(&side.path).into_owned());
                }
            }
            Ok(MergeResult::Conflicts { paths })
        })
    }
}
