//! What a workspace and an account have in common: host, principal, limiter, and a call with all of them.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::answer;
use super::call::{self, Answer, Patience};
use super::connections::Connections;
use super::error::{ApiError, ErrorKind};
use super::foundation::{Beyond, tell_hosts};
use super::limiter::{Limiter, Permit, Stats};
use super::request::{Request, Retry};
use super::token::{Auth, Principal, Proof};

/// What a request carries. Kept in a form that can be sent again.
pub(super) enum Payload {
    None,
    Json(Value),
    Bytes(Bytes),
    /// A multipart form of text fields and the one named `content`.
    Form(Vec<(&'static str, String)>, Bytes),
}

/// A call with any payload.
pub(super) struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub query: &'a [(String, String)],
    pub payload: Payload,
    pub retry: Retry,
}

/// Where tokens come from.
#[derive(Debug)]
pub(super) enum TokenSource {
    Fixed(SecretString),
    /// The endpoint is known.
    Known {
        url: String,
        principal: Principal,
    },
    /// The endpoint is asked of the host at the first call.
    Discovered {
        url: OnceCell<String>,
        principal: Principal,
    },
}

impl TokenSource {
    /// `default_url` is used for OAuth without a token URL; `None` asks the host.
    pub(super) fn new(auth: Auth, default_url: Option<String>) -> Self {
        let (client_id, proof, token_url) = match auth {
            Auth::Token(token) => return Self::Fixed(token),
            Auth::OAuth {
                client_id,
                client_secret,
                token_url,
            } => (client_id, Proof::Secret(client_secret), token_url),
            Auth::Federated {
                client_id,
                id_token,
                token_url,
            } => (client_id, Proof::IdToken(id_token), token_url),
        };
        let principal = Principal { client_id, proof };
        match token_url.or(default_url) {
            Some(url) => Self::Known { url, principal },
            None => Self::Discovered {
                url: OnceCell::new(),
                principal,
            },
        }
    }
}

#[derive(Debug)]
pub(super) struct Transport {
    pub connections: Connections,
    pub host: Url,
    pub tokens: TokenSource,
    pub limiter: Limiter,
    pub timeout: Duration,
    pub user_agent: String,
    /// Only where it is that of a foundation.
    pub foundation: Option<Beyond>,
}

/// Why a host cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("\"{host}\" is not a Databricks host: {reason}")]
pub struct BadHost {
    host: String,
    reason: &'static str,
}

/// Reads `host`, which people write with and without `https://` and a final slash.
pub(super) fn parse_host(host: &str) -> Result<Url, BadHost> {
    let bad = |reason| BadHost {
        host: host.to_owned(),
        reason,
    };
    let text = host.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("https://{text}"))
    };
    let url = url.map_err(|_| bad("it does not read as a URL"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(bad("it must be an https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The address itself would then be a secret, so it is not repeated.
        return Err(BadHost {
            host: "…".to_owned(),
            reason: "credentials do not belong into the address",
        });
    }
    let mut url = url;
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

impl Transport {
    pub(super) async fn json(&self, request: &Request) -> Result<Value, ApiError> {
        let path = match &self.foundation {
            None => Cow::Borrowed(request.path.as_str()),
            Some(beyond) => match beyond.path(request)? {
                Some(path) => Cow::Owned(path),
                None => return beyond.call(request).await,
            },
        };
        let call = Call {
            method: request.method.clone(),
            path: &path,
            query: &request.query,
            payload: request.body.clone().map_or(Payload::None, Payload::Json),
            retry: request.retry,
        };
        let answer = self.raw(&call).await?;
        if answer.body.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        if answer::is_html(&answer.headers, &answer.body) {
            return Err(answer::refusal(
                &call.method,
                call.path,
                answer.status,
                &answer.headers,
                &answer.body,
            ));
        }
        let mut answer = serde_json::from_slice(&answer.body).map_err(|_| {
            call::unreadable(
                &call.method,
                call.path,
                "the answer is not JSON",
                answer.status,
            )
        })?;
        if self.foundation.is_some() {
            tell_hosts(&self.host, &mut answer);
        }
        Ok(answer)
    }

    /// The call with token, limiter and retries; the answer as it came.
    pub(super) async fn raw(&self, call: &Call<'_>) -> Result<Answer, ApiError> {
        let mut url = self.host.clone();
        url.set_path(call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut patience = Patience::new(&self.connections, call.retry);
        let mut token_replaced = false;
        loop {
            let (token, result) = self.once(call, url.clone()).await?;
            match result {
                Ok(answer) => return Ok(answer),
                // A refused token had no effect, so even a create may be sent again, once, with a new one.
                Err(error)
                    if error.kind == ErrorKind::Unauthenticated
                        && !token_replaced
                        && self.forget(&token) =>
                {
                    token_replaced = true;
                    tracing::info!(host = %self.host, "Databricks refused a token before its end; fetching a new one");
                }
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// One try; the outer error is that of getting a token, which has had its own tries.
    async fn once(
        &self,
        call: &Call<'_>,
        url: Url,
    ) -> Result<(SecretString, Result<Answer, ApiError>), ApiError> {
        let permit = self
            .limiter
            .acquire(call.path, &self.connections.timing)
            .await;
        let token = self.bearer().await?;
        let result = call::send(self.request(call, url, &token), &call.method, call.path).await;
        self.learn(&permit, &result);
        Ok((token, result))
    }

    pub(super) fn stats(&self) -> Stats {
        self.limiter.stats()
    }

    fn request(&self, call: &Call<'_>, url: Url, token: &SecretString) -> reqwest::RequestBuilder {
        let request = self
            .connections
            .http
            .request(call.method.clone(), url)
            .bearer_auth(token.expose_secret())
            .header(reqwest::header::USER_AGENT, &self.user_agent)
            .timeout(self.timeout);
        match &call.payload {
            Payload::None => request,
            Payload::Json(value) => request.json(value),
            Payload::Bytes(bytes) => request
                .header(reqwest::header::CONTENT_TYPE, "application/octet-stream")
                .body(bytes.clone()),
            Payload::Form(fields, content) => {
                let length = content.len() as u64;
                let content = reqwest::multipart::Part::stream_with_length(content.clone(), length)
                    .file_name("content");
                let form = fields
                    .iter()
                    .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
                        form.text(*name, value.clone())
                    });
                request.multipart(form.part("content", content))
            }
        }
    }

    fn learn(&self, permit: &Permit, result: &Result<Answer, ApiError>) {
        match result {
            Ok(_) => permit.accepted(),
            Err(error) => {
                let retry = self.connections.retry;
                let wait = match (error.kind, error.retry_after()) {
                    // A server in trouble that says until when is left alone until then.
                    (_, Some(wait)) => wait,
                    (ErrorKind::RateLimited { .. }, None) => retry.first_wait,
                    _ => return,
                };
                permit.throttled(self.connections.timing.now(), wait.min(retry.budget));
            }
        }
    }

    async fn bearer(&self) -> Result<SecretString, ApiError> {
        let (url, principal) = match &self.tokens {
            TokenSource::Fixed(token) => return Ok(token.clone()),
            TokenSource::Known { url, principal } => (url, principal),
            TokenSource::Discovered { url, principal } => (
                url.get_or_try_init(|| self.discover_token_url()).await?,
                principal,
            ),
        };
        self.connections
            .tokens
            .bearer(&self.connections, url, principal)
            .await
    }

    /// Whether a new token can be had in place of `token`.
    fn forget(&self, token: &SecretString) -> bool {
        let (url, principal) = match &self.tokens {
            TokenSource::Fixed(_) => return false,
            TokenSource::Known { url, principal } => (Some(url), principal),
            TokenSource::Discovered { url, principal } => (url.get(), principal),
        };
        if let Some(url) = url {
            self.connections
                .tokens
                .forget(url, &principal.client_id, token);
        }
        true
    }

    /// Asks the host where its tokens come from. Hosts that do not say have them at `/oidc/v1/token`.
    async fn discover_token_url(&self) -> Result<String, ApiError> {
        let path = "/oidc/.well-known/oauth-authorization-server";
        let url_of = |path: &str| {
            let mut url = self.host.clone();
            url.set_path(path);
            url
        };
        let mut patience = Patience::new(&self.connections, Retry::Idempotent);
        let found = loop {
            let request = self
                .connections
                .http
                .get(url_of(path))
                .timeout(self.timeout);
            match call::send(request, &Method::GET, path).await {
                Err(error) if error.is_transient() => patience.after(error).await?,
                found => break found,
            }
        };
        let endpoint = match found {
            Ok(answer) => serde_json::from_slice::<Value>(&answer.body)
                .ok()
                .and_then(|metadata| Url::parse(metadata.get("token_endpoint")?.as_str()?).ok()),
            Err(_) => None,
        };
        // The secret is sent there, so an address less protected than the host itself is not believed.
        let trusted = endpoint.filter(|endpoint| {
            endpoint.scheme() == "https" || endpoint.scheme() == self.host.scheme()
        });
        Ok(trusted.unwrap_or_else(|| url_of("/oidc/v1/token")).into())
    }
}
