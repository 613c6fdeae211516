//! Sending: identity, lane, rate limits, pages. Everything else here is built on [`Wire::send`].

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::GitHubConfig;
use super::answer::Answer;
use super::auth::{Auth, InstallationToken};
use super::connection::Connection;
use super::error::GitHubError;
use crate::retry::{Backoff, Retry};

/// No list that we read is longer than this many pages of 100; more means a server that repeats
/// its `next` link for ever.
const MAX_PAGES: usize = 200;

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// For people: completes "GitHub answered … with 404".
    pub(super) operation: &'static str,
    pub(super) verb: Verb,
    /// Path and query, from the API's base.
    pub(super) path: String,
    pub(super) retry: Retry,
    pub(super) identity: Identity,
}

/// The method and its body.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Get,
    Post(serde_json::Value),
    Patch(serde_json::Value),
    Put(serde_json::Value),
}

/// An app has two: itself (deliveries, installations) and its installation (all the rest).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    Installation,
    App,
}

/// The right to mutate: held from looking for what is there until it is made.
pub(super) struct Lane<'a> {
    last_mutation: MutexGuard<'a, Option<Instant>>,
}

pub(super) struct Wire {
    pub(super) connection: Connection,
    pub(super) auth: Auth,
    pub(super) backoff: Backoff,
    mutation_gap: Duration,
    lane: Mutex<Option<Instant>>,
    pub(super) cached_token: Mutex<Option<InstallationToken>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) fn new(config: GitHubConfig) -> Result<Self, GitHubError> {
        Ok(Self {
            connection: Connection::new(&config)?,
            auth: config.auth,
            backoff: config.backoff,
            mutation_gap: config.mutation_gap,
            lane: Mutex::new(None),
            cached_token: Mutex::new(None),
        })
    }

    /// Whether this client is an app.
    pub(super) fn is_app(&self) -> bool {
        matches!(self.auth, Auth::App { .. })
    }

    /// Waits for the turn to mutate.
    pub(super) async fn lane(&self) -> Lane<'_> {
        Lane {
            last_mutation: self.lane.lock().await,
        }
    }

    /// Sends a mutation in its turn, not sooner after the last one than configured.
    pub(super) async fn mutate(
        &self,
        lane: &mut Lane<'_>,
        call: Call,
    ) -> Result<Answer, GitHubError> {
        if let Some(last) = *lane.last_mutation {
            tokio::time::sleep_until(last + self.mutation_gap).await;
        }
        let answer = self.send(call).await;
        *lane.last_mutation = Some(Instant::now());
        answer
    }

    /// Reads one JSON document.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: String,
    ) -> Result<T, GitHubError> {
        self.send(read(operation, path, Identity::Installation))
            .await?
            .json()
    }

    /// Reads all pages of a list; `items` takes a page apart.
    pub(super) async fn all<P: DeserializeOwned, T>(
        &self,
        operation: &'static str,
        path: String,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let mut found = Vec::new();
        let call = read(operation, path, Identity::Installation);
        self.pages(call, |page: P| {
            found.extend(items(page));
            true
        })
        .await?;
        Ok(found)
    }

    /// Reads pages until there is no more or `more` says that it has seen enough.
    pub(super) async fn pages<P: DeserializeOwned>(
        &self,
        mut call: Call,
        mut more: impl FnMut(P) -> bool,
    ) -> Result<(), GitHubError> {
        for _ in 0..MAX_PAGES {
            let answer = self.send(call.clone()).await?;
            let next = answer.next_page();
            if !more(answer.json()?) {
                return Ok(());
            }
            match next {
                Some(path) => call.path = path,
                None => return Ok(()),
            }
        }
        // A list that is cut short would be taken for the whole.
        Err(GitHubError::EndlessList {
            operation: call.operation,
        })
    }

    /// Sends with the retries that the call allows; a status that is not 2xx is an error.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, GitHubError> {
        self.backoff
            .run(call.retry, |_| self.send_known(&call))
            .await
    }

    /// One attempt, repeated only while a fresh installation token may not be known everywhere,
    /// and once with a new token when the old one was revoked before its time. Neither answer
    /// had an effect, so this is safe for every call.
    async fn send_known(&self, call: &Call) -> Result<Answer, GitHubError> {
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let (client, token) = self.client(call.identity).await?;
            let error = match self.connection.send(&client, call).await {
                Ok(answer) => {
                    self.note_proved(token.as_ref()).await;
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let Some(token) = token else {
                return Err(error);
            };
            match error {
                GitHubError::Unauthorized(_) | GitHubError::NotFound(_)
                    if token.may_be_unknown_yet() && attempt < self.backoff.attempts =>
                {
                    tracing::debug!(
                        operation = call.operation,
                        attempt,
                        "refused with a token just made"
                    );
                    tokio::time::sleep(self.backoff.delay(attempt)).await;
                    attempt += 1;
                }
                GitHubError::Unauthorized(_) if !renewed && token.proved => {
                    self.forget(&token).await;
                    renewed = true;
                }
                error => return Err(error),
            }
        }
    }
}

/// A read: may be repeated at will.
pub(super) fn read(operation: &'static str, path: String, identity: Identity) -> Call {
    Call {
        operation,
        verb: Verb::Get,
        path,
        retry: Retry::Idempotent,
        identity,
    }
}

/// A mutation as the installation.
pub(super) fn write(operation: &'static str, verb: Verb, path: String, retry: Retry) -> Call {
    Call {
        operation,
        verb,
        path,
        retry,
        identity: Identity::Installation,
    }
}

/// `path` with a percent-encoded query.
pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://localhost/", pairs);
    match url.as_ref().ok().and_then(|url| url.query()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn queries_are_encoded() {
        assert_eq!(
            with_query("/x", &[("head", "acme:a/b c&d"), ("state", "open")]),
            "/x?head=acme%3Aa%2Fb+c%26d&state=open"
        );
        assert_eq!(with_query("/x", &[]), "/x?");
    }
}
