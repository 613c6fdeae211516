//! Walking commits.

use git2::{Oid, Repository, Sort};

/// Commits reachable from `tip` and not from `hidden`, newest first.
pub(crate) fn log(
    repo: &Repository,
    tip: Oid,
    hidden: Option<Oid>,
) -> Result<Vec<Oid>, git2::Error> {
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
    walk.push(tip)?;
    if let Some(hidden) = hidden {
        walk.hide(hidden)?;
    }
    walk.collect()
}

/// Like [`log`], only commits in which `path` differs from the first parent.
pub(crate) fn log_of_path(
    repo: &Repository,
    tip: Oid,
    path: &str,
) -> Result<Vec<Oid>, git2::Error> {
    let at = |oid: Oid| -> Option<Oid> {
        let tree = repo.find_commit(oid).ok()?.tree().ok()?;
        tree.get_path(std::path::Path::new(path))
            .ok()
            .map(|entry| entry.id())
    };
    let mut found = Vec::new();
    for oid in log(repo, tip, None)? {
        let parent = repo.find_commit(oid)?.parent_id(0).ok();
        if at(oid) != parent.and_then(at) {
            found.push(oid);
        }
    }
    Ok(found)
}

/// Whether `ancestor` is `tip` or reachable from it.
pub(crate) fn contains(repo: &Repository, tip: Oid, ancestor: Oid) -> bool {
    tip == ancestor || repo.graph_descendant_of(tip, ancestor).unwrap_or(false)
}

/// The commit to compare `head` with, as the three-dot diff does.
pub(crate) fn merge_base(repo: &Repository, base: Oid, head: Oid) -> Option<Oid> {
    repo.merge_base(base, head).ok()
}
