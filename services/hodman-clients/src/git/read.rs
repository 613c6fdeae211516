//! Reading branches and files.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Commit, ErrorCode, ObjectType, Repository, Tree};

use super::error::GitError;
use super::mirror::{Mirror, branch_ref, parse_id};

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link; its content is the target.
    Symlink,
    /// Another repository's commit, whose content is not here.
    Submodule,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path from the root, with `/`.
    pub path: String,
    /// Id of the content.
    pub oid: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of the content; 0 for a submodule.
    pub size: u64,
}

impl Mirror {
    /// All branches and their commits, as of the last fetch and our own pushes since.
    ///
    /// # Errors
    /// [`GitError::Library`].
    pub fn heads(&self) -> Result<BTreeMap<String, String>, GitError> {
        self.with_repository(|repository| {
            let heads = || {
                let mut heads = BTreeMap::new();
                for reference in repository.references_glob("refs/heads/*")? {
                    let reference = reference?;
                    let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
                    if let (Some(branch), Some(id)) =
                        (name.strip_prefix("refs/heads/"), reference.target())
                    {
                        heads.insert(branch.to_owned(), id.to_string());
                    }
                }
                Ok(heads)
            };
            heads().map_err(GitError::library("list branches"))
        })
    }

    /// The commit of one branch.
    ///
    /// # Errors
    /// [`GitError::Invalid`] for a name that is no branch; [`GitError::Library`].
    pub fn head(&self, branch: &str) -> Result<Option<String>, GitError> {
        let name = branch_ref(branch)?;
        self.with_repository(|repository| match repository.refname_to_id(&name) {
            Ok(id) => Ok(Some(id.to_string())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(GitError::library("read a branch")(error)),
        })
    }

    /// The commit that people mean by a name: a branch, a tag that was fetched, or an id, also the beginning of one. `None`
    /// when the mirror has none of them.
    ///
    /// # Errors
    /// [`GitError::Invalid`] when several ids begin so; [`GitError::Library`].
    pub fn commit_named(&self, name: &str) -> Result<Option<String>, GitError> {
        let is_id = (4..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
        self.with_repository(|repository| {
            for full in [format!("refs/heads/{name}"), format!("refs/tags/{name}")] {
                if !git2::Reference::is_valid_name(&full) {
                    continue;
                }
                match repository.find_reference(&full) {
                    // A tag with a text is an object of its own.
                    Ok(found) => {
                        let commit = found
                            .peel_to_commit()
                            .map_err(GitError::library("read what a reference names"))?;
                        return Ok(Some(commit.id().to_string()));
                    }
                    Err(error) if error.code() == ErrorCode::NotFound => {}
                    Err(error) => return Err(GitError::library("read a reference")(error)),
                }
            }
            if !is_id {
                return Ok(None);
            }
            match repository.revparse_single(name) {
                Ok(found) => match found.peel_to_commit() {
                    Ok(commit) => Ok(Some(commit.id().to_string())),
                    // It is something else than a commit.
                    Err(_) => Ok(None),
                },
                Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
                Err(error) if error.code() == ErrorCode::Ambiguous => Err(GitError::Invalid(
                    format!("several objects begin with {name}: say more of the id"),
                )),
                Err(error) => Err(GitError::library("find a commit")(error)),
            }
        })
    }

    /// The content of a file; `None` when there is none at `path` (or it is a directory).
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror has no such commit.
    pub fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let mut found = self.read_many(commit, [path])?;
        Ok(found.remove(path))
    }

    /// The contents of those `paths` that are files.
    ///
    /// # Errors
    /// As for [`Mirror::read`].
    pub fn read_many<'a>(
        &self,
        commit: &str,
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        self.with_repository(|repository| {
            let tree = find_tree(repository, commit)?;
            let mut found = BTreeMap::new();
            // The folder of the path before, which mostly is this path's, too: going down from the root each time would
            // read a folder of ten thousand files ten thousand times.
            let mut open: Option<(&str, Option<Tree<'_>>)> = None;
            for path in paths {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                if open.as_ref().is_none_or(|(known, _)| *known != folder) {
                    open = Some((folder, tree_at(repository, &tree, folder)?));
                }
                let Some((_, Some(below))) = &open else {
                    continue;
                };
                let Some(entry) = below.get_name(name) else {
                    continue;
                };
                if entry.kind() == Some(ObjectType::Blob) {
                    let blob = repository
                        .find_blob(entry.id())
                        .map_err(GitError::library("read a file"))?;
                    found.insert(path.to_owned(), blob.content().to_vec());
                }
            }
            Ok(found)
        })
    }

    /// The content with this id; `None` when the mirror has none.
    ///
    /// # Errors
    /// [`GitError::Library`].
    pub fn blob(&self, oid: &str) -> Result<Option<Vec<u8>>, GitError> {
        let id = parse_id(oid)?;
        self.with_repository(|repository| match repository.find_blob(id) {
            Ok(blob) => Ok(Some(blob.content().to_vec())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(GitError::library("read a file")(error)),
        })
    }

    /// All files below `prefix` (a directory, or a file itself; `""` for all), by path.
    ///
    /// # Errors
    /// [`GitError::Missing`] when the mirror has no such commit; [`GitError::Invalid`] for a
    /// path that is not UTF-8, which nothing here could name again.
    pub fn list(&self, commit: &str, prefix: &str) -> Result<Vec<Entry>, GitError> {
        let prefix = prefix.trim_matches('/');
        self.with_repository(|repository| {
            let root = find_tree(repository, commit)?;
            let mut found = Vec::new();
            if prefix.is_empty() {
                collect(repository, &root, "", &mut found)?;
            } else if let Some(entry) = entry_at(&root, prefix)? {
                collect_entry(repository, &entry, prefix.to_owned(), &mut found)?;
            }
            found.sort_by(|left, right| left.path.cmp(&right.path));
            Ok(found)
        })
    }
}

/// The commit with this id.
pub(super) fn find_commit<'r>(
    repository: &'r Repository,
    id: &str,
) -> Result<Commit<'r>, GitError> {
    repository
        .find_commit(parse_id(id)?)
        .map_err(|error| match error.code() {
            ErrorCode::NotFound => GitError::Missing {
                kind: "commit",
                id: id.to_owned(),
            },
            _ => GitError::library("read a commit")(error),
        })
}

