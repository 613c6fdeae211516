//! Commits, files, comparisons.

use git2::{Oid, Repository};
use serde_json::{Value, json};

use crate::github::git::diff::{self, FileDiff};
use crate::github::git::history;
use crate::github::reply::ApiError;
use crate::github::world::{Repo, World};

/// Files GitHub lists at most in a comparison or commit.
const LISTED_FILES: usize = 300;

impl World {
    /// A commit as `/git/commits` answers.
    pub(crate) fn git_commit_json(
        &self,
        repo: &Repo,
        git: &Repository,
        oid: Oid,
    ) -> Result<Value, ApiError> {
        let commit = git.find_commit(oid)?;
        let api = format!("{}/repos/{}/git", self.base_url, repo.full_name());
        let html = format!("{}/{}/commit", self.base_url, repo.full_name());
        let tree = commit.tree_id();
        Ok(json!({
            "sha": oid.to_string(), "node_id": format!("C_{oid}"), "url": format!("{api}/commits/{oid}"),
            "html_url": format!("{html}/{oid}"), "author": person(&commit.author()), "committer": person(&commit.committer()),
            "tree": {"sha": tree.to_string(), "url": format!("{api}/trees/{tree}")}, "message": message(&commit),
            "parents": parents(&commit, &format!("{api}/commits"), &html), "verification": unsigned(),
        }))
    }

    /// A commit as `/commits` lists it.
    pub(crate) fn commit_json(
        &self,
        repo: &Repo,
        git: &Repository,
        oid: Oid,
    ) -> Result<Value, ApiError> {
        let commit = git.find_commit(oid)?;
        let api = format!("{}/repos/{}", self.base_url, repo.full_name());
        let html = format!("{}/{}/commit", self.base_url, repo.full_name());
        let tree = commit.tree_id();
        let account = |who: &git2::Signature<'_>| {
            let email = String::from_utf8_lossy(who.email_bytes()).into_owned();
            self.users
                .values()
                .find(|user| user.email == email)
                .map(|user| self.user_json(&user.login))
        };
        Ok(json!({
            "sha": oid.to_string(), "node_id": format!("C_{oid}"), "url": format!("{api}/commits/{oid}"),
            "html_url": format!("{html}/{oid}"), "comments_url": format!("{api}/commits/{oid}/comments"),
            "commit": {
                "url": format!("{api}/git/commits/{oid}"), "author": person(&commit.author()),
                "committer": person(&commit.committer()), "message": message(&commit), "comment_count": 0,
                "tree": {"sha": tree.to_string(), "url": format!("{api}/git/trees/{tree}")}, "verification": unsigned(),
            },
            "author": account(&commit.author()), "committer": account(&commit.committer()),
            "parents": parents(&commit, &format!("{api}/commits"), &html),
        }))
    }

    /// A commit with its files.
    pub(crate) fn full_commit_json(
        &self,
        repo: &Repo,
        git: &Repository,
        oid: Oid,
    ) -> Result<Value, ApiError> {
        let mut answer = self.commit_json(repo, git, oid)?;
        let files = diff::between(git, git.find_commit(oid)?.parent_id(0).ok(), oid)?;
        let additions: usize = files.iter().map(|file| file.additions).sum();
        let deletions: usize = files.iter().map(|file| file.deletions).sum();
        answer["stats"] =
            json!({"total": additions + deletions, "additions": additions, "deletions": deletions});
        answer["files"] = files
            .iter()
            .take(LISTED_FILES)
            .map(|file| self.file_json(repo, oid, file))
            .collect();
        Ok(answer)
    }

    pub(crate) fn file_json(&self, repo: &Repo, head: Oid, file: &FileDiff) -> Value {
        let (html, api) = (
            format!("{}/{}", self.base_url, repo.full_name()),
            &self.base_url,
        );
        let mut answer = json!({
            "sha": file.blob.to_string(), "filename": file.filename, "status": file.status, "additions": file.additions,
            "deletions": file.deletions, "changes": file.additions + file.deletions,
            "blob_url": format!("{html}/blob/{head}/{}", file.filename), "raw_url": format!("{html}/raw/{head}/{}", file.filename),
            "contents_url": format!("{api}/repos/{}/contents/{}?ref={head}", repo.full_name(), file.filename),
        });
        if let Some(patch) = &file.patch {
            answer["patch"] = json!(patch);
        }
        if let Some(previous) = &file.previous {
            answer["previous_filename"] = json!(previous);
        }
        answer
    }

    /// `base...head`.
    pub(crate) fn compare_json(
        &self,
        repo: &Repo,
        git: &Repository,
        base: Oid,
        head: Oid,
    ) -> Result<Value, ApiError> {
        let merge_base = history::merge_base(git, base, head).ok_or_else(ApiError::not_found)?;
        let (ahead, behind) = git.graph_ahead_behind(head, base)?;
        let status = match (ahead, behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        };
        let mut commits = history::log(git, head, Some(base))?;
        commits.reverse();
        let commits = commits
            .into_iter()
            .map(|oid| self.commit_json(repo, git, oid))
            .collect::<Result<Vec<_>, _>>()?;
        let files = diff::between(git, Some(merge_base), head)?;
        let api = format!(
            "{}/repos/{}/compare/{base}...{head}",
            self.base_url,
            repo.full_name()
        );
        let html = format!(
            "{}/{}/compare/{base}...{head}",
            self.base_url,
            repo.full_name()
        );
        Ok(json!({
            "url": api, "html_url": html, "permalink_url": html, "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
            "base_commit": self.commit_json(repo, git, base)?, "merge_base_commit": self.commit_json(repo, git, merge_base)?,
            "status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": commits.len(), "commits": commits,
            "files": files.iter().take(LISTED_FILES).map(|file| self.file_json(repo, head, file)).collect::<Vec<_>>(),
        }))
    }
}

fn message(commit: &git2::Commit<'_>) -> String {
    String::from_utf8_lossy(commit.message_bytes())
        .trim_end_matches('\n')
        .to_owned()
}

fn person(who: &git2::Signature<'_>) -> Value {
    let at = chrono::DateTime::from_timestamp(who.when().seconds(), 0).unwrap_or_default();
    json!({
        "name": String::from_utf8_lossy(who.name_bytes()), "email": String::from_utf8_lossy(who.email_bytes()),
        "date": crate::github::world::stamp(at),
    })
}

fn parents(commit: &git2::Commit<'_>, api: &str, html: &str) -> Vec<Value> {
    let parent = |oid: Oid| json!({"sha": oid.to_string(), "url": format!("{api}/{oid}"), "html_url": format!("{html}/{oid}")});
    commit.parent_ids().map(parent).collect()
}

fn unsigned() -> Value {
    json!({"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null})
}
