//! Making commits without a work tree. The same request makes the same commit, so a repetition
//! after a crash finds its own work.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use git2::build::TreeUpdateBuilder;
use git2::{
    FileMode, Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, Signature, Time, Tree,
};

use super::error::GitError;
use super::mirror::{Mirror, parse_id};
use super::read::{entry_at, find_commit, find_tree};

/// What the changes start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// The files of a commit.
    Commit(String),
    /// The files of a tree, for example of [`super::MergeResult::Clean`].
    Tree(String),
    /// No files.
    Empty,
}

/// The new content of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The bytes.
    pub content: Vec<u8>,
    /// Whether it may be run.
    pub executable: bool,
}

/// A commit to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// The commits before it: none for the first one, two for a merge.
    pub parents: Vec<String>,
    /// What the changes start from.
    pub base: Base,
    /// New contents by path; `None` removes (what is already absent stays so).
    pub changes: BTreeMap<String, Option<FileChange>>,
    /// The message.
    pub message: String,
    /// Author and committer.
    pub author_name: String,
    /// Their address.
    pub author_email: String,
    /// The moment, to the second.
    pub time: DateTime<Utc>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// This commit is in the mirror; nobody else has it before it is pushed.
    Committed(String),
    /// The only parent has exactly these files already; this is the parent.
    Unchanged(String),
}

impl CommitOutcome {
    /// The commit that has the requested files.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Committed(id) | Self::Unchanged(id) => id,
        }
    }
}

impl Mirror {
    /// Makes a commit; no branch moves. May be repeated: the same request makes the same commit.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror lacks a parent or the base; [`GitError::Invalid`]
    /// for a path that leaves the tree.
    pub fn commit(&self, request: &CommitRequest) -> Result<CommitOutcome, GitError> {
        for path in request.changes.keys() {
            check_path(path)?;
        }
        self.with_repository(|repository| {
            let failed = || GitError::library("make a commit");
            let parents = request
                .parents
                .iter()
                .map(|id| find_commit(repository, id))
                .collect::<Result<Vec<_>, _>>()?;
            let base = base_tree(repository, &request.base)?;
            let tree = changed_tree(repository, &base, &request.changes)?;
            if let [parent] = parents.as_slice()
                && parent.tree_id() == tree
            {
                return Ok(CommitOutcome::Unchanged(parent.id().to_string()));
            }
            let tree = repository.find_tree(tree).map_err(failed())?;
            let time = Time::new(request.time.timestamp(), 0);
            let signature = Signature::new(&request.author_name, &request.author_email, &time)
                .map_err(failed())?;
            let parents = parents.iter().collect::<Vec<_>>();
            let id = repository
                .commit(
                    None,
                    &signature,
                    &signature,
                    &request.message,
                    &tree,
                    &parents,
                )
                .map_err(failed())?;
            Ok(CommitOutcome::Committed(id.to_string()))
        })
    }
}

fn base_tree<'r>(repository: &'r Repository, base: &Base) -> Result<Tree<'r>, GitError> {
    match base {
        Base::Commit(id) => find_tree(repository, id),
        Base::Tree(id) => repository
            .find_tree(parse_id(id)?)
            .map_err(|_| GitError::Missing {
                kind: "tree",
                id: id.clone(),
            }),
        Base::Empty => {
            let empty = repository
                .treebuilder(None)
                .and_then(|builder| builder.write());
            empty
                .and_then(|id| repository.find_tree(id))
                .map_err(GitError::library("make an empty tree"))
        }
    }
}

fn changed_tree(
    repository: &Repository,
    base: &Tree<'_>,
    changes: &BTreeMap<String, Option<FileChange>>,
) -> Result<Oid, GitError> {
    let failed = || GitError::library("write the changed files");
    let mut update = TreeUpdateBuilder::new();
    let mut blobs = BTreeMap::new();
    for (path, change) in changes {
        if let Some(file) = change {
            let id = repository.blob(&file.content).map_err(failed())?;
            let mode = if file.executable {
                FileMode::BlobExecutable
            } else {
                FileMode::Blob
            };
            update.upsert(path.as_str(), id, mode);
            blobs.insert(path.as_str(), Some((id, mode)));
        } else if entry_at(base, path)?.is_some_and(|entry| entry.kind() != Some(ObjectType::Tree))
        {
            update.remove(path.as_str());
            blobs.insert(path.as_str(), None);
        }
    }
    if blobs.is_empty() {
        return Ok(base.id());
    }
    match update.create_updated(repository, base) {
        Ok(tree) => Ok(tree),
        // The fast way cannot turn a file into a directory or back.
        Err(_) => changed_tree_by_index(repository, base, &blobs).map_err(failed()),
    }
}

fn changed_tree_by_index(
    repository: &Repository,
    base: &Tree<'_>,
    blobs: &BTreeMap<&str, Option<(Oid, FileMode)>>,
) -> Result<Oid, git2::Error> {
    let mut index = Index::new()?;
    index.read_tree(base)?;
    for (path, blob) in blobs {
        if blob.is_none() {
            index.remove(path.as_ref(), 0)?;
        }
    }
    for (path, blob) in blobs {
        if let Some((id, mode)) = blob {
            // A directory in the way of a file goes with all that is in it.
            index.remove_dir(path.as_ref(), 0)?;
            index.add(&IndexEntry {
                ctime: IndexTime::new(0, 0),
                mtime: IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode: u32::from(*mode),
                uid: 0,
                gid: 0,
                file_size: 0,
                id: *id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            })?;
        }
    }
    index.write_tree_to(repository)
}

/// A path below the root, in git's own spelling, that no checkout could write elsewhere.
fn check_path(path: &str) -> Result<(), GitError> {
    let fits = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.eq_ignore_ascii_case(".git")
            && !part.contains(['\\', '\0'])
    };
    if path.split('/').all(fits) {
        Ok(())
    } else {
        Err(GitError::Invalid(format!(
            "'{path}' is not a path that can be committed"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::check_path;

    #[test]
    fn paths_stay_inside() {
        assert!(check_path("environments/qa/release.yaml").is_ok());
        for bad in [
            "",
            "/etc/passwd",
            "a//b",
            "a/../b",
            "./a",
            ".GIT/config",
            "a/",
            "a\\b",
        ] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }
}
