//! What people do: commit, open, review, merge, comment, close.

use serde_json::{Value, json};

use super::GitHub;
use crate::github::auth::Caller;
use crate::github::git::{self, Change};
use crate::github::merging::{MergeMethod, MergeWish};
use crate::github::protection::Protection;
use crate::github::pull::{NewPull, Pull};
use crate::github::reply::ApiError;
use crate::github::world::World;

/// A pull request as tests and people look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullView {
    /// Number in the repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Body, empty without one.
    pub body: String,
    /// Login of the author.
    pub author: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// Head branch.
    pub head_ref: String,
    /// Head commit, 40 hex digits.
    pub head_sha: String,
    /// Base branch.
    pub base_ref: String,
    /// Commit the merge made, when merged.
    pub merge_sha: Option<String>,
    /// Label names.
    pub labels: Vec<String>,
    /// Whether git can merge it now.
    pub mergeable: bool,
    /// Bodies of the conversation's comments.
    pub comments: Vec<String>,
}

impl GitHub {
    /// Commits on a branch; `None` as content deletes the file, an absent branch starts at `main`. The new commit's sha.
    ///
    /// # Errors
    /// No such repository, or git failed (for example a file to delete that is not there).
    pub fn commit(
        &self,
        repo: &str,
        branch: &str,
        changes: &[(&str, Option<&[u8]>)],
        message: &str,
        by: &str,
    ) -> Result<String, ApiError> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            let git = found.open()?;
            if let (None, Some(tip)) = (
                git::branch_tip(&git, branch),
                git::branch_tip(&git, &found.default_branch),
            ) {
                git::set_ref(&git, &format!("refs/heads/{branch}"), tip)?;
                world.refs_changed(repo, by)?;
            }
            let changes: Vec<Change> = changes
                .iter()
                .map(|(path, content)| Change {
                    path: (*path).to_owned(),
                    content: content.map(<[u8]>::to_vec),
                })
                .collect();
            Ok(world
                .commit(repo, branch, &changes, message, by)?
                .to_string())
        })
    }

    /// The bytes of a file at a branch, tag or commit; `None` when it is not there.
    #[must_use]
    pub fn read_file(&self, repo: &str, at: &str, path: &str) -> Option<Vec<u8>> {
        let read = |world: &mut World, repo| {
            let git = world.repo(repo)?.open()?;
            Ok(git::resolve(&git, at).and_then(|commit| git::read_file(&git, commit, path)))
        };
        self.with(repo, read).ok().flatten()
    }

    /// The commit a branch, tag or sha stands for.
    #[must_use]
    pub fn head(&self, repo: &str, at: &str) -> Option<String> {
        let read = |world: &mut World, repo| {
            Ok(git::resolve(&world.repo(repo)?.open()?, at).map(|oid| oid.to_string()))
        };
        self.with(repo, read).ok().flatten()
    }

    /// Opens a pull request; its number.
    ///
    /// # Errors
    /// As GitHub refuses: unknown branch, no commits, one exists already.
    pub fn open_pull(
        &self,
        repo: &str,
        head: &str,
        base: &str,
        title: &str,
        body: &str,
        by: &str,
    ) -> Result<u64, ApiError> {
        let (title, body) = (title.to_owned(), Some(body.to_owned()));
        let new = NewPull {
            title,
            body,
            head: head.to_owned(),
            base: base.to_owned(),
            draft: false,
        };
        self.with(repo, |world, repo| world.open_pull(repo, new, by))
    }

    /// All pull requests, oldest first; none for an unknown repository.
    #[must_use]
    pub fn pulls(&self, repo: &str) -> Vec<PullView> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            let git = found.open()?;
            Ok(found.pulls.iter().map(|pull| view(pull, &git)).collect())
        })
        .unwrap_or_default()
    }

    /// One pull request.
    ///
    /// # Errors
    /// No such repository or number.
    pub fn pull(&self, repo: &str, number: u64) -> Result<PullView, ApiError> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            Ok(view(found.pull(number)?, &found.open()?))
        })
    }

    /// Paths that a pull request changes, in git's order.
    ///
    /// # Errors
    /// When there is no such pull request.
    pub fn changed_files(&self, repo: &str, number: u64) -> Result<Vec<String>, ApiError> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            let (git, pull) = (found.open()?, found.pull(number)?);
            let base = git::history::merge_base(&git, pull.base_tip(&git), pull.head_sha);
            let files = git::diff::between(&git, base, pull.head_sha)?;
            Ok(files.into_iter().map(|file| file.filename).collect())
        })
    }

    /// Approves, or asks for changes.
    ///
    /// # Errors
    /// No such pull request, or it is the reviewer's own.
    pub fn review(
        &self,
        repo: &str,
        number: u64,
        by: &str,
        approve: bool,
    ) -> Result<u64, ApiError> {
        let event = if approve {
            "APPROVE"
        } else {
            "REQUEST_CHANGES"
        };
        self.with(repo, |world, repo| {
            world.add_review(repo, number, event, "", by)
        })
    }

    /// Merges; the new tip of the base branch.
    ///
    /// # Errors
    /// 405 when GitHub would not merge (conflict, missing approvals or checks, closed), 404 when it is not there.
    pub fn merge(
        &self,
        repo: &str,
        number: u64,
        by: &str,
        method: MergeMethod,
    ) -> Result<String, ApiError> {
        let (wish, caller) = (
            MergeWish {
                method,
                ..MergeWish::default()
            },
            Caller::User(by.to_owned()),
        );
        self.with(repo, |world, repo| {
            Ok(world.merge_pull(repo, number, &wish, &caller)?.to_string())
        })
    }

    /// Comments in the conversation; the comment's id.
    ///
    /// # Errors
    /// No such pull request.
    pub fn comment(&self, repo: &str, number: u64, by: &str, body: &str) -> Result<u64, ApiError> {
        self.with(repo, |world, repo| {
            world.add_comment(repo, number, body, by, None)
        })
    }

    /// Closes a pull request without merging.
    ///
    /// # Errors
    /// No such pull request.
    pub fn close(&self, repo: &str, number: u64, by: &str) -> Result<(), ApiError> {
        self.with(repo, |world, repo| world.close_pull(repo, number, by))
    }

    /// Sets a completed check run on a commit, in nobody's App; its id.
    ///
    /// # Errors
    /// Unknown commit or conclusion.
    pub fn check(
        &self,
        repo: &str,
        sha: &str,
        name: &str,
        conclusion: &str,
        by: &str,
    ) -> Result<u64, ApiError> {
        let body =
            json!({"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion});
        self.with(repo, |world, repo| world.create_run(repo, &body, None, by))
    }

    /// Protects a branch; `rules` is the body of GitHub's `PUT …/protection`.
    ///
    /// # Errors
    /// No such repository.
    pub fn protect(&self, repo: &str, branch: &str, rules: &Value) -> Result<(), ApiError> {
        self.with(repo, |world, repo| {
            world
                .repo_mut(repo)?
                .protection
                .insert(branch.to_owned(), Protection::parse(rules));
            Ok(())
        })
    }
}

fn view(pull: &Pull, git: &git2::Repository) -> PullView {
    PullView {
        number: pull.number,
        title: pull.title.clone(),
        body: pull.body.clone().unwrap_or_default(),
        author: pull.author.clone(),
        open: pull.open,
        merged: pull.merged.is_some(),
        head_ref: pull.head_ref.clone(),
        head_sha: pull.head_sha.to_string(),
        base_ref: pull.base_ref.clone(),
        merge_sha: pull.merged.as_ref().map(|merged| merged.sha.to_string()),
        labels: pull.labels.clone(),
        mergeable: pull.open && pull.mergeable(git),
        comments: pull
            .comments
            .iter()
            .map(|comment| comment.body.clone())
            .collect(),
    }
}
