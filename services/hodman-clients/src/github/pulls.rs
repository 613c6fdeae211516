//! Finding, opening, changing and closing pull requests.

use serde::Deserialize;
use serde_json::json;

use super::pull::{ChangedFile, NewPull, Pull, PullFiles};
use super::text::{BODY, fit};
use super::wire::{Identity, Verb, read, with_query, write};
use super::{GitHub, GitHubError, commit_id, repo_path};
use crate::retry::Retry;

/// GitHub lists no more files of one pull request than this.
const FILE_LIMIT: usize = 3_000;

#[derive(Deserialize)]
struct ChangedCount {
    changed_files: Option<usize>,
}

impl GitHub {
    /// `GET /repos/{repo}/pulls?state=open`, all pages, oldest first; only those into `base` if
    /// given. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] when the repository is not visible.
    pub async fn open_pulls(
        &self,
        repo: &str,
        base: Option<&str>,
    ) -> Result<Vec<Pull>, GitHubError> {
        let mut query = vec![("state", "open"), ("sort", "created"), ("direction", "asc")];
        query.extend(base.map(|base| ("base", base)));
        self.list_pulls(repo, query).await
    }

    /// `GET /repos/{repo}/pulls/{number}`. A read: repeated at will. `mergeable` is `None` while
    /// GitHub computes it; asking again a little later gives the answer.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`].
    pub async fn pull(&self, repo: &str, number: u64) -> Result<Pull, GitHubError> {
        let path = format!("{}/pulls/{number}", repo_path(repo)?);
        self.wire.get("get pull request", path).await
    }

    /// `GET /repos/{repo}/pulls?head=…`: the open one whose head is `branch` of the repository
    /// itself; never a fork's branch of the same name. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] when the repository is not visible.
    pub async fn find_open_pull(
        &self,
        repo: &str,
        branch: &str,
    ) -> Result<Option<Pull>, GitHubError> {
        let owner = repo.split('/').next().unwrap_or_default();
        let head = format!("{owner}:{branch}");
        let pulls = self
            .list_pulls(repo, vec![("state", "open"), ("head", &head)])
            .await?;
        // The filter compares owners, not repositories, and some servers ignore it.
        Ok(pulls
            .into_iter()
            .find(|pull| pull.head_ref == branch && !pull.is_fork_of(repo)))
    }

    /// `POST /repos/{repo}/pulls`. If one is already open for that head, returns it unchanged.
    /// Not idempotent: repeated only when refused; after a lost answer it is looked for first.
    ///
    /// # Errors
    /// [`GitHubError::Validation`] when the branches do not differ or do not exist.
    pub async fn create_pull(&self, repo: &str, new: &NewPull) -> Result<Pull, GitHubError> {
        let path = format!("{}/pulls", repo_path(repo)?);
        let body = json!({
            "title": new.title,
            "body": fit(&new.body, BODY),
            "head": new.head,
            "base": new.base,
        });
        let mut lane = self.wire.lane().await;
        let mut attempt = 1;
        loop {
            if let Some(open) = self.find_open_pull(repo, &new.head).await? {
                return Ok(open);
            }
            let call = write(
                "create pull request",
                Verb::Post(body.clone()),
                path.clone(),
                Retry::WhenRefused,
            );
            let error = match self.wire.mutate(&mut lane, call).await {
                Ok(answer) => return answer.json(),
                Err(error) => error,
            };
            // GitHub's own list may lag behind: it knows of one that it did not list.
            let exists = matches!(&error, GitHubError::Validation { errors, .. }
                if errors.iter().any(|line| line.contains("already exists")));
            if !(exists || error.effect_unknown()) || attempt >= self.wire.backoff.attempts {
                return Err(error);
            }
            tokio::time::sleep(self.wire.backoff.delay(attempt)).await;
            attempt += 1;
        }
    }

    /// `PATCH /repos/{repo}/pulls/{number}` with what is given. Idempotent: sets, never adds.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`], [`GitHubError::Forbidden`].
    pub async fn update_pull(
        &self,
        repo: &str,
        number: u64,
        title: Option<&str>,
        body: Option<&str>,
    ) -> Result<Pull, GitHubError> {
        let mut change = serde_json::Map::new();
        if let Some(title) = title {
            change.insert("title".into(), title.into());
        }
        if let Some(body) = body {
            change.insert("body".into(), fit(body, BODY).into());
        }
        self.patch_pull("update pull request", repo, number, change.into())
            .await
    }

