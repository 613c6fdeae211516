//! AWS: the queue that events come through (SQS), the store of packages (S3), and values (Secrets Manager, SSM).
//!
//! Works against AWS and against servers that imitate it (`endpoint_url`). Credentials are never logged and never shown
//! by `Debug`.

mod error;
mod foundation;
mod objects;
mod queue;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use secrecy::{ExposeSecret, SecretString};

pub use error::{AwsError, AwsErrorKind};
pub use foundation::Foundation;
pub use objects::{BucketReport, Content, ObjectInfo, Objects, ObjectsConfig, PutOutcome};
pub use queue::{DeleteOutcome, Message, Queue, QueueReport, Redrive};
pub use values::Values;

/// The longest wait for a TCP and TLS connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who we are to AWS.
#[derive(Debug, Clone)]
pub enum AwsCredentials {
    /// Environment, profile, web identity, container or instance role: whatever the SDK finds, in its order.
    DefaultChain,
    /// Fixed keys.
    Static {
        /// The key's public half.
        access_key_id: String,
        /// The key's secret half.
        secret_access_key: SecretString,
        /// Only with temporary keys.
        session_token: Option<SecretString>,
    },
}

/// A role that is taken.
#[derive(Debug, Clone)]
pub struct AssumedRole {
    /// Its ARN.
    pub arn: String,
    /// What its trust asks for, when it does.
    pub external_id: Option<String>,
    /// The name of the session, as CloudTrail shows it: 2 to 64 letters, digits and `_=,.@-`.
    pub session: String,
    /// The session's tags, which policies may ask for.
    pub tags: Vec<(String, String)>,
}

/// Where and as whom.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// Another address for all services; `None` is AWS itself.
    pub endpoint_url: Option<String>,
    /// Who we are.
    pub credentials: AwsCredentials,
}

/// The way into AWS; makes [`Queue`]s, [`Objects`] and [`Values`].
#[derive(Clone)]
pub struct Aws {
    sdk: SdkConfig,
}

impl Aws {
    /// Reads the surroundings for the default chain. Nothing is sent to SQS or S3 yet, and credentials are looked up at
    /// the first call.
    pub async fn new(config: AwsConfig) -> Self {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).region(Region::new(config.region));
        if let Some(url) = config.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let AwsCredentials::Static {
            access_key_id,
            secret_access_key,
            session_token,
        } = config.credentials
        {
            let token = session_token.map(|token| token.expose_secret().to_owned());
            let secret = secret_access_key.expose_secret();
            loader = loader.credentials_provider(Credentials::new(
                access_key_id,
                secret,
                token,
                None,
                "configuration",
            ));
        }
        Self {
            sdk: loader.load().await,
        }
    }

    /// The same as a role: taken with these credentials at the first call, and again when its time is over.
    #[must_use]
    pub async fn as_role(&self, role: AssumedRole) -> Self {
        let mut taken = AssumeRoleProvider::builder(role.arn)
            .session_name(role.session)
            .configure(&self.sdk);
        if let Some(id) = role.external_id {
            taken = taken.external_id(id);
        }
        if !role.tags.is_empty() {
            taken = taken.tags(role.tags);
        }
        let provider = SharedCredentialsProvider::new(taken.build().await);
        Self {
            sdk: self
                .sdk
                .clone()
                .into_builder()
                .credentials_provider(provider)
                .identity_cache(IdentityCache::lazy().build())
                .build(),
        }
    }

    /// Who we are now, as the variables of an environment that every tool of AWS reads. A role's keys end with its session,
    /// after an hour when its trust says nothing else.
    ///
    /// # Errors
    /// When there are no credentials, or the role may not be taken; the message says which.
    pub async fn session(&self) -> Result<BTreeMap<String, SecretString>, AwsError> {
        let none = |error| AwsError::without_credentials("AssumeRole", "STS", error);
        let provider = self
            .sdk
            .credentials_provider()
            .ok_or_else(|| none(CredentialsError::not_loaded("no source of credentials")))?;
        let found = provider.provide_credentials().await.map_err(none)?;
        let mut variables = BTreeMap::from([
            (
                "AWS_ACCESS_KEY_ID".to_owned(),
                SecretString::from(found.access_key_id()),
            ),
            (
                "AWS_SECRET_ACCESS_KEY".to_owned(),
                SecretString::from(found.secret_access_key()),
            ),
        ]);
        if let Some(token) = found.session_token() {
            variables.insert("AWS_SESSION_TOKEN".to_owned(), SecretString::from(token));
        }
        if let Some(region) = self.sdk.region() {
            variables.insert(
                "AWS_REGION".to_owned(),
                SecretString::from(region.to_string()),
            );
        }
        Ok(variables)
    }

    pub(crate) fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The queue at `url`, such as `https://sqs.eu-central-1.amazonaws.com/123456789012/events`.
    pub fn queue(&self, url: impl Into<String>) -> Queue {
        Queue::new(&self.sdk, url.into())
    }

    /// The objects of a bucket.
    pub fn objects(&self, config: ObjectsConfig) -> Objects {
        Objects::new(&self.sdk, config)
    }

    /// The values in Secrets Manager and Parameter Store.
    ///
    /// # Errors
    /// When the TLS stack cannot be set up.
    pub fn values(&self) -> Result<Values, AwsError> {
        Values::new(&self.sdk)
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("region", &self.sdk.region())
            .field("endpoint", &self.sdk.endpoint_url())
            .finish()
    }
}
