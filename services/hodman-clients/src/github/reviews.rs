//! Reviews: who approved which commit.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::pull::{UserWire, login_or_ghost};
use super::wire::with_query;
use super::{GitHub, GitHubError, repo_path};

/// What a review says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Approved.
    Approved,
    /// Changes requested.
    ChangesRequested,
    /// Only comments.
    Commented,
    /// Withdrawn, by a person or because the head moved.
    Dismissed,
    /// Not yet submitted.
    Pending,
    /// A word that GitHub did not have when this was written.
    #[serde(untagged)]
    Other(String),
}

/// One review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: u64,
    /// Login of the reviewer.
    pub author: String,
    /// Whether the reviewer belongs to the repository (owner, member, collaborator). In a public one anybody may press
    /// "Approve". True where a server does not say.
    pub belongs: bool,
    /// What it says.
    pub state: ReviewState,
    /// The head that the reviewer saw.
    pub commit_sha: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct ReviewWire {
    id: u64,
    user: Option<UserWire>,
    author_association: Option<String>,
    state: ReviewState,
    commit_id: Option<String>,
    submitted_at: Option<DateTime<Utc>>,
}

impl From<ReviewWire> for Review {
    fn from(wire: ReviewWire) -> Self {
        Self {
            id: wire.id,
            author: login_or_ghost(wire.user),
            belongs: wire
                .author_association
                .is_none_or(|word| ["OWNER", "MEMBER", "COLLABORATOR"].contains(&word.as_str())),
            state: wire.state,
            commit_sha: wire.commit_id,
            submitted_at: wire.submitted_at,
        }
    }
}

impl GitHub {
    /// `GET /repos/{repo}/pulls/{number}/reviews`, all pages, oldest first: a person's later
    /// review replaces the earlier one. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`].
    pub async fn reviews(&self, repo: &str, number: u64) -> Result<Vec<Review>, GitHubError> {
        let path = format!("{}/pulls/{number}/reviews", repo_path(repo)?);
        self.wire
            .all(
                "list reviews",
                with_query(&path, &[("per_page", "100")]),
                |page: Vec<ReviewWire>| page.into_iter().map(Review::from).collect(),
            )
            .await
    }
}
