//! How much of a file set lies in its folder.

use crate::work::WorkError;
use hodman_clients::databricks::{Entry, EntryKind, Workspace};
use hodman_model::plan::FileSetState;
use std::collections::BTreeMap;

/// Endings of files that may be notebooks.
const NOTEBOOKS: [&str; 6] = ["py", "sql", "scala", "r", "R", "ipynb"];

/// How much of a file set lies in its folder.
pub(in crate::work) async fn folder_state<'p>(
    workspace: &Workspace,
    folder: &str,
    files: impl Iterator<Item = &'p str>,
) -> Result<FileSetState, WorkError> {
    let Some(mut there) = listed(workspace, folder, true).await? else {
        return Ok(FileSetState::Absent);
    };
    there.retain(|_, entry| entry.kind != EntryKind::Directory);
    let missing: Vec<String> = files
        .filter(|path| {
            // A notebook's path has no extension in a workspace; `settings.json` is not there because `settings` is.
            let stem = path
                .rsplit_once('.')
                .filter(|(_, end)| NOTEBOOKS.contains(end))
                .map_or(*path, |(stem, _)| stem);
            !there.contains_key(&format!("{}/{path}", bare(folder)))
                && !there.contains_key(&format!("{}/{stem}", bare(folder)))
        })
        .map(str::to_owned)
        .collect();
    Ok(if missing.is_empty() {
        FileSetState::Complete
    } else {
        // In a folder named by its digest nothing is changed, and nobody looks whether it was.
        let changed = Vec::new();
        FileSetState::Partial { missing, changed }
    })
}

/// What lies in a folder, by path without `/Workspace`; none when it is not there. Only what is in it, without `deep`.
pub(in crate::work) async fn listed(
    workspace: &Workspace,
    folder: &str,
    deep: bool,
) -> Result<Option<BTreeMap<String, Entry>>, WorkError> {
    let files = workspace.files();
    let found = match deep {
        true => files.list_recursive(folder).await,
        false => files.list(folder).await,
    };
    match found {
        Ok(entries) => Ok(Some(
            entries
                .into_iter()
                .map(|entry| (bare(&entry.path).to_owned(), entry))
                .collect(),
        )),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Workspaces take paths with `/Workspace` in front and answer them without.
pub(in crate::work) fn bare(path: &str) -> &str {
    path.strip_prefix("/Workspace").unwrap_or(path)
}
