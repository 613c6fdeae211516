//! Webhooks and their deliveries: GitHub does not repeat a delivery that failed, but it keeps
//! them for a while and sends one again when asked.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::wire::{Call, Identity, Verb, read, with_query};
use super::{GitHub, GitHubError, repo_path};
use crate::retry::Retry;

/// Whose webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryScope {
    /// The app's own.
    App,
    /// One of a repository.
    Repo {
        /// `owner/name`.
        repo: String,
        /// The hook's id.
        hook_id: u64,
    },
}

/// One attempt to deliver one event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Delivery {
    /// Id of the attempt, by which it is sent again.
    pub id: u64,
    /// Id of the event, `X-GitHub-Delivery`: the same in every attempt.
    pub guid: String,
    /// When the attempt was made.
    pub delivered_at: DateTime<Utc>,
    /// Whether it was sent again on request.
    pub redelivery: bool,
    /// What came of it: `OK`, or words such as `timed out`.
    pub status: String,
    /// The HTTP status of the receiver; 0 when there was no answer.
    pub status_code: u16,
    /// `X-GitHub-Event`.
    pub event: String,
    /// The payload's `action`.
    pub action: Option<String>,
}

impl Delivery {
    /// Whether the receiver took it.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status_code)
    }
}

/// A webhook of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub id: u64,
    /// Whether it is switched on.
    pub active: bool,
    /// The events it wants; `*` for all.
    pub events: Vec<String>,
    /// Where it sends to.
    pub url: Option<String>,
}

#[derive(Deserialize)]
struct HookWire {
    id: u64,
    active: bool,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    config: HookConfig,
}

#[derive(Default, Deserialize)]
struct HookConfig {
    url: Option<String>,
}

impl DeliveryScope {
    fn path(&self) -> Result<(String, Identity), GitHubError> {
        Ok(match self {
            Self::App => ("/app/hook/deliveries".to_owned(), Identity::App),
            Self::Repo { repo, hook_id } => (
                format!("{}/hooks/{hook_id}/deliveries", repo_path(repo)?),
                Identity::Installation,
            ),
        })
    }
}

impl GitHub {
    /// `GET /repos/{repo}/hooks`, all pages. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] without the right to administer hooks.
    pub async fn hooks(&self, repo: &str) -> Result<Vec<Hook>, GitHubError> {
        let path = with_query(
            &format!("{}/hooks", repo_path(repo)?),
            &[("per_page", "100")],
        );
        self.wire
            .all("list webhooks", path, |page: Vec<HookWire>| {
                page.into_iter()
                    .map(|wire| Hook {
                        id: wire.id,
                        active: wire.active,
                        events: wire.events,
                        url: wire.config.url,
                    })
                    .collect()
            })
            .await
    }

    /// `GET /app/hook/deliveries` or `GET /repos/{repo}/hooks/{id}/deliveries`: the attempts
    /// since `since`, newest first. A read: repeated at will.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] when there is no such hook or no right to see it.
    pub async fn deliveries(
        &self,
        scope: &DeliveryScope,
        since: DateTime<Utc>,
    ) -> Result<Vec<Delivery>, GitHubError> {
        let (path, identity) = scope.path()?;
        let call = read(
            "list webhook deliveries",
            with_query(&path, &[("per_page", "100")]),
            identity,
        );
        let mut found = Vec::new();
        self.wire
            .pages(call, |page: Vec<Delivery>| {
                let all_recent = page.iter().all(|delivery| delivery.delivered_at >= since);
                found.extend(
                    page.into_iter()
                        .filter(|delivery| delivery.delivered_at >= since),
                );
                all_recent
            })
            .await?;
        Ok(found)
    }

    /// `POST …/deliveries/{id}/attempts`. Repeated at will: a second sending carries the same
    /// guid, which the receiver knows already.
    ///
    /// # Errors
    /// [`GitHubError::NotFound`] or [`GitHubError::Validation`] for one that GitHub no longer keeps.
    pub async fn redeliver(
        &self,
        scope: &DeliveryScope,
        delivery_id: u64,
    ) -> Result<(), GitHubError> {
        let (path, identity) = scope.path()?;
        let call = Call {
            operation: "redeliver webhook",
            verb: Verb::Post(json!({})),
            path: format!("{path}/{delivery_id}/attempts"),
            retry: Retry::Idempotent,
            identity,
        };
        let mut lane = self.wire.lane().await;
        self.wire.mutate(&mut lane, call).await?;
        Ok(())
    }
}
