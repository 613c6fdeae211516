//! Sending: identity, lane, rate limits, pages. Everything else here is built on [`Wire::send`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use octocrab::Octocrab;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::GitHubConfig;
use super::answer::Answer;
use super::auth::{Auth, InstallationToken};
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
    /// Signs as the app, or sends no token at all.
    base: Octocrab,
    /// The API's path, which octocrab puts before ours: empty, or `/api/v3`.
    auth: Auth,
    timeout: Duration,
    pub(super) backoff: Backoff,
    mutation_gap: Duration,
    lane: Mutex<Option<Instant>>,
    token: Mutex<Option<InstallationToken>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire")
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct MintedToken {
    token: SecretString,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

impl Wire {
    pub(super) fn new(config: GitHubConfig) -> Result<Self, GitHubError> {
        let mut http = reqwest::Client::builder()
            .user_agent(config.user_agent.clone())
            .timeout(config.timeout)
            .connect_timeout(config.timeout.min(Duration::from_secs(10)));
        if let Some(pem) = &config.extra_ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?;
            http = http.tls_certs_merge(certificates);
        }
        let mut builder = Octocrab::builder()
            .base_uri(config.api_url.trim_end_matches('/'))
            .map_err(|_| GitHubError::Misconfigured(format!("'{}' is not a URL", config.api_url)))?
            // octocrab sends its own user agent; this one comes later and wins.
            .add_header(reqwest::header::USER_AGENT, config.user_agent);
        if let Auth::App {
            app_id,
            private_key_pem,
            ..
        } = &config.auth
        {
            builder = builder
                .app_from_rsa_pem((*app_id).into(), private_key_pem.expose_secret())
                .map_err(setup)?;
        }
        let http = http.build().map_err(setup)?;
        Ok(Self {
            base: builder.build_with_reqwest(http).map_err(setup)?,
            auth: config.auth,
            timeout: config.timeout,
            backoff: config.backoff,
            mutation_gap: config.mutation_gap,
            lane: Mutex::new(None),
            token: Mutex::new(None),
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
        tracing::warn!(
            operation = call.operation,
            "stopped after {MAX_PAGES} pages"
        );
        Ok(())
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
            let error = match self.send_once(&client, call).await {
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

    async fn send_once(&self, client: &Octocrab, call: &Call) -> Result<Answer, GitHubError> {
        let path = call.path.as_str();
        let exchange = async {
            let response = match &call.verb {
                Verb::Get => client._get(path).await,
                Verb::Post(body) => client._post(path, Some(body)).await,
                Verb::Patch(body) => client._patch(path, Some(body)).await,
                Verb::Put(body) => client._put(path, Some(body)).await,
            }?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = client.body_to_string(response).await?;
            Ok((status, headers, body))
        };
        let timed_out = GitHubError::TimedOut {
            operation: call.operation,
            after: self.timeout,
        };
        let (status, headers, body) = match tokio::time::timeout(self.timeout, exchange).await {
            Err(_elapsed) => return Err(timed_out),
            Ok(Err(source)) => {
                let cause = find_reqwest(&source);
                if cause.is_some_and(reqwest::Error::is_timeout)
                    && !cause.is_some_and(reqwest::Error::is_connect)
                {
                    return Err(timed_out);
                }
                return Err(GitHubError::Unreachable {
                    operation: call.operation,
                    sent: !cause.is_some_and(reqwest::Error::is_connect),
                    source: Box::new(source),
                });
            }
            Ok(Ok(parts)) => parts,
        };
        tracing::debug!(operation = call.operation, status, "github answered");
        let answer = Answer {
            operation: call.operation,
            status,
            headers,
            body,
        };
        answer.checked(Utc::now())
    }

    /// The client to send with, and the installation token that it carries, if any.
    async fn client(
        &self,
        identity: Identity,
    ) -> Result<(Octocrab, Option<InstallationToken>), GitHubError> {
        match (&self.auth, identity) {
            (Auth::Token(token), _) => Ok((self.with_token(token)?, None)),
            (Auth::App { .. }, Identity::App) => Ok((self.base.clone(), None)),
            (
                Auth::App {
                    installation_id, ..
                },
                Identity::Installation,
            ) => {
                let token = self.installation_token(*installation_id).await?;
                Ok((self.with_token(&token.secret)?, Some(token)))
            }
        }
    }

    fn with_token(&self, token: &SecretString) -> Result<Octocrab, GitHubError> {
        self.base.user_access_token(token.clone()).map_err(setup)
    }

    /// The token for git over HTTPS.
    pub(super) async fn token(&self) -> Result<SecretString, GitHubError> {
        match &self.auth {
            Auth::Token(token) => Ok(token.clone()),
            Auth::App {
                installation_id, ..
            } => Ok(self.installation_token(*installation_id).await?.secret),
        }
    }

    /// `POST /app/installations/{id}/access_tokens`. A lost answer leaves a token that nobody
    /// knows and that ends within the hour, so this may be repeated.
    async fn installation_token(
        &self,
        installation: Option<u64>,
    ) -> Result<InstallationToken, GitHubError> {
        // Held while minting, so that many callers at start make one token.
        let mut cached = self.token.lock().await;
        if let Some(token) = cached.as_ref().filter(|token| token.lasts(Utc::now())) {
            return Ok(token.clone());
        }
        let installation = match installation {
            Some(id) => id,
            None => self.only_installation().await?,
        };
        let call = Call {
            operation: "create installation token",
            verb: Verb::Post(serde_json::json!({})),
            path: format!("/app/installations/{installation}/access_tokens"),
            retry: Retry::Idempotent,
            identity: Identity::App,
        };
        let minted: MintedToken = self.send_as_app(call).await?.json()?;
        let token = InstallationToken {
            secret: minted.token,
            expires_at: minted.expires_at,
            minted_at: Instant::now(),
            proved: false,
        };
        *cached = Some(token.clone());
        Ok(token)
    }

    /// `GET /app/installations`.
    async fn only_installation(&self) -> Result<u64, GitHubError> {
        let call = read(
            "list installations",
            "/app/installations".to_owned(),
            Identity::App,
        );
        let installations: Vec<Installation> = self.send_as_app(call).await?.json()?;
        match installations.as_slice() {
            [only] => Ok(only.id),
            several => Err(GitHubError::Misconfigured(format!(
                "the app has {} installations; name one by installation_id",
                several.len()
            ))),
        }
    }

    /// As [`Wire::send`], but always with the app's own signature; making a token needs one
    /// that does not go through the token.
    async fn send_as_app(&self, call: Call) -> Result<Answer, GitHubError> {
        self.backoff
            .run(call.retry, |_| self.send_once(&self.base, &call))
            .await
    }

    async fn note_proved(&self, used: Option<&InstallationToken>) {
        if used.is_some_and(|token| !token.proved)
            && let Some(cached) = self.token.lock().await.as_mut()
        {
            cached.proved = true;
        }
    }

    async fn forget(&self, used: &InstallationToken) {
        let mut cached = self.token.lock().await;
        if cached
            .as_ref()
            .is_some_and(|token| token.minted_at == used.minted_at)
        {
            *cached = None;
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

fn setup(error: impl std::error::Error + Send + Sync + 'static) -> GitHubError {
    GitHubError::Setup(Box::new(error))
}

/// reqwest's error in octocrab's chain, which knows whether a connection was made.
fn find_reqwest(error: &octocrab::Error) -> Option<&reqwest::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
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
