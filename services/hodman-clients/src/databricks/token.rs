//! Bearer tokens: a fixed one, or those of a service principal, fetched once and shared: for its secret, or for a token of
//! another issuer that a federation policy trusts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::answer;
use super::call::{self, Patience};
use super::connections::Connections;
use super::error::ApiError;
use super::id_token::IdTokenSource;
use super::request::Retry;

/// A token is renewed this long before it ends, or after three quarters of its life if that is sooner.
const RENEW_AHEAD: Duration = Duration::from_secs(300);
/// The longest wait for one answer of the token endpoint.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);
/// All who ask within this time after a failed fetch share its failure: the endpoint is throttled, and a wrong secret
/// does not become right by asking.
const FAILURE_LASTS: Duration = Duration::from_secs(5);
/// Assumed when the endpoint names no `expires_in`.
const DEFAULT_LIFE: u64 = 3600;

/// The exchange of RFC 8693, and the kind of token that is given in.
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// How a client proves who it is.
#[derive(Debug, Clone)]
pub enum Auth {
    /// OAuth machine-to-machine: the service principal's client id and secret are exchanged for tokens of an hour.
    OAuth {
        /// The service principal's application id.
        client_id: String,
        /// Its secret.
        client_secret: SecretString,
        /// Where tokens come from; `None` asks the host.
        token_url: Option<String>,
    },
    /// OAuth without a stored secret: a token of another issuer is exchanged for one of the service principal's (RFC 8693),
    /// as far as a federation policy of the account trusts it.
    Federated {
        /// The service principal's application id.
        client_id: String,
        /// Where the other issuer's token is.
        id_token: IdTokenSource,
        /// Where tokens come from; `None` asks the host.
        token_url: Option<String>,
    },
    /// A personal access token or another bearer token, used as it is.
    Token(SecretString),
}

impl Auth {
    /// The same towards an account. Whom a token of GitHub is for is the account's id there, if nobody says otherwise: it is what
    /// a federation policy without `audiences` trusts, and what Databricks' own clients ask for.
    pub(super) fn for_account(mut self, account_id: &str) -> Self {
        if let Self::Federated {
            id_token: IdTokenSource::GithubActions { audience },
            ..
        } = &mut self
            && !account_id.is_empty()
        {
            audience.get_or_insert_with(|| account_id.to_owned());
        }
        self
    }
}

/// The service principal and what shows that we are it.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub client_id: String,
    pub proof: Proof,
}

/// What shows that we are a service principal.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    Secret(SecretString),
    IdToken(IdTokenSource),
}

/// All tokens of a process, by (token endpoint, client id).
#[derive(Debug, Default)]
pub(super) struct TokenCache {
    slots: Mutex<BTreeMap<(String, String), Arc<Slot>>>,
}

#[derive(Debug, Default)]
struct Slot {
    state: Mutex<SlotState>,
    /// Held by the one who fetches; the others wait here and then find the new token.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct SlotState {
    token: Option<Cached>,
    failure: Option<(Instant, ApiError)>,
}

#[derive(Debug, Clone)]
struct Cached {
    secret: SecretString,
    renew_at: Instant,
    ends_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    expires_in: Option<u64>,
}

impl TokenCache {
    /// The present token for `principal`, fetched if there is none, renewed ahead of its end.
    pub(super) async fn bearer(
        &self,
        connections: &Connections,
        token_url: &str,
        principal: &Principal,
    ) -> Result<SecretString, ApiError> {
        let slot = self.slot(token_url, &principal.client_id);
        let now = connections.timing.now();
        match slot.usable(now) {
            Some(token) if now < token.renew_at => Ok(token.secret),
            Some(token) => match slot.fetching.try_lock() {
                // The old token still works: a failed renewal is tried again by a later call.
                Ok(_fetching) => Ok(slot
                    .fetch(connections, token_url, principal)
                    .await
                    .unwrap_or(token.secret)),
                Err(_) => Ok(token.secret),
            },
            None => {
                let _fetching = slot.fetching.lock().await;
                match slot.usable(connections.timing.now()) {
                    Some(token) => Ok(token.secret),
                    None => slot.fetch(connections, token_url, principal).await,
                }
            }
        }
    }

    /// Forgets `refused`, unless someone has replaced it already.
    pub(super) fn forget(&self, token_url: &str, client_id: &str, refused: &SecretString) {
        let slot = self.slot(token_url, client_id);
        let mut state = slot.lock();
        if state
            .token
            .as_ref()
            .is_some_and(|token| token.secret.expose_secret() == refused.expose_secret())
        {
            state.token = None;
        }
    }

