//! Credentials for one workspace.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Oidc, SecretRef};

/// How hodman signs in to a workspace. `environment.yaml` names the workspace and cannot reach any other secret.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The only host these credentials are sent to: an `environment.yaml` that says another one gets none of them, or a
    /// pull request could have them sent anywhere.
    #[serde(default)]
    pub host: String,
    /// In place of `host`, for a workspace that a module makes: any workspace of this account (a name under `accounts`), at the
    /// address that the account itself tells.
    #[serde(default)]
    pub account: Option<String>,
    /// The environments that may use it, each as `qa`, or `shop/qa` where there are several pipelines; every one that names it
    /// when absent.
    #[serde(default)]
    pub environments: Option<Vec<String>>,
    /// The service principal's application id.
    #[serde(default)]
    pub client_id: Option<SecretRef>,
    /// The service principal's OAuth secret.
    #[serde(default)]
    pub client_secret: Option<SecretRef>,
    /// In place of `client_secret`: a token of another issuer that a federation policy of the account trusts.
    #[serde(default)]
    pub oidc: Option<Oidc>,
    /// Where tokens are minted; `HOST/oidc/v1/token` when absent.
    #[serde(default)]
    pub token_url: Option<String>,
    /// A personal access token of a service principal instead, for servers that have no token endpoint. One of a user is
    /// refused.
    #[serde(default)]
    pub token: Option<SecretRef>,
}
