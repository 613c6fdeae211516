//! How GitHub is reached and how its webhooks are known to be its own.

use schemars::JsonSchema;
use serde::Deserialize;

use super::SecretRef;

/// GitHub, or a GitHub Enterprise Server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Github {
    /// Base of the REST API; `https://HOST/api/v3` on an Enterprise Server.
    #[serde(default = "default_api_url")]
    pub api_url: String,
    /// Base of the git URLs; derived from `api_url` when absent.
    #[serde(default)]
    pub git_url: Option<String>,
    /// Authenticate as a GitHub App (the better way: its own identity, short tokens).
    #[serde(default)]
    pub app: Option<GithubApp>,
    /// Or with a token.
    #[serde(default)]
    pub token: Option<SecretRef>,
    /// Secrets that webhooks may be signed with: two while one replaces the other.
    #[serde(default)]
    pub webhook_secrets: Vec<SecretRef>,
}

/// A GitHub App and its installation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubApp {
    /// The App's id.
    pub id: u64,
    /// The installation's id; looked up for each repository when absent.
    #[serde(default)]
    pub installation: Option<u64>,
    /// The App's private key, PEM.
    pub private_key: SecretRef,
}

fn default_api_url() -> String {
    "https://api.github.com".to_owned()
}

impl Github {
    /// Base of the git URLs, without a slash at the end: `https://github.com`.
    #[must_use]
    pub fn git_base(&self) -> String {
        let base =
            self.git_url
                .clone()
                .unwrap_or_else(|| match self.api_url.trim_end_matches('/') {
                    "https://api.github.com" => "https://github.com".to_owned(),
                    other => other.trim_end_matches("/api/v3").to_owned(),
                });
        base.trim_end_matches('/').to_owned()
    }
}
