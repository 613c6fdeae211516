//! Pull requests, reviews, comments.

use serde_json::{Value, json};

use super::node_id;
use crate::github::git::diff;
use crate::github::git::history;
use crate::github::protection::Check;
use crate::github::pull::Pull;
use crate::github::reply::ApiError;
use crate::github::world::{Repo, World, stamp};

impl World {
    /// A pull request in full.
    pub(crate) fn pull_json(&self, repo: u64, number: u64) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let git = found.open()?;
        let pull = found.pull(number)?;
        let base_tip = pull.base_tip(&git);
        let merge_base = history::merge_base(&git, base_tip, pull.head_sha);
        let files = diff::between(&git, merge_base, pull.head_sha)?;
        let commits = history::log(&git, pull.head_sha, Some(base_tip))?;
        let mergeable = pull.open.then(|| pull.mergeable(&git));
        let mut answer = self.pull_list_json(found, pull)?;
        let whole = json!({
            "merged": pull.merged.is_some(), "mergeable": mergeable, "rebaseable": mergeable,
            "mergeable_state": self.mergeable_state(found, &git, pull, mergeable),
            "merged_by": pull.merged.as_ref().map(|merged| self.user_json(&merged.by)), "comments": pull.comments.len(),
            "review_comments": pull.line_comments.len(), "maintainer_can_modify": false, "commits": commits.len(),
            "additions": files.iter().map(|file| file.additions).sum::<usize>(),
            "deletions": files.iter().map(|file| file.deletions).sum::<usize>(), "changed_files": files.len(),
        });
        if let (Some(answer), Value::Object(whole)) = (answer.as_object_mut(), whole) {
            answer.extend(whole);
        }
        Ok(answer)
    }

    fn mergeable_state(
        &self,
        repo: &Repo,
        git: &git2::Repository,
        pull: &Pull,
        mergeable: Option<bool>,
    ) -> &'static str {
        match mergeable {
            None => "unknown",
            Some(false) => "dirty",
            Some(true) if pull.draft => "draft",
            Some(true) => match self.blocker(repo, git, pull) {
                Some(reason) if reason.contains("up to date") => "behind",
                Some(_) => "blocked",
                None if self.unstable(repo, pull) => "unstable",
                None => "clean",
            },
        }
    }

    fn unstable(&self, repo: &Repo, pull: &Pull) -> bool {
        let head = pull.head_sha.to_string();
        let runs = repo
            .runs
            .iter()
            .filter(|run| run.head_sha == head)
            .map(|run| run.name.as_str());
        let statuses = repo
            .statuses
            .iter()
            .filter(|status| status["sha"] == head.as_str());
        let mut names = runs.chain(statuses.filter_map(|status| status["context"].as_str()));
        names.any(|name| repo.check(&head, name, None) != Check::Passed)
    }

    /// A pull request as lists show it.
    pub(crate) fn pull_list_json(&self, repo: &Repo, pull: &Pull) -> Result<Value, ApiError> {
        let (full, number) = (repo.full_name(), pull.number);
        let api = format!("{}/repos/{full}", self.base_url);
        let html = format!("{}/{full}/pull/{number}", self.base_url);
        let own = format!("{api}/pulls/{number}");
        let issue = format!("{api}/issues/{number}");
        let statuses = format!("{api}/statuses/{}", pull.head_sha);
        let whole_repo = self.repo_json(repo.id)?;
        let side = |name: &str, sha: git2::Oid| {
            json!({
                "label": format!("{}:{name}", repo.owner), "ref": name, "sha": sha.to_string(),
                "user": self.user_json(&repo.owner), "repo": whole_repo,
            })
        };
        let link = |href: &str| json!({ "href": href });
        let reviewers: Vec<Value> = pull
            .requested_reviewers
            .iter()
            .map(|login| self.user_json(login))
            .collect();
        Ok(json!({
            "url": own, "id": pull.id, "node_id": node_id("PullRequest", pull.id), "html_url": html,
            "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"), "issue_url": issue, "number": number,
            "state": pull.state(), "locked": false, "title": pull.title, "user": self.user_json(&pull.author), "body": pull.body,
            "created_at": stamp(pull.created_at), "updated_at": stamp(pull.updated_at), "closed_at": pull.closed_at.map(stamp),
            "merged_at": pull.merged.as_ref().map(|merged| stamp(merged.at)),
            "merge_commit_sha": pull.merged.as_ref().map(|merged| merged.sha.to_string()), "assignee": null, "assignees": [],
            "requested_reviewers": reviewers, "requested_teams": [], "labels": labels_json(self, repo, pull), "milestone": null,
            "draft": pull.draft, "commits_url": format!("{own}/commits"), "review_comments_url": format!("{own}/comments"),
            "review_comment_url": format!("{api}/pulls/comments{{/number}}"), "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses, "head": side(&pull.head_ref, pull.head_sha), "base": side(&pull.base_ref, pull.base_sha),
            "_links": {
                "self": link(&own), "html": link(&html), "issue": link(&issue), "comments": link(&format!("{issue}/comments")),
                "review_comments": link(&format!("{own}/comments")), "commits": link(&format!("{own}/commits")),
                "review_comment": link(&format!("{api}/pulls/comments{{/number}}")), "statuses": link(&statuses),
            },
            "author_association": "MEMBER", "auto_merge": null, "active_lock_reason": null,
        }))
    }

    /// The few fields check runs carry of their pull requests.
    pub(crate) fn short_pulls(&self, repo: &Repo, head_sha: &str) -> Vec<Value> {
        let own = repo
            .pulls
            .iter()
            .filter(|pull| pull.open && pull.head_sha.to_string() == head_sha);
        own.map(|pull| {
            let url = format!("{}/repos/{}", self.base_url, repo.full_name());
            let short = json!({"id": repo.id, "url": url, "name": repo.name});
            json!({
                "url": format!("{url}/pulls/{}", pull.number), "id": pull.id, "number": pull.number,
                "head": {"ref": pull.head_ref, "sha": pull.head_sha.to_string(), "repo": short},
                "base": {"ref": pull.base_ref, "sha": pull.base_sha.to_string(), "repo": short},
            })
        })
        .collect()
    }

    /// The issue side of a pull request.
    pub(crate) fn issue_json(&self, repo: u64, number: u64) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let pull = found.pull(number)?;
        let api = format!("{}/repos/{}", self.base_url, found.full_name());
        let own = format!("{api}/issues/{number}");
        let html = format!("{}/{}/pull/{number}", self.base_url, found.full_name());
        Ok(json!({
            "url": own, "repository_url": api, "labels_url": format!("{own}/labels{{/name}}"), "comments_url": format!("{own}/comments"),
            "events_url": format!("{own}/events"), "html_url": html, "id": pull.id, "node_id": node_id("PullRequest", pull.id),
            "number": number, "title": pull.title, "user": self.user_json(&pull.author), "labels": labels_json(self, found, pull),
            "state": pull.state(), "locked": false, "assignee": null, "assignees": [], "milestone": null,
            "comments": pull.comments.len(), "created_at": stamp(pull.created_at), "updated_at": stamp(pull.updated_at),
            "closed_at": pull.closed_at.map(stamp), "author_association": "MEMBER", "draft": pull.draft, "body": pull.body,
            "closed_by": pull.closed_by.as_deref().map(|login| self.user_json(login)), "active_lock_reason": null,
            "pull_request": {
                "url": format!("{api}/pulls/{number}"), "html_url": html, "diff_url": format!("{html}.diff"),
                "patch_url": format!("{html}.patch"), "merged_at": pull.merged.as_ref().map(|merged| stamp(merged.at)),
            },
            "state_reason": null, "timeline_url": format!("{own}/timeline"),
        }))
    }

    pub(crate) fn comment_json(&self, repo: u64, number: u64, id: u64) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let comment = found
            .pull(number)?
            .comments
            .iter()
            .find(|comment| comment.id == id)
            .ok_or_else(ApiError::not_found)?;
        let api = format!("{}/repos/{}/issues", self.base_url, found.full_name());
        Ok(json!({
            "url": format!("{api}/comments/{id}"), "issue_url": format!("{api}/{number}"), "id": id,
            "html_url": format!("{}/{}/pull/{number}#issuecomment-{id}", self.base_url, found.full_name()),
            "node_id": node_id("IssueComment", id), "user": self.user_json(&comment.author), "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at), "author_association": "MEMBER", "body": comment.body,
            "performed_via_github_app": comment.app.map(|app| self.app_json(app)),
        }))
    }

    pub(crate) fn review_json(&self, repo: u64, number: u64, id: u64) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let review = found
            .pull(number)?
            .reviews
            .iter()
            .find(|review| review.id == id)
            .ok_or_else(ApiError::not_found)?;
        let api = format!(
            "{}/repos/{}/pulls/{number}",
            self.base_url,
            found.full_name()
        );
        let html = format!(
            "{}/{}/pull/{number}#pullrequestreview-{id}",
            self.base_url,
            found.full_name()
        );
        Ok(json!({
            "id": id, "node_id": node_id("PullRequestReview", id), "user": self.user_json(&review.author), "body": review.body,
            "state": review.state, "html_url": html, "pull_request_url": api, "author_association": "MEMBER",
            "_links": {"html": {"href": html}, "pull_request": {"href": api}}, "submitted_at": stamp(review.at),
            "commit_id": review.commit.to_string(),
        }))
    }
}

fn labels_json(world: &World, repo: &Repo, pull: &Pull) -> Vec<Value> {
    pull.labels
        .iter()
        .map(|name| world.label_json(repo, name))
        .collect()
}
