//! How much of a file set lies in its folder.

use crate::work::WorkError;
use hodman_clients::databricks::{EntryKind, Workspace};
use hodman_model::plan::FileSetState;
use std::collections::BTreeSet;

/// Endings of files that may be notebooks.
const NOTEBOOKS: [&str; 6] = ["py", "sql", "scala", "r", "R", "ipynb"];

/// How much of a file set lies in its folder.
pub(in crate::work) async fn folder_state<'p>(
    workspace: &Workspace,
    folder: &str,
    files: impl Iterator<Item = &'p str>,
) -> Result<FileSetState, WorkError> {
    let there: BTreeSet<String> = match workspace.files().list_recursive(folder).await {
        Ok(entries) => entries
            .into_iter()
            .filter(|entry| entry.kind != EntryKind::Directory)
            .map(|entry| bare(&entry.path).to_owned())
            .collect(),
        Err(error) if error.is_not_found() => return Ok(FileSetState::Absent),
        Err(error) => return Err(error.into()),
    };
    let missing: Vec<String> = files
        .filter(|path| {
            // A notebook's path has no extension in a workspace; `settings.json` is not there because `settings` is.
            let stem = path
                .rsplit_once('.')
                .filter(|(_, end)| NOTEBOOKS.contains(end))
                .map_or(*path, |(stem, _)| stem);
            !there.contains(&format!("{}/{path}", bare(folder)))
                && !there.contains(&format!("{}/{stem}", bare(folder)))
        })
        .map(str::to_owned)
        .collect();
    Ok(if missing.is_empty() {
        FileSetState::Complete
    } else {
        FileSetState::Partial { missing }
    })
}

/// Workspaces take paths with `/Workspace` in front and answer them without.
fn bare(path: &str) -> &str {
    path.strip_prefix("/Workspace").unwrap_or(path)
}
