//! A folder with somebody's files, as far as git says where it is and what is checked out there.

use std::path::{Path, PathBuf};

/// What a work tree says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The topmost folder of the repository.
    pub root: PathBuf,
    /// The branch; none for a single commit.
    pub branch: Option<String>,
    /// The commit; none before the first.
    pub commit: Option<String>,
    /// Where `origin` is.
    pub origin_url: Option<String>,
}

/// The work tree that `folder` lies in; none when it lies in none that may be read.
#[must_use]
pub fn checkout(folder: &Path) -> Option<Checkout> {
    let repository = git2::Repository::discover(folder).ok()?;
    let head = repository.head().ok();
    let branch = head.as_ref().filter(|head| head.is_branch());
    // Also before the first commit, when the branch is only a name.
    let unborn = || {
        let head = repository.find_reference("HEAD").ok()?;
        let name = head.symbolic_target().ok()??.strip_prefix("refs/heads/")?;
        Some(name.to_owned())
    };
    let commit = head.as_ref().and_then(|head| head.peel_to_commit().ok());
    let origin = repository.find_remote("origin").ok();
    Some(Checkout {
        root: repository.workdir()?.to_owned(),
        branch: match branch {
            Some(branch) => branch.shorthand().ok().map(str::to_owned),
            None if head.is_none() => unborn(),
            None => None,
        },
        commit: commit.map(|commit| commit.id().to_string()),
        origin_url: origin.and_then(|origin| Some(without_secret(origin.url().ok()?))),
    })
}

/// People put tokens before the host.
fn without_secret(url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (_, host) = host.rsplit_once('@')?;
        scheme
            .starts_with("http")
            .then(|| format!("{scheme}://{host}/{path}"))
    });
    parts.unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_work_tree_says_what_is_checked_out() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        assert_eq!(checkout(&inner), None);
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let repository = git2::Repository::init_opts(dir.path(), &options).unwrap();
        let url = "https://x:hodman-canary-5ecret-DO-NOT-LEAK@example.com/a/b.git";
        repository.remote("origin", url).unwrap();
        let unborn = checkout(&inner).unwrap();
        assert_eq!(unborn.branch.as_deref(), Some("main"));
        assert_eq!(unborn.commit, None);
        assert_eq!(
            unborn.origin_url.as_deref(),
            Some("https://example.com/a/b.git")
        );
        assert_eq!(
            unborn.root.canonicalize().unwrap(),
            dir.path().canonicalize().unwrap()
        );
        let tree = repository.treebuilder(None).unwrap().write().unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let ada = git2::Signature::now("ada", "ada@example.com").unwrap();
        let commit = repository
            .commit(Some("HEAD"), &ada, &ada, "first", &tree, &[])
            .unwrap();
        let born = checkout(&inner).unwrap();
        assert_eq!(born.branch.as_deref(), Some("main"));
        assert_eq!(born.commit, Some(commit.to_string()));
        repository.set_head_detached(commit).unwrap();
        assert_eq!(checkout(&inner).unwrap().branch, None);
    }
}
