//! AWS: the queue that events come through (SQS), the store of packages (S3), and values (Secrets Manager, SSM).
//!
//! Works against AWS and against servers that imitate it (`endpoint_url`). Credentials are never logged and never shown
//! by `Debug`.

mod error;
mod foundation;
mod keys;
mod objects;
mod queue;
mod values;

use std::fmt;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use secrecy::{ExposeSecret, SecretString};

pub use error::{AwsError, AwsErrorKind};
pub use foundation::Foundation;
pub use keys::Keys;
pub use objects::{BucketReport, Content, ObjectInfo, Objects, ObjectsConfig, PutOutcome};
pub use queue::{DeleteOutcome, Message, Queue, QueueReport, Redrive};
pub use values::Values;

/// The longest wait for a TCP and TLS connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest wait for an answer. IAM and CloudFormation answer within seconds; emptying a bucket takes a thousand objects each time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

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
    /// How long its keys last; an hour when nobody says. More than the role allows is refused, and so is more than an hour for
    /// keys that are a role's themselves.
    pub lasts: Option<Duration>,
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
        // The SDK has none for answers: a server that went away meanwhile would hold an environment's lane until a restart.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(ANSWER_TIMEOUT)
            .operation_attempt_timeout(ANSWER_TIMEOUT);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(config.region))
            .timeout_config(timeouts.build());
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
        if let Some(lasts) = role.lasts {
            taken = taken.session_length(lasts);
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
