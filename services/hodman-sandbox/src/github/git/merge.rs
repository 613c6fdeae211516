//! Merging by real git: a merge keeps both sides, and two sides that disagree conflict.

use git2::{Index, MergeOptions, Oid, Repository};

use super::history;
use super::{Author, write_commit};

/// Why two commits could not be joined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    /// Both sides changed the same lines.
    #[error("the sides conflict")]
    Conflict,
    /// git itself failed.
    #[error("git failed")]
    Git(#[from] git2::Error),
}

/// The tree of `theirs` merged into `ours`.
pub(crate) fn merged_tree(repo: &Repository, ours: Oid, theirs: Oid) -> Result<Oid, MergeError> {
    let (ours, theirs) = (repo.find_commit(ours)?, repo.find_commit(theirs)?);
    tree_of(
        repo,
        repo.merge_commits(&ours, &theirs, Some(&MergeOptions::new()))?,
    )
}

/// Replays the commits of `head` that `base` lacks on top of `base`; returns the new tip.
pub(crate) fn rebase(
    repo: &Repository,
    base: Oid,
    head: Oid,
    committer: &Author,
) -> Result<Oid, MergeError> {
    let mut commits = history::log(repo, head, Some(base))?;
    commits.reverse();
    let mut tip = base;
    for oid in commits {
        let commit = repo.find_commit(oid)?;
        if commit.parent_count() > 1 {
            continue;
        }
        let onto = repo.find_commit(tip)?;
        let tree = tree_of(
            repo,
            repo.cherrypick_commit(&commit, &onto, 0, Some(&MergeOptions::new()))?,
        )?;
        let author = author_of(&commit);
        tip = write_commit(
            repo,
            tree,
            &[tip],
            &String::from_utf8_lossy(commit.message_bytes()),
            &author,
            committer,
        )?;
    }
    Ok(tip)
}

fn tree_of(repo: &Repository, mut index: Index) -> Result<Oid, MergeError> {
    if index.has_conflicts() {
        Err(MergeError::Conflict)
    } else {
        Ok(index.write_tree_to(repo)?)
    }
}

/// Who wrote a commit.
pub(crate) fn author_of(commit: &git2::Commit<'_>) -> Author {
    let author = commit.author();
    let at = chrono::DateTime::from_timestamp(author.when().seconds(), 0).unwrap_or_default();
    Author {
        name: String::from_utf8_lossy(author.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(author.email_bytes()).into_owned(),
        at,
    }
}
