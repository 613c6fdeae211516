//! Tokens of another issuer that say who this process is, in place of a stored secret: a file that the platform renews, a
//! variable, or what GitHub Actions gives a workflow.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::call;
use super::connections::Connections;
use super::error::{ApiError, ErrorKind};

/// The longest wait for GitHub's answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where such a token is. It is looked for anew each time it is exchanged, because it lives for minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdTokenSource {
    /// A file that somebody else renews, such as a projected service account token.
    File(PathBuf),
    /// A variable of this process's environment.
    Env(String),
    /// The service that GitHub Actions offers a job with `permissions: {id-token: write}`, at
    /// `ACTIONS_ID_TOKEN_REQUEST_URL`.
    GithubActions {
        /// Whom the token is for; when absent an account's id, or a workspace's token endpoint.
        audience: Option<String>,
    },
}

impl fmt::Display for IdTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::GithubActions { .. } => f.write_str("GitHub Actions"),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    value: SecretString,
}

impl IdTokenSource {
    /// The token as it is now.
    pub(super) async fn get(
        &self,
        connections: &Connections,
        token_url: &str,
    ) -> Result<SecretString, ApiError> {
        let missing = |why: &dyn fmt::Display| {
            let call = format!("reading an identity token from {self}");
            ApiError::of(
                ErrorKind::Unauthenticated,
                call,
                None,
                why.to_string(),
                false,
            )
        };
        let variable = |name: &str| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or_else(|| missing(&format!("the environment variable {name} is not set")))
        };
        let token = match self {
            Self::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| missing(&error))?,
            Self::Env(name) => variable(name)?,
            Self::GithubActions { audience } => {
                let url = variable("ACTIONS_ID_TOKEN_REQUEST_URL")?;
                let bearer = SecretString::from(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?);
                let audience = audience.as_deref().unwrap_or(token_url);
                return of_github(connections, &url, &bearer, audience).await;
            }
        };
        let token = token.trim();
        if token.is_empty() {
            return Err(missing(&"there is nothing in it"));
        }
        Ok(token.into())
    }
}

/// Asks GitHub for a token that says which repository, branch and environment the job is of.
async fn of_github(
    connections: &Connections,
    url: &str,
    bearer: &SecretString,
    audience: &str,
) -> Result<SecretString, ApiError> {
    let what = "ACTIONS_ID_TOKEN_REQUEST_URL";
    let mut url = Url::parse(url).map_err(|error| {
        let words = format!("not a URL: {error}");
        ApiError::of(ErrorKind::Invalid, what, None, words, false)
    })?;
    url.query_pairs_mut().append_pair("audience", audience);
    let request = connections
        .http
        .get(url)
        .bearer_auth(bearer.expose_secret())
        .timeout(TIMEOUT);
    let answer = call::send(request, &Method::GET, what).await?;
    let answer: Answer = serde_json::from_slice(&answer.body).map_err(|_| {
        call::unreadable(
            &Method::GET,
            what,
            "the answer holds no token",
            answer.status,
        )
    })?;
    Ok(answer.value)
}
