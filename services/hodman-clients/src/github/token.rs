//! Installation tokens: made when needed, kept until shortly before they end.

use chrono::{DateTime, Utc};
use octocrab::Octocrab;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::Instant;

use super::answer::Answer;
use super::auth::{Auth, InstallationToken};
use super::error::GitHubError;
use super::wire::{Call, Identity, Verb, Wire, read};
use crate::retry::Retry;

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
    /// The client to send with, and the installation token that it carries, if any.
    pub(super) async fn client(
        &self,
        identity: Identity,
    ) -> Result<(Octocrab, Option<InstallationToken>), GitHubError> {
        match (&self.auth, identity) {
            (Auth::Token(token), _) => Ok((self.connection.with_token(token)?, None)),
            (Auth::App { .. }, Identity::App) => Ok((self.connection.as_app().clone(), None)),
            (
                Auth::App {
                    installation_id, ..
                },
                Identity::Installation,
            ) => {
                let token = self.installation_token(*installation_id).await?;
                Ok((self.connection.with_token(&token.secret)?, Some(token)))
            }
        }
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
        let mut cached = self.cached_token.lock().await;
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
            .run(call.retry, |_| {
                self.connection.send(self.connection.as_app(), &call)
            })
            .await
    }

    /// Remembers that GitHub knows the token.
    pub(super) async fn note_proved(&self, used: Option<&InstallationToken>) {
        if used.is_some_and(|token| !token.proved)
            && let Some(cached) = self.cached_token.lock().await.as_mut()
        {
            cached.proved = true;
        }
    }

    /// Drops a token that GitHub no longer takes, unless a newer one is there already.
    pub(super) async fn forget(&self, used: &InstallationToken) {
        let mut cached = self.cached_token.lock().await;
        if cached
            .as_ref()
            .is_some_and(|token| token.minted_at == used.minted_at)
        {
            *cached = None;
        }
    }
}
