//! What a bundle uses of its repository beside the pipeline's folder.

use super::{Repo, WorkError};
use hodman_clients::git::{Entry, EntryKind};
use hodman_model::bundle::{FOLDER_FILE, asked_outside};
use hodman_model::files::{SourceBytes, Tree};
use std::collections::BTreeSet;

/// The files at a path of the repository, or below it, but for the pipeline's own, which are read anyway.
pub(super) fn entries(repo: &Repo, commit: &str, path: &str) -> Result<Vec<Entry>, WorkError> {
    let mut entries = repo.mirror.list(commit, path)?;
    entries.retain(|entry| repo.inner(&entry.path).is_none());
    Ok(entries)
}

/// Adds to `tree`, which has the pipeline's files, all that its bundle asks for beside them; links and submodules are left
/// out. A file that is there may ask for more.
pub(super) fn add(repo: &Repo, commit: &str, tree: &mut Tree) -> Result<(), WorkError> {
    let room = repo.room();
    let mut done = BTreeSet::new();
    loop {
        let asked = asked_outside(tree, &room);
        let more: Vec<&String> = asked.difference(&done).collect();
        if more.is_empty() {
            return Ok(());
        }
        for path in more {
            let entries = entries(repo, commit, path)?;
            let files = entries
                .iter()
                .filter(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Executable));
            let paths = files.clone().map(|entry| entry.path.as_str());
            let mut contents = repo.mirror.read_many(commit, paths)?;
            for entry in files {
                if let Some(bytes) = contents.remove(&entry.path) {
                    let source = SourceBytes {
                        bytes: bytes.into(),
                        executable: entry.kind == EntryKind::Executable,
                    };
                    tree.insert(room.inner(&entry.path), source);
                }
            }
        }
        tree.insert(FOLDER_FILE.to_owned(), room.note());
        done.extend(asked);
    }
}
