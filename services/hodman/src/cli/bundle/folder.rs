//! The files of a folder as a tree.

use crate::cli::failure::{Exit, Failure};
use anyhow::Context as _;
use hodman_model::files::{SourceBytes, Tree};
use std::collections::BTreeMap;
use std::path::Path;

/// What no bundle holds and what can be large.
const SKIPPED: [&str; 5] = [
    ".git",
    ".databricks",
    ".venv",
    "node_modules",
    "__pycache__",
];

/// Reads every file below `root`, by its path from there. Links are not followed.
pub(super) fn read(root: &Path) -> anyhow::Result<Tree> {
    if !root.is_dir() {
        let what = format!("{} is no folder", root.display());
        return Err(Failure::new(Exit::Usage, what).into());
    }
    let mut tree: Tree = BTreeMap::new();
    let mut open = vec![(root.to_owned(), String::new())];
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
                tree.insert(path, SourceBytes::plain(bytes));
            }
        }
    }
    Ok(tree)
}
