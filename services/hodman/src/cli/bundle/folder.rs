//! The files of a folder as a tree, with what its bundle uses beside it in the same repository.

use crate::cli::failure::{Exit, Failure};
use anyhow::Context as _;
use hodman_model::bundle::{FOLDER_FILE, Room, asked_outside, note_commit};
use hodman_model::files::{SourceBytes, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What no bundle holds and what can be large.
const SKIPPED: [&str; 5] = [
    ".git",
    ".databricks",
    ".venv",
    "node_modules",
    "__pycache__",
];

/// A repository, and where the bundle lies in it.
pub(super) struct Around {
    /// Its topmost folder.
    pub top: PathBuf,
    /// The bundle's.
    pub room: Room,
    /// The commit that is checked out; none before the first.
    pub commit: Option<String>,
}

/// Reads every file below `root`, by its path from there, and what the bundle asks for beside that as far as `around` goes.
/// Links are not followed.
pub(super) fn read(root: &Path, around: Option<&Around>) -> anyhow::Result<Tree> {
    if !root.is_dir() {
        let what = format!("{} is no folder", root.display());
        return Err(Failure::new(Exit::Usage, what).into());
    }
    let mut tree: Tree = BTreeMap::new();
    below(root, "", &mut |path, bytes| {
        tree.insert(path, SourceBytes::plain(bytes));
    })?;
    let mut done = BTreeSet::new();
    while let Some(Around { top, room, .. }) = around {
        let asked = asked_outside(&tree, room);
        let more: Vec<String> = asked.difference(&done).cloned().collect();
        if more.is_empty() {
            break;
        }
        for path in more {
            one(top, room, &path, &mut tree)?;
            done.insert(path);
        }
        tree.insert(FOLDER_FILE.to_owned(), room.note());
    }
    if let Some(commit) = around.and_then(|around| around.commit.as_deref()) {
        note_commit(&mut tree, commit);
    }
    Ok(tree)
}

/// A file or folder of the repository beside the bundle's own.
fn one(top: &Path, room: &Room, path: &str, tree: &mut Tree) -> anyhow::Result<()> {
    let mut at = top.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        at.push(part);
        // What is not there is said with its place when the bundle is resolved.
        let Ok(entry) = at.symlink_metadata() else {
            return Ok(());
        };
        if entry.is_symlink() {
            let what = format!("{} is a link, which may lead anywhere", at.display());
            let failure = Failure::new(Exit::Usage, what);
            return Err(failure
                .hint("put the files themselves into the repository")
                .into());
        }
    }
    let own = room.folder();
    let mut add = |path: String, bytes: Vec<u8>| {
        let is_own = path
            .strip_prefix(&own)
            .is_some_and(|rest| rest.starts_with('/'));
        if !is_own {
            tree.insert(room.inner(&path), SourceBytes::plain(bytes));
        }
    };
    if at.is_file() {
        let bytes = std::fs::read(&at).with_context(|| format!("reading {}", at.display()))?;
        add(path.to_owned(), bytes);
        return Ok(());
    }
    let prefix = match path {
        "" => String::new(),
        path => format!("{path}/"),
    };
    below(&at, &prefix, &mut add)
}

/// Every file below `root`, its path behind `prefix`.
fn below(root: &Path, prefix: &str, add: &mut dyn FnMut(String, Vec<u8>)) -> anyhow::Result<()> {
    let mut open = vec![(root.to_owned(), prefix.to_owned())];
    while let Some((folder, prefix)) = open.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !SKIPPED.contains(name)) else {
                continue;
            };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push((entry.path(), format!("{path}/")));
            } else if kind.is_file() {
                let bytes = std::fs::read(entry.path())
                    .with_context(|| format!("reading {}", entry.path().display()))?;
                add(path, bytes);
            }
        }
    }
    Ok(())
}
