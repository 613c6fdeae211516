//! The bare repositories on disk: opening, refs, blobs, commits. Everything is done by libgit2, so shas are git's own.

pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod merge;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use git2::build::TreeUpdateBuilder;
use git2::{Commit, FileMode, ObjectType, Oid, Repository, Signature, Time, Tree};

/// Refuses refs that the server listed as closed to this pusher. The lists come by the environment, because only the
/// server knows who pushes and what the protection says at that moment.
const UPDATE_HOOK: &str = r#"#!/bin/sh
refname="$1" old="$2" new="$3"
case "$refname" in
refs/pull/*) echo "deny updating a hidden ref" >&2; exit 1;;
esac
case " $SANDBOX_CLOSED_REFS " in
*" $refname "*)
  echo "error: GH006: Protected branch update failed for $refname." >&2
  echo "error: Changes must be made through a pull request." >&2
  exit 1;;
esac
case " $SANDBOX_NO_FORCE_REFS " in
*" $refname "*)
  case "$new" in
  0000000000000000000000000000000000000000)
    echo "error: GH006: Cannot delete this protected branch" >&2; exit 1;;
  esac
  if ! git merge-base --is-ancestor "$old" "$new"; then
    echo "error: GH006: Cannot force-push to this protected branch" >&2; exit 1
  fi;;
esac
exit 0
"#;

/// A file to write, or to delete when there is no content.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub path: String,
    pub content: Option<Vec<u8>>,
}

/// Who wrote a commit, and when.
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub name: String,
    pub email: String,
    pub at: DateTime<Utc>,
}

impl Author {
    fn signature(&self) -> Result<Signature<'static>, git2::Error> {
        Signature::new(&self.name, &self.email, &Time::new(self.at.timestamp(), 0))
    }
}

/// Creates an empty bare repository that `git http-backend` may serve.
pub(crate) fn init(path: &Path) -> Result<(), git2::Error> {
    let mut options = git2::RepositoryInitOptions::new();
    options
        .bare(true)
        .mkpath(true)
        .initial_head("main")
        .external_template(false);
    let repo = Repository::init_opts(path, &options)?;
    let mut config = repo.config()?;
    config.set_bool("http.receivepack", true)?;
    config.set_bool("uploadpack.allowFilter", true)?;
    config.set_bool("uploadpack.allowAnySHA1InWant", true)?;
    config.set_bool("core.logAllRefUpdates", false)?;
    config.set_bool("gc.auto", false)?;
    config.set_bool("receive.autogc", false)?;
    let hook = path.join("hooks/update");
    write_hook(&hook).map_err(|error| git2::Error::from_str(&format!("the update hook: {error}")))
}

fn write_hook(hook: &PathBuf) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if let Some(dir) = hook.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(hook, UPDATE_HOOK)?;
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755))
}

/// The commit a branch, tag, full ref or (short) sha names.
pub(crate) fn resolve(repo: &Repository, name: &str) -> Option<Oid> {
    let full = [
        format!("refs/heads/{name}"),
        format!("refs/tags/{name}"),
        name.to_owned(),
        format!("refs/{name}"),
    ];
    for candidate in &full {
        if let Ok(found) = repo.find_reference(candidate) {
            return found.peel_to_commit().ok().map(|commit| commit.id());
        }
    }
    if name.len() < 4 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    repo.revparse_single(name)
        .ok()?
        .peel_to_commit()
        .ok()
        .map(|commit| commit.id())
}

/// The tip of a branch.
pub(crate) fn branch_tip(repo: &Repository, branch: &str) -> Option<Oid> {
    repo.refname_to_id(&format!("refs/heads/{branch}")).ok()
}

/// Branches and tags with what they point at (a tag object for annotated tags).
pub(crate) fn refs(repo: &Repository) -> Result<BTreeMap<String, Oid>, git2::Error> {
    let mut found = BTreeMap::new();
    for reference in repo.references()? {
        let reference = reference?;
        let Ok(name) = reference.name() else { continue };
        if let Some(target) = reference.target()
            && (name.starts_with("refs/heads/") || name.starts_with("refs/tags/"))
        {
            found.insert(name.to_owned(), target);
        }
    }
    Ok(found)
}

/// Points a ref at an object, creating the ref when needed.
pub(crate) fn set_ref(repo: &Repository, name: &str, target: Oid) -> Result<(), git2::Error> {
    repo.reference(name, target, true, "sandbox")?;
    Ok(())
}

/// The bytes of a file in a commit; `None` when there is no such file.
pub(crate) fn read_file(repo: &Repository, commit: Oid, path: &str) -> Option<Vec<u8>> {
    let tree = repo.find_commit(commit).ok()?.tree().ok()?;
    let entry = tree.get_path(Path::new(path)).ok()?;
    Some(repo.find_blob(entry.id()).ok()?.content().to_vec())
}

/// A tree like `base` with the changes made.
pub(crate) fn apply(
    repo: &Repository,
    base: Option<&Tree<'_>>,
    changes: &[Change],
) -> Result<Oid, git2::Error> {
    let empty;
    let base = match base {
        Some(base) => base,
        None => {
            empty = repo.find_tree(repo.treebuilder(None)?.write()?)?;
            &empty
        }
    };
    // First what goes: a file may come where a folder was.
    let mut goes = TreeUpdateBuilder::new();
    for change in changes.iter().filter(|change| change.content.is_none()) {
        goes.remove(change.path.as_str());
    }
    let left = repo.find_tree(goes.create_updated(repo, base)?)?;
    let mut comes = TreeUpdateBuilder::new();
    for change in changes {
        if let Some(content) = &change.content {
            comes.upsert(change.path.as_str(), repo.blob(content)?, FileMode::Blob);
        }
    }
    comes.create_updated(repo, &left)
}

/// Writes a commit object and moves nothing.
pub(crate) fn write_commit(
    repo: &Repository,
    tree: Oid,
    parents: &[Oid],
    message: &str,
    author: &Author,
    committer: &Author,
) -> Result<Oid, git2::Error> {
    let parents = parents
        .iter()
        .map(|oid| repo.find_commit(*oid))
        .collect::<Result<Vec<Commit<'_>>, _>>()?;
    let parents: Vec<&Commit<'_>> = parents.iter().collect();
    let tree = repo.find_tree(tree)?;
    repo.commit(
        None,
        &author.signature()?,
        &committer.signature()?,
        message,
        &tree,
        &parents,
    )
}

/// Commits changes on top of a branch (an absent branch starts empty) and moves it.
pub(crate) fn commit_on_branch(
    repo: &Repository,
    branch: &str,
    changes: &[Change],
    message: &str,
    author: &Author,
) -> Result<Oid, git2::Error> {
    let parent = branch_tip(repo, branch);
    let base = parent
        .map(|oid| repo.find_commit(oid)?.tree())
        .transpose()?;
    let tree = apply(repo, base.as_ref(), changes)?;
    let commit = write_commit(repo, tree, parent.as_slice(), message, author, author)?;
    set_ref(repo, &format!("refs/heads/{branch}"), commit)?;
    Ok(commit)
}

/// `blob`, `tree`, `commit` or `tag`.
pub(crate) fn kind_name(kind: Option<ObjectType>) -> &'static str {
    match kind {
        Some(ObjectType::Tree) => "tree",
        Some(ObjectType::Commit) => "commit",
        Some(ObjectType::Tag) => "tag",
        _ => "blob",
    }
}
