//! Comments that are kept up to date instead of being repeated.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::pull::{UserWire, login_or_ghost};
use super::text::{BODY, fit};
use super::wire::{Lane, Verb, with_query, write};
use super::{GitHub, GitHubError, commit_id, repo_path};
use crate::retry::Retry;

/// A comment on a pull request, an issue or a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Login of the author.
    pub author: String,
    /// Markdown.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Its web page.
    pub html_url: String,
}

#[derive(Deserialize)]
struct CommentWire {
    id: u64,
    user: Option<UserWire>,
    body: Option<String>,
    created_at: DateTime<Utc>,
    #[serde(default)]
    html_url: String,
}

impl From<CommentWire> for Comment {
    fn from(wire: CommentWire) -> Self {
        Self {
            id: wire.id,
            author: login_or_ghost(wire.user),
            body: wire.body.unwrap_or_default(),
            created_at: wire.created_at,
            html_url: wire.html_url,
        }
    }
}

/// The two places that have comments, which differ only in their paths.
struct Place {
    list: String,
    /// What an id is put after to edit one comment.
    edit: String,
}

impl GitHub {
    /// `GET /repos/{repo}/issues/{number}/comments`, all pages, oldest first: the conversation of
    /// a pull request. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`].
    pub async fn comments(&self, repo: &str, number: u64) -> Result<Vec<Comment>, GitHubError> {
        self.list_comments(&conversation(repo, number)?).await
    }

    /// Makes our one comment with `marker` on a pull request say `body`: `PATCH
    /// /repos/{repo}/issues/comments/{id}` if there is one that differs, else `POST
    /// /repos/{repo}/issues/{number}/comments`. `body` must contain `marker` (a hidden
    /// `<!-- … -->`). After a lost answer the comment is looked for before it is written again.
    ///
    /// # Errors
    /// [`GitHubError::Misconfigured`] when the marker is missing in the body;
    /// [`GitHubError::NotFound`], [`GitHubError::Forbidden`].
    pub async fn upsert_sticky(
        &self,
        repo: &str,
        number: u64,
        marker: &str,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        self.upsert_comment(&conversation(repo, number)?, marker, body)
            .await
    }

    /// The same for a comment on a commit: `/repos/{repo}/commits/{sha}/comments` and
    /// `/repos/{repo}/comments/{id}`.
    ///
    /// # Errors
    /// As for [`GitHub::upsert_sticky`].
    pub async fn upsert_commit_comment(
        &self,
        repo: &str,
        sha: &str,
        marker: &str,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let repo = repo_path(repo)?;
        let place = Place {
            list: format!("{repo}/commits/{}/comments", commit_id(sha)?),
            edit: format!("{repo}/comments"),
        };
        self.upsert_comment(&place, marker, body).await
    }

    async fn list_comments(&self, place: &Place) -> Result<Vec<Comment>, GitHubError> {
        let path = with_query(&place.list, &[("per_page", "100")]);
        self.wire
            .all("list comments", path, |page: Vec<CommentWire>| {
                page.into_iter().map(Comment::from).collect()
            })
            .await
    }

    async fn upsert_comment(
        &self,
        place: &Place,
        marker: &str,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let body = fit(body, BODY);
        if marker.is_empty() || !body.contains(marker) {
            return Err(GitHubError::Misconfigured(
                "the comment does not contain its own marker".to_owned(),
            ));
        }
        // Anybody may quote our marker; only our own comment is edited.
        let own_login = self.own_login().await?;
        let mut lane = self.wire.lane().await;
        let mut attempt = 1;
        loop {
            let present = self
                .list_comments(place)
                .await?
                .into_iter()
                .find(|comment| {
                    comment.body.contains(marker)
                        && own_login.is_none_or(|login| login.eq_ignore_ascii_case(&comment.author))
                });
            let error = match self.write_comment(&mut lane, place, present, &body).await {
                Ok(comment) => return Ok(comment),
                Err(error) => error,
            };
            if !error.effect_unknown() || attempt >= self.wire.backoff.attempts {
                return Err(error);
            }
            tokio::time::sleep(self.wire.backoff.delay(attempt)).await;
            attempt += 1;
        }
    }

    async fn write_comment(
        &self,
        lane: &mut Lane<'_>,
        place: &Place,
        present: Option<Comment>,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let text = json!({ "body": body });
        let call = match present {
            Some(comment) if same_text(&comment.body, body) => return Ok(comment),
            Some(comment) => write(
                "edit comment",
                Verb::Patch(text),
                format!("{}/{}", place.edit, comment.id),
                Retry::Idempotent,
            ),
            None => write(
                "create comment",
                Verb::Post(text),
                place.list.clone(),
                Retry::WhenRefused,
            ),
        };
        let wire: CommentWire = self.wire.mutate(lane, call).await?.json()?;
        Ok(wire.into())
    }
}

fn conversation(repo: &str, number: u64) -> Result<Place, GitHubError> {
    let repo = repo_path(repo)?;
    Ok(Place {
        list: format!("{repo}/issues/{number}/comments"),
        edit: format!("{repo}/issues/comments"),
    })
}

/// GitHub keeps line ends as its web editor writes them.
fn same_text(left: &str, right: &str) -> bool {
    left.replace("\r\n", "\n").trim_end() == right.replace("\r\n", "\n").trim_end()
}
