//! Keys that are handed on, to a program of somebody else.

use std::time::SystemTime;

use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use secrecy::SecretString;

use super::{Aws, AwsError};

/// Keys as every tool of AWS takes them.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: SecretString,
    /// Only with temporary keys.
    pub session_token: Option<SecretString>,
    /// When they end; those of a role always do.
    pub ends: Option<SystemTime>,
}

impl Aws {
    /// The keys of whoever we are. A role is taken anew each time.
    ///
    /// # Errors
    /// When there are none, or the role may not be taken; what is below the error says which.
    pub async fn keys(&self) -> Result<Keys, AwsError> {
        let none = |error| AwsError::without_credentials("AssumeRole", "STS", error);
        let provider = self
            .sdk
            .credentials_provider()
            .ok_or_else(|| none(CredentialsError::not_loaded("no source of credentials")))?;
        let found = provider.provide_credentials().await.map_err(none)?;
        Ok(Keys {
            access_key_id: found.access_key_id().to_owned(),
            secret_access_key: SecretString::from(found.secret_access_key()),
            session_token: found.session_token().map(SecretString::from),
            ends: found.expiry(),
        })
    }
}
