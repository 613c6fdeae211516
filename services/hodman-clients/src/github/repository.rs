//! A repository's settings.

use serde::Deserialize;

use super::{GitHub, GitHubError, repo_path};

/// What we need to know of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Its present `owner/name`, which differs from the one asked for after a rename.
    pub full_name: String,
    /// The default branch.
    pub default_branch: String,
    /// Where git finds it, HTTPS.
    pub clone_url: String,
    /// Its web page.
    pub html_url: String,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is archived, that is, read-only.
    #[serde(default)]
    pub archived: bool,
}

impl GitHub {
    /// `GET /repos/{owner}/{name}`. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] also when the account may not see the repository.
    pub async fn repository(&self, repo: &str) -> Result<Repository, GitHubError> {
        self.wire.get("get repository", repo_path(repo)?).await
    }
}
