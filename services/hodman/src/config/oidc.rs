//! Sign-in without a stored secret: whose token is taken in place of one.

use anyhow::Context as _;
use hodman_clients::databricks::{Auth, IdTokenSource};
use schemars::JsonSchema;
use serde::Deserialize;

use super::SecretRef;

/// The variable with which a job of GitHub Actions asks for its token.
const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Where a token of another issuer is: `{file: PATH}`, `{env: NAME}` or `{github_actions: {audience: …}}`. It is read anew
/// at each exchange.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub enum Oidc {
    /// The token itself, in a file or a variable that somebody else renews.
    Token(SecretRef),
    /// What GitHub Actions offers a job.
    GithubActions {
        /// Whom it is for; the token endpoint when absent.
        audience: Option<String>,
        /// What the job asks for it with.
        request: SecretRef,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    env: Option<String>,
    file: Option<std::path::PathBuf>,
    github_actions: Option<Github>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Github {
    #[serde(default)]
    audience: Option<String>,
}

impl TryFrom<Written> for Oidc {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match (written.env, written.file, written.github_actions) {
            (Some(name), None, None) => Ok(Self::Token(SecretRef::Env(name))),
            (None, Some(path), None) => Ok(Self::Token(SecretRef::File(path))),
            (None, None, Some(Github { audience })) => Ok(Self::GithubActions {
                audience,
                request: SecretRef::Env(REQUEST_TOKEN.to_owned()),
            }),
            _ => Err("written as {file: PATH}, {env: NAME} or {github_actions: {audience: WHOM}}"),
        }
    }
}

impl JsonSchema for Oidc {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Oidc".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Where a token of another issuer is: a file, a variable, or what GitHub Actions offers a job.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "env": {"type": "string"},
                "file": {"type": "string"},
                "github_actions": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {"audience": {"type": "string"}}
                }
            }
        })
    }
}

impl Oidc {
    /// What nobody else may be given: no package's secret comes from there.
    #[must_use]
    pub fn secret(&self) -> &SecretRef {
        match self {
            Self::Token(secret)
            | Self::GithubActions {
                request: secret, ..
            } => secret,
        }
    }

    fn source(&self) -> anyhow::Result<IdTokenSource> {
        Ok(match self {
            Self::Token(SecretRef::Env(name)) => IdTokenSource::Env(name.clone()),
            Self::Token(SecretRef::File(path)) => IdTokenSource::File(path.clone()),
            // Nothing that is read from settings comes here.
            Self::Token(SecretRef::Value(_)) => anyhow::bail!("a token is never written down"),
            Self::GithubActions { audience, .. } => IdTokenSource::GithubActions {
                audience: audience.clone(),
            },
        })
    }
}

/// How a service principal signs in.
///
/// # Errors
/// When a secret cannot be read, or there are both or neither.
pub(super) fn auth(
    client_id: String,
    client_secret: Option<&SecretRef>,
    oidc: Option<&Oidc>,
    token_url: Option<String>,
) -> anyhow::Result<Auth> {
    match (client_secret, oidc) {
        (Some(secret), None) => Ok(Auth::OAuth {
            client_id,
            client_secret: secret.resolve().context("client_secret")?,
            token_url,
        }),
        (None, Some(oidc)) => Ok(Auth::Federated {
            client_id,
            id_token: oidc.source().context("oidc")?,
            token_url,
        }),
        _ => anyhow::bail!("needs either `client_secret` or `oidc`"),
    }
}
