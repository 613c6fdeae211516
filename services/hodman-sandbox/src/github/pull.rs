//! Pull requests: what is kept of them, and opening, closing, marking as merged.

use chrono::{DateTime, Utc};
use git2::Oid;
use serde_json::{Value, json};

use super::git::{self, history, merge};
use super::reply::ApiError;
use super::world::{Repo, World};

/// A pull request; both branches are in the same repository.
#[derive(Debug)]
pub(crate) struct Pull {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: String,
    pub open: bool,
    pub draft: bool,
    pub head_ref: String,
    pub head_sha: Oid,
    pub base_ref: String,
    pub base_sha: Oid,
    pub merged: Option<Merged>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_by: Option<String>,
    pub labels: Vec<String>,
    pub requested_reviewers: Vec<String>,
    pub reviews: Vec<Review>,
    /// Comments on lines of the diff.
    pub line_comments: Vec<Value>,
    pub comments: Vec<Comment>,
}

/// How a pull request was merged.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    pub sha: Oid,
    /// Tip of the base just before; keeps files and commits of the pull request answerable.
    pub base_before: Oid,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// A review.
#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub id: u64,
    pub author: String,
    pub body: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`.
    pub state: String,
    pub commit: Oid,
    pub at: DateTime<Utc>,
}

/// A comment in the conversation.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// App that wrote it.
    pub app: Option<u64>,
}

/// A pull request to open.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewPull {
    pub title: String,
    pub body: Option<String>,
    pub head: String,
    pub base: String,
    pub draft: bool,
}

impl Pull {
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn state(&self) -> &'static str {
        if self.open { "open" } else { "closed" }
    }

    pub(crate) fn dismiss_approvals(&mut self) {
        for review in self
            .reviews
            .iter_mut()
            .filter(|review| review.state == "APPROVED")
        {
            "DISMISSED".clone_into(&mut review.state);
        }
    }

    /// The commit the pull request is compared with.
    pub(crate) fn base_tip(&self, git: &git2::Repository) -> Oid {
        match &self.merged {
            Some(merged) => merged.base_before,
            None => git::branch_tip(git, &self.base_ref).unwrap_or(self.base_sha),
        }
    }

    /// Whether git could merge it now.
    pub(crate) fn mergeable(&self, git: &git2::Repository) -> bool {
        merge::merged_tree(git, self.base_tip(git), self.head_sha).is_ok()
    }
}

impl World {
    pub(crate) fn open_pull(&mut self, repo: u64, new: NewPull, by: &str) -> Result<u64, ApiError> {
        let (id, now) = (self.next_id(), self.now());
        let found = self.repo_mut(repo)?;
        let git = found.open()?;
        let head_ref = match new.head.split_once(':') {
            Some((owner, branch)) if owner.eq_ignore_ascii_case(&found.owner) => branch.to_owned(),
            Some(_) => {
                return Err(ApiError::validation(
                    "Validation Failed",
                    "PullRequest",
                    "head",
                    "invalid",
                ));
            }
            None => new.head.clone(),
        };
        let invalid = |field| {
            move || ApiError::validation("Validation Failed", "PullRequest", field, "invalid")
        };
        let head_sha = git::branch_tip(&git, &head_ref).ok_or_else(invalid("head"))?;
        let base_sha = git::branch_tip(&git, &new.base).ok_or_else(invalid("base"))?;
        if history::contains(&git, base_sha, head_sha) {
            return Err(ApiError::refused(
                "PullRequest",
                &format!("No commits between {} and {head_ref}", new.base),
            ));
        }
        let same =
            |pull: &Pull| pull.open && pull.head_ref == head_ref && pull.base_ref == new.base;
        if found.pulls.iter().any(same) {
            let head = format!("{}:{head_ref}", found.owner);
            return Err(ApiError::refused(
                "PullRequest",
                &format!("A pull request already exists for {head}."),
            ));
        }
        let number = found.pulls.len() as u64 + 1;
        git::set_ref(&git, &format!("refs/pull/{number}/head"), head_sha)?;
        found.pulls.push(Pull {
            id,
            number,
            title: new.title,
            body: new.body,
            author: by.to_owned(),
            open: true,
            draft: new.draft,
            head_ref,
            head_sha,
            base_ref: new.base,
            base_sha,
            merged: None,
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            labels: Vec::new(),
            requested_reviewers: Vec::new(),
            reviews: Vec::new(),
            line_comments: Vec::new(),
            comments: Vec::new(),
        });
        self.emit_pull(repo, number, "opened", by)?;
        Ok(number)
    }

    /// A `pull_request` event without further fields.
    pub(crate) fn emit_pull(
        &mut self,
        repo: u64,
        number: u64,
        action: &str,
        by: &str,
    ) -> Result<(), ApiError> {
        let payload = json!({"number": number, "pull_request": self.pull_json(repo, number)?});
        self.emit(repo, "pull_request", Some(action), payload, by);
        Ok(())
    }

    pub(crate) fn close_pull(&mut self, repo: u64, number: u64, by: &str) -> Result<(), ApiError> {
        let now = self.now();
        let pull = self.repo_mut(repo)?.pull_mut(number)?;
        if !pull.open {
            return Ok(());
        }
        pull.open = false;
        (pull.closed_at, pull.closed_by, pull.updated_at) = (Some(now), Some(by.to_owned()), now);
        self.emit_pull(repo, number, "closed", by)
    }

    pub(crate) fn reopen_pull(&mut self, repo: u64, number: u64, by: &str) -> Result<(), ApiError> {
        let now = self.now();
        let found = self.repo_mut(repo)?;
        let git = found.open()?;
        let pull = found.pull_mut(number)?;
        if pull.open {
            return Ok(());
        }
        let tip = git::branch_tip(&git, &pull.head_ref);
        let (None, Some(tip)) = (&pull.merged, tip) else {
            return Err(ApiError::validation(
                "Validation Failed",
                "PullRequest",
                "state",
                "invalid",
            ));
        };
        pull.open = true;
        pull.head_sha = tip;
        (pull.closed_at, pull.closed_by, pull.updated_at) = (None, None, now);
        git::set_ref(&git, &format!("refs/pull/{number}/head"), tip)?;
        self.emit_pull(repo, number, "reopened", by)
    }

    /// Notes a merge that is already in the base branch, and says so.
    pub(crate) fn mark_merged(
        &mut self,
        repo: u64,
        number: u64,
        sha: Oid,
        base_before: Oid,
        by: &str,
    ) -> Result<(), ApiError> {
        self.set_merged(repo, number, sha, base_before, by)?;
        self.emit_pull(repo, number, "closed", by)
    }

    /// Notes a merge without an event; the caller moves the base branch and sends the events in GitHub's order.
    pub(crate) fn set_merged(
        &mut self,
        repo: u64,
        number: u64,
        sha: Oid,
        base_before: Oid,
        by: &str,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let pull = self.repo_mut(repo)?.pull_mut(number)?;
        pull.open = false;
        pull.merged = Some(Merged {
            sha,
            base_before,
            by: by.to_owned(),
            at: now,
        });
        (pull.closed_at, pull.closed_by, pull.updated_at) = (Some(now), Some(by.to_owned()), now);
        Ok(())
    }

    pub(crate) fn add_comment(
        &mut self,
        repo: u64,
        number: u64,
        body: &str,
        by: &str,
        app: Option<u64>,
    ) -> Result<u64, ApiError> {
        let (id, now) = (self.next_id(), self.now());
        let pull = self.repo_mut(repo)?.pull_mut(number)?;
        pull.updated_at = now;
        let comment = Comment {
            id,
            author: by.to_owned(),
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
            app,
        };
        pull.comments.push(comment);
        self.emit_comment(repo, number, id, "created", by)?;
        Ok(id)
    }

    pub(crate) fn emit_comment(
        &mut self,
        repo: u64,
        number: u64,
        id: u64,
        action: &str,
        by: &str,
    ) -> Result<(), ApiError> {
        let payload = json!({"issue": self.issue_json(repo, number)?, "comment": self.comment_json(repo, number, id)?});
        self.emit(repo, "issue_comment", Some(action), payload, by);
        Ok(())
    }

    pub(crate) fn add_review(
        &mut self,
        repo: u64,
        number: u64,
        event: &str,
        body: &str,
        by: &str,
    ) -> Result<u64, ApiError> {
        let (id, now) = (self.next_id(), self.now());
        let pull = self.repo_mut(repo)?.pull_mut(number)?;
        let state = match event {
            "APPROVE" => "APPROVED",
            "REQUEST_CHANGES" => "CHANGES_REQUESTED",
            "COMMENT" => "COMMENTED",
            _ => "PENDING",
        };
        if pull.author == by && matches!(event, "APPROVE" | "REQUEST_CHANGES") {
            let what = if event == "APPROVE" {
                "approve"
            } else {
                "request changes on"
            };
            return Err(ApiError::unprocessable(&format!(
                "Can not {what} your own pull request"
            )));
        }
        pull.updated_at = now;
        pull.requested_reviewers.retain(|login| login != by);
        let (commit, body) = (pull.head_sha, body.to_owned());
        pull.reviews.push(Review {
            id,
            author: by.to_owned(),
            body,
            state: state.to_owned(),
            commit,
            at: now,
        });
        if state != "PENDING" {
            self.emit_review(repo, number, id, "submitted", by)?;
        }
        Ok(id)
    }

    pub(crate) fn emit_review(
        &mut self,
        repo: u64,
        number: u64,
        id: u64,
        action: &str,
        by: &str,
    ) -> Result<(), ApiError> {
        let mut review = self.review_json(repo, number, id)?;
        // In events the state is lower case, in REST answers upper case.
        review["state"] = json!(review["state"].as_str().unwrap_or_default().to_lowercase());
        let payload = json!({"review": review, "pull_request": self.pull_json(repo, number)?});
        self.emit(repo, "pull_request_review", Some(action), payload, by);
        Ok(())
    }
}

impl Repo {
    /// Whether approvals are missing for the rules of the base branch: how many count, and whether somebody objects.
    pub(crate) fn verdict(&self, pull: &Pull, may_write: &dyn Fn(&str) -> bool) -> (usize, bool) {
        let mut latest = std::collections::BTreeMap::new();
        for review in pull
            .reviews
            .iter()
            .filter(|review| review.state != "COMMENTED" && review.state != "PENDING")
        {
            latest.insert(review.author.as_str(), review.state.as_str());
        }
        let counted = |state: &str| {
            latest
                .iter()
                .filter(|(who, what)| **what == state && may_write(who))
                .count()
        };
        (counted("APPROVED"), counted("CHANGES_REQUESTED") > 0)
    }
}