    /// `PATCH /repos/{repo}/pulls/{number}` with `state: closed`. Idempotent; a merged one stays
    /// merged, so the returned pull request must be looked at.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`], [`GitHubError::Forbidden`].
    pub async fn close_pull(&self, repo: &str, number: u64) -> Result<Pull, GitHubError> {
        self.patch_pull(
            "close pull request",
            repo,
            number,
            json!({"state": "closed"}),
        )
        .await
    }

    /// `GET /repos/{repo}/pulls/{number}/files`, all pages, and the pull request's own count to
    /// know whether that was all. Reads: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`].
    pub async fn pull_files(&self, repo: &str, number: u64) -> Result<PullFiles, GitHubError> {
        let pull = format!("{}/pulls/{number}", repo_path(repo)?);
        let path = with_query(&format!("{pull}/files"), &[("per_page", "100")]);
        let files: Vec<ChangedFile> = self
            .wire
            .all(
                "list files of pull request",
                path,
                |page: Vec<ChangedFile>| page,
            )
            .await?;
        let count: ChangedCount = self.wire.get("get pull request", pull).await?;
        let more = count.changed_files.is_some_and(|count| count > files.len());
        let truncated = more || files.len() >= FILE_LIMIT;
        Ok(PullFiles { files, truncated })
    }

    /// `GET /repos/{repo}/commits/{sha}/pulls`: those that contain the commit, open or merged.
    /// A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::Validation`] or [`GitHubError::NotFound`] for a commit that GitHub does not have.
    pub async fn pulls_for_commit(&self, repo: &str, sha: &str) -> Result<Vec<Pull>, GitHubError> {
        let path = format!("{}/commits/{}/pulls", repo_path(repo)?, commit_id(sha)?);
        self.wire
            .all(
                "list pull requests of commit",
                with_query(&path, &[("per_page", "100")]),
                |page: Vec<Pull>| page,
            )
            .await
    }

    /// `GET /repos/{repo}/pulls?state=closed`, latest change first: up to `limit` whose head
    /// branch starts with `head_prefix`, merged ones among them. Looks at the last 1,000 closed
    /// ones at most. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] when the repository is not visible.
    pub async fn recently_closed_pulls(
        &self,
        repo: &str,
        head_prefix: &str,
        limit: usize,
    ) -> Result<Vec<Pull>, GitHubError> {
        const PAGES: usize = 10;
        let query = [
            ("state", "closed"),
            ("sort", "updated"),
            ("direction", "desc"),
            ("per_page", "100"),
        ];
        let path = with_query(&format!("{}/pulls", repo_path(repo)?), &query);
        let (mut found, mut pages) = (Vec::new(), 0);
        self.wire
            .pages(
                read("list closed pull requests", path, Identity::Installation),
                |page: Vec<Pull>| {
                    found.extend(
                        page.into_iter()
                            .filter(|pull| pull.head_ref.starts_with(head_prefix)),
                    );
                    pages += 1;
                    found.len() < limit && pages < PAGES
                },
            )
            .await?;
        found.truncate(limit);
        Ok(found)
    }

    async fn list_pulls(
        &self,
        repo: &str,
        mut query: Vec<(&str, &str)>,
    ) -> Result<Vec<Pull>, GitHubError> {
        query.push(("per_page", "100"));
        let path = with_query(&format!("{}/pulls", repo_path(repo)?), &query);
        self.wire
            .all("list pull requests", path, |page: Vec<Pull>| page)
            .await
    }

    async fn patch_pull(
        &self,
        operation: &'static str,
        repo: &str,
        number: u64,
        change: serde_json::Value,
    ) -> Result<Pull, GitHubError> {
        let path = format!("{}/pulls/{number}", repo_path(repo)?);
        let call = write(operation, Verb::Patch(change), path, Retry::Idempotent);
        let mut lane = self.wire.lane().await;
        self.wire.mutate(&mut lane, call).await?.json()
    }
}
