//! What changed between two commits, as GitHub lists files.

use git2::{Delta, DiffFindOptions, DiffOptions, Oid, Patch, Repository};

/// One changed file.
#[derive(Debug, Clone)]
pub(crate) struct FileDiff {
    pub filename: String,
    pub previous: Option<String>,
    /// `added`, `removed`, `modified` or `renamed`.
    pub status: &'static str,
    pub additions: usize,
    pub deletions: usize,
    /// Hunks without the file header; `None` for binary files.
    pub patch: Option<String>,
    pub blob: Oid,
}

/// Files changed from `old` (`None`: the empty tree) to `new`.
pub(crate) fn between(
    repo: &Repository,
    old: Option<Oid>,
    new: Oid,
) -> Result<Vec<FileDiff>, git2::Error> {
    let old = old.map(|oid| repo.find_commit(oid)?.tree()).transpose()?;
    let new = repo.find_commit(new)?.tree()?;
    let mut options = DiffOptions::new();
    let mut diff = repo.diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options))?;
    diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
    let mut files = Vec::new();
    for (index, delta) in diff.deltas().enumerate() {
        let name =
            |path: Option<&std::path::Path>| path.map(|path| path.to_string_lossy().into_owned());
        let (status, path, blob) = match delta.status() {
            Delta::Added => (
                "added",
                name(delta.new_file().path()),
                delta.new_file().id(),
            ),
            Delta::Deleted => (
                "removed",
                name(delta.old_file().path()),
                delta.old_file().id(),
            ),
            Delta::Renamed => (
                "renamed",
                name(delta.new_file().path()),
                delta.new_file().id(),
            ),
            _ => (
                "modified",
                name(delta.new_file().path()),
                delta.new_file().id(),
            ),
        };
        let (mut additions, mut deletions, mut text) = (0, 0, None);
        if let Some(mut patch) = Patch::from_diff(&diff, index)? {
            (_, additions, deletions) = patch.line_stats()?;
            if !patch.delta().flags().is_binary() {
                text = Some(hunks(&mut patch)?);
            }
        }
        let previous = (status == "renamed")
            .then(|| name(delta.old_file().path()))
            .flatten();
        files.push(FileDiff {
            filename: path.unwrap_or_default(),
            previous,
            status,
            additions,
            deletions,
            patch: text,
            blob,
        });
    }
    Ok(files)
}

fn hunks(patch: &mut Patch<'_>) -> Result<String, git2::Error> {
    let whole = patch.to_buf()?;
    let whole = String::from_utf8_lossy(&whole);
    Ok(whole.find("@@").map_or_else(String::new, |at| {
        whole[at..].trim_end_matches('\n').to_owned()
    }))
}

/// Names of the files a commit changed.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub modified: Vec<String>,
}

/// What a single commit changed against its first parent.
pub(crate) fn names(repo: &Repository, commit: Oid) -> Result<Names, git2::Error> {
    let parent = repo.find_commit(commit)?.parent_id(0).ok();
    let mut names = Names::default();
    for file in between(repo, parent, commit)? {
        match file.status {
            "added" => names.added.push(file.filename),
            "removed" => names.removed.push(file.filename),
            "renamed" => {
                names.removed.extend(file.previous);
                names.added.push(file.filename);
            }
            _ => names.modified.push(file.filename),
        }
    }
    Ok(names)
}