    fn slot(&self, token_url: &str, client_id: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            slots
                .entry((token_url.to_owned(), client_id.to_owned()))
                .or_default(),
        )
    }
}

impl Slot {
    fn lock(&self) -> std::sync::MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable(&self, now: Instant) -> Option<Cached> {
        self.lock()
            .token
            .clone()
            .filter(|token| now < token.ends_at)
    }

    /// Fetches and keeps a token, or repeats the failure of a moment ago. Only called by the holder of `fetching`.
    async fn fetch(
        &self,
        connections: &Connections,
        token_url: &str,
        principal: &Principal,
    ) -> Result<SecretString, ApiError> {
        let now = connections.timing.now();
        if let Some((failed_at, error)) = &self.lock().failure
            && now.saturating_duration_since(*failed_at) < FAILURE_LASTS
        {
            return Err(error.clone());
        }
        match fetch(connections, token_url, principal).await {
            Ok(token) => {
                let secret = token.secret.clone();
                *self.lock() = SlotState {
                    token: Some(token),
                    failure: None,
                };
                Ok(secret)
            }
            Err(error) => {
                tracing::warn!(token_url, client_id = principal.client_id, %error, "no Databricks token");
                self.lock().failure = Some((connections.timing.now(), error.clone()));
                Err(error)
            }
        }
    }
}

async fn fetch(
    connections: &Connections,
    token_url: &str,
    principal: &Principal,
) -> Result<Cached, ApiError> {
    let asked_at = connections.timing.now();
    // A second token does no harm.
    let mut patience = Patience::new(connections, Retry::Idempotent);
    let answer = loop {
        let sent = match request(connections, token_url, principal).await {
            Ok(request) => call::send(request, &Method::POST, token_url).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(answer) => break answer,
            Err(error) => patience.after(error).await?,
        }
    };
    if answer::is_html(&answer.headers, &answer.body) {
        return Err(answer::refusal(
            &Method::POST,
            token_url,
            answer.status,
            &answer.headers,
            &answer.body,
        ));
    }
    let parsed: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| {
        call::unreadable(
            &Method::POST,
            token_url,
            "the answer holds no access token",
            answer.status,
        )
    })?;
    let life = Duration::from_secs(parsed.expires_in.unwrap_or(DEFAULT_LIFE));
    let ahead = RENEW_AHEAD.min(life / 4);
    Ok(Cached {
        secret: parsed.access_token,
        renew_at: asked_at + (life - ahead),
        ends_at: asked_at + life,
    })
}

/// One request for a token. The other issuer's token is looked for anew each time: it lives for minutes, and whoever renews
/// it says nothing.
async fn request(
    connections: &Connections,
    token_url: &str,
    principal: &Principal,
) -> Result<reqwest::RequestBuilder, ApiError> {
    let request = connections.http.post(token_url).timeout(TOKEN_TIMEOUT);
    let client_id = principal.client_id.as_str();
    Ok(match &principal.proof {
        Proof::Secret(secret) => request
            .basic_auth(client_id, Some(secret.expose_secret()))
            .form(&[("grant_type", "client_credentials"), ("scope", "all-apis")]),
        Proof::IdToken(source) => {
            let id_token = source.get(connections, token_url).await?;
            request.form(&[
                ("grant_type", TOKEN_EXCHANGE),
                ("client_id", client_id),
                ("subject_token_type", JWT),
                ("subject_token", id_token.expose_secret()),
                ("scope", "all-apis"),
            ])
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(auth: &Auth) -> Option<&str> {
        match auth {
            Auth::Federated {
                id_token: IdTokenSource::GithubActions { audience },
                ..
            } => audience.as_deref(),
            _ => None,
        }
    }

    #[test]
    fn a_token_of_github_is_for_the_account_unless_somebody_says_otherwise() {
        let of = |audience: Option<&str>| Auth::Federated {
            client_id: "hodman".to_owned(),
            id_token: IdTokenSource::GithubActions {
                audience: audience.map(str::to_owned),
            },
            token_url: None,
        };
        let told = of(None).for_account("0d26daa6");
        assert_eq!(audience(&told), Some("0d26daa6"));
        let told = of(Some("databricks")).for_account("0d26daa6");
        assert_eq!(audience(&told), Some("databricks"));
        // Where no account is named there is nothing to be for.
        assert_eq!(audience(&of(None).for_account("")), None);
    }
}