/// The tree of the commit with this id.
pub(super) fn find_tree<'r>(
    repository: &'r Repository,
    commit: &str,
) -> Result<Tree<'r>, GitError> {
    find_commit(repository, commit)?
        .tree()
        .map_err(GitError::library("read a commit's tree"))
}

/// The folder at `path` below `tree`, itself for the empty path; `None` when there is none.
fn tree_at<'r>(
    repository: &'r Repository,
    tree: &Tree<'r>,
    path: &str,
) -> Result<Option<Tree<'r>>, GitError> {
    if path.is_empty() {
        return Ok(Some(tree.clone()));
    }
    match entry_at(tree, path)? {
        Some(entry) if entry.kind() == Some(ObjectType::Tree) => repository
            .find_tree(entry.id())
            .map(Some)
            .map_err(GitError::library("read a folder")),
        Some(_) | None => Ok(None),
    }
}

/// What is at `path`; `None` when nothing is.
pub(super) fn entry_at(
    tree: &Tree<'_>,
    path: &str,
) -> Result<Option<git2::TreeEntry<'static>>, GitError> {
    if path.is_empty() {
        return Ok(None);
    }
    match tree.get_path(Path::new(path)) {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(GitError::library("look up a path")(error)),
    }
}

fn collect(
    repository: &Repository,
    tree: &Tree<'_>,
    above: &str,
    found: &mut Vec<Entry>,
) -> Result<(), GitError> {
    for entry in tree {
        let name = entry.name().map_err(|_| {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            GitError::Invalid(format!("the name of '{above}/{name}' is not UTF-8"))
        })?;
        let path = if above.is_empty() {
            name.to_owned()
        } else {
            format!("{above}/{name}")
        };
        collect_entry(repository, &entry, path, found)?;
    }
    Ok(())
}

fn collect_entry(
    repository: &Repository,
    entry: &git2::TreeEntry<'_>,
    path: String,
    found: &mut Vec<Entry>,
) -> Result<(), GitError> {
    let kind = match entry.kind() {
        Some(ObjectType::Tree) => {
            let tree = repository
                .find_tree(entry.id())
                .map_err(GitError::library("read a directory"))?;
            return collect(repository, &tree, &path, found);
        }
        Some(ObjectType::Commit) => EntryKind::Submodule,
        _ => match entry.filemode() {
            0o120_000 => EntryKind::Symlink,
            0o100_755 => EntryKind::Executable,
            _ => EntryKind::File,
        },
    };
    let size = if kind == EntryKind::Submodule {
        0
    } else {
        let header = repository.odb().and_then(|odb| odb.read_header(entry.id()));
        header.map_err(GitError::library("read a file's size"))?.0 as u64
    };
    found.push(Entry {
        path,
        oid: entry.id().to_string(),
        kind,
        size,
    });
    Ok(())
}
