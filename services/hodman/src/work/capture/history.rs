//! What lay where in Git: whether one file can be what another one became.

use super::super::Repo;
use super::HISTORY;
use hodman_clients::git::GitError;
use hodman_core::ids::EnvName;
use hodman_model::capture::lock_path;
use std::cell::OnceCell;

/// The history that ends at a commit.
pub(super) struct History<'a> {
    repo: &'a Repo,
    env: &'a EnvName,
    commit: &'a str,
    /// Asked for once, where anything went anywhere.
    before: OnceCell<Option<String>>,
}

impl<'a> History<'a> {
    /// That of an environment's captures.
    pub fn of(repo: &'a Repo, env: &'a EnvName, commit: &'a str) -> Self {
        Self {
            repo,
            env,
            commit,
            before: OnceCell::new(),
        }
    }

    /// Whether the file at `to` is another one than what lay at `from`: it was there before the last capture, and both lay
    /// beside each other when `from` was removed. A move that was merged while a capture's pull request was open is older than
    /// the last capture, but is none of two files. Where nobody can tell, nothing went anywhere.
    pub fn had(&self, from: &str, to: &str) -> bool {
        let before = self.before.get_or_init(|| self.before_capture());
        let Some(before) = before else { return true };
        let there = self.is_at(before, to).unwrap_or(true);
        there && self.lay_beside(from, to).unwrap_or(true)
    }

    /// The commit on which the last capture was merged: a reviewer may have moved files in its own pull request.
    fn before_capture(&self) -> Option<String> {
        let lock = self.repo.path(&lock_path(self.env.as_str()));
        let mirror = &self.repo.mirror;
        let merged = mirror.last_change(self.commit, &lock).ok()??;
        let parents = mirror.commit_info(&merged).ok()?.parents;
        Some(parents.into_iter().next().unwrap_or(merged))
    }

    /// Whether `to` was there just before `from` was removed.
    fn lay_beside(&self, from: &str, to: &str) -> Result<bool, GitError> {
        let mirror = &self.repo.mirror;
        let versions = mirror.history_of(&self.repo.path(from), self.commit, HISTORY)?;
        // A branch that was merged later may have changed the file once more.
        let removed = versions.into_iter().find(|version| version.oid.is_none());
        let Some(removed) = removed else {
            return Ok(true);
        };
        for parent in mirror.commit_info(&removed.commit)?.parents {
            if self.is_at(&parent, from)? && self.is_at(&parent, to)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_at(&self, commit: &str, path: &str) -> Result<bool, GitError> {
        let found = self.repo.mirror.read(commit, &self.repo.path(path))?;
        Ok(found.is_some())
    }
}
