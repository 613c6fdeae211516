//! Questions about the past.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use git2::{Commit, Diff, ErrorCode, Oid, Sort};

use super::error::GitError;
use super::mirror::{Mirror, branch_ref, parse_id};
use super::read::{entry_at, find_commit};

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author_name: String,
    /// Their address.
    pub author_email: String,
    /// When it was committed.
    pub time: DateTime<Utc>,
    /// The whole message.
    pub message: String,
    /// The commits before it; several for a merge.
    pub parents: Vec<String>,
}

/// A commit that changed a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathVersion {
    /// The commit.
    pub commit: String,
    /// Id of the content from then on; `None` when the commit removed it.
    pub oid: Option<String>,
}

impl Mirror {
    /// What a commit says about itself.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror has no such commit.
    pub fn commit_info(&self, commit: &str) -> Result<CommitInfo, GitError> {
        self.with_repository(|repository| {
            let commit = find_commit(repository, commit)?;
            let author = commit.author();
            Ok(CommitInfo {
                id: commit.id().to_string(),
                author_name: String::from_utf8_lossy(author.name_bytes()).into_owned(),
                author_email: String::from_utf8_lossy(author.email_bytes()).into_owned(),
                time: DateTime::from_timestamp(commit.time().seconds(), 0).unwrap_or_default(),
                message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
                parents: commit.parent_ids().map(|id| id.to_string()).collect(),
            })
        })
    }

    /// Whether `ancestor` is `commit` or one of those before it.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror lacks one of the two.
    pub fn is_ancestor(&self, ancestor: &str, commit: &str) -> Result<bool, GitError> {
        self.with_repository(|repository| {
            let (ancestor, commit) = (
                find_commit(repository, ancestor)?,
                find_commit(repository, commit)?,
            );
            Ok(ancestor.id() == commit.id()
                || repository
                    .graph_descendant_of(commit.id(), ancestor.id())
                    .map_err(GitError::library("compare commits"))?)
        })
    }

    /// The best common ancestor; `None` for unrelated histories.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror lacks one of the two.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>, GitError> {
        self.with_repository(|repository| {
            let (one, other) = (
                find_commit(repository, one)?,
                find_commit(repository, other)?,
            );
            match repository.merge_base(one.id(), other.id()) {
                Ok(base) => Ok(Some(base.to_string())),
                Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
                Err(error) => Err(GitError::library("find the merge base")(error)),
            }
        })
    }

    /// The newest commit on the first-parent chain of `from` (a branch or a commit id) that
    /// changed what is at `path`: the merge that brought it, not the commit on the merged branch.
    /// `None` when nothing was ever there.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror lacks the branch or commit.
    pub fn last_change(&self, from: &str, path: &str) -> Result<Option<String>, GitError> {
        let start = match parse_id(from) {
            Ok(id) => id.to_string(),
            Err(_) => {
                let _ = branch_ref(from)?;
                self.head(from)?.ok_or_else(|| GitError::Missing {
                    kind: "branch",
                    id: from.to_owned(),
                })?
            }
        };
        self.with_repository(|repository| {
            let mut commit = find_commit(repository, &start)?;
            let mut here = content_at(&commit, path)?;
            loop {
                if commit.parent_count() == 0 {
                    return Ok(here.map(|_| commit.id().to_string()));
                }
                let parent = commit
                    .parent(0)
                    .map_err(GitError::library("read a parent commit"))?;
                let before = if parent.tree_id() == commit.tree_id() {
                    here
                } else {
                    content_at(&parent, path)?
                };
                if before != here {
                    return Ok(Some(commit.id().to_string()));
                }
                (commit, here) = (parent, before);
            }
        })
    }

    /// The commits reachable from `from` that changed `path`, newest first, at most `limit`:
    /// those whose content there differs from all their parents'.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror has no such commit.
    pub fn history_of(
        &self,
        path: &str,
        from: &str,
        limit: usize,
    ) -> Result<Vec<PathVersion>, GitError> {
        self.with_repository(|repository| {
            let failed = || GitError::library("walk the history");
            let start = find_commit(repository, from)?.id();
            let mut walk = repository.revwalk().map_err(failed())?;
            walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)
                .map_err(failed())?;
            walk.push(start).map_err(failed())?;
            let mut found = Vec::new();
            for id in walk {
                if found.len() == limit {
                    break;
                }
                let commit = repository
                    .find_commit(id.map_err(failed())?)
                    .map_err(failed())?;
                let here = content_at(&commit, path)?;
                let mut new = commit.parent_count() > 0 || here.is_some();
                for parent in commit.parents() {
                    new &= content_at(&parent, path)? != here;
                }
                if new {
                    found.push(PathVersion {
                        commit: commit.id().to_string(),
                        oid: here.map(|(id, _)| id.to_string()),
                    });
                }
            }
            Ok(found)
        })
    }

    /// The paths of files that differ between two commits, those that only one has included.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror lacks one of the two.
    pub fn changed_paths(&self, before: &str, after: &str) -> Result<BTreeSet<String>, GitError> {
        self.with_repository(|repository| {
            let failed = || GitError::library("compare two trees");
            let old = find_commit(repository, before)?.tree().map_err(failed())?;
            let new = find_commit(repository, after)?.tree().map_err(failed())?;
            let diff = repository
                .diff_tree_to_tree(Some(&old), Some(&new), None)
                .map_err(failed())?;
            Ok(paths_of(&diff))
        })
    }
}

/// What is at the path: its content and its mode, so that becoming executable is a change.
fn content_at(commit: &Commit<'_>, path: &str) -> Result<Option<(Oid, i32)>, GitError> {
    let tree = commit
        .tree()
        .map_err(GitError::library("read a commit's tree"))?;
    Ok(entry_at(&tree, path)?.map(|entry| (entry.id(), entry.filemode())))
}

fn paths_of(diff: &Diff<'_>) -> BTreeSet<String> {
    diff.deltas()
        .flat_map(|delta| [delta.old_file().path_bytes(), delta.new_file().path_bytes()])
        .flatten()
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect()
}
