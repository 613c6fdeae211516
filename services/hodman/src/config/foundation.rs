//! Who hodman is to what workspaces stand on: the Databricks account and AWS.

use anyhow::Context as _;
use hodman_clients::databricks;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{Oidc, SecretRef};

/// How hodman signs in to a Databricks account. `environment.yaml` names it by `account`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's id, a UUID.
    pub account_id: String,
    /// The account console.
    #[serde(default = "console")]
    pub host: String,
    /// The application id of a service principal of the account.
    pub client_id: SecretRef,
    /// Its OAuth secret.
    #[serde(default)]
    pub client_secret: Option<SecretRef>,
    /// In place of `client_secret`: a token of another issuer that a federation policy of the account trusts.
    #[serde(default)]
    pub oidc: Option<Oidc>,
    /// Where tokens are minted; `HOST/oidc/accounts/ACCOUNT/v1/token` when absent.
    #[serde(default)]
    pub token_url: Option<String>,
    /// The environments that may use it, each as `qa`, or `shop/qa` where there are several pipelines; no other gets anything,
    /// whatever its file says.
    pub environments: Vec<String>,
}

/// An AWS account and region. `environment.yaml` names it by `aws`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsPlace {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// Fixed keys, for servers that have no roles; else the daemon's own identity.
    #[serde(default)]
    pub access_key_id: Option<SecretRef>,
    /// The secret half of the fixed keys.
    #[serde(default)]
    pub secret_access_key: Option<SecretRef>,
    /// The role that is taken for this environment; the daemon's own when absent.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// The role that is taken to look at what change sets do for pull requests that nobody merged: it reads stacks and what is in them, and
    /// makes and deletes change sets, and executes none. Where it is absent the one above does that, too.
    #[serde(default)]
    pub plan_role_arn: Option<String>,
    /// What the role's trust asks for, when it does.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Something other than AWS that speaks the same.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Where templates lie that are too long for a request, over 51,200 bytes; without it they are refused.
    #[serde(default)]
    pub templates: Option<TemplateBucket>,
    /// The environments that may use it, each as `qa`, or `shop/qa` where there are several pipelines; no other gets anything,
    /// whatever its file says.
    pub environments: Vec<String>,
}

/// A bucket for templates of CloudFormation, in the region of its place. Whoever hodman is there may write it and read it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateBucket {
    /// The bucket.
    pub bucket: String,
    /// Put before each key as it is; usually ends in `/`.
    #[serde(default)]
    pub prefix: String,
}

fn console() -> String {
    "https://accounts.cloud.databricks.com".to_owned()
}

impl Account {
    /// How to sign in.
    ///
    /// # Errors
    /// When a secret cannot be read.
    pub fn auth(&self) -> anyhow::Result<databricks::Auth> {
        let id = self.client_id.resolve().context("client_id")?;
        super::oidc::auth(
            id.expose_secret().to_owned(),
            self.client_secret.as_ref(),
            self.oidc.as_ref(),
            self.token_url.clone(),
        )
    }
}
