//! What lies beneath an error of the SDK: why there are no credentials, and the words that people need.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::error::ErrorMetadata;

use super::{AwsErrorKind, classify};

pub(super) const NO_CREDENTIALS: &str = "there are no usable credentials";
pub(super) const NO_ANSWER: &str = "no answer";

/// What lies beneath an error, with a colon in front: the service's own words where a role could not be taken, else the innermost, such
/// as a name that no server knows. What the SDK says in between is of no use to anybody.
pub(super) fn told_beneath(error: &(dyn Error + 'static)) -> String {
    let mut next = error.source();
    let mut innermost = None;
    while let Some(error) = next {
        if let Some(said) = error.downcast_ref::<ErrorMetadata>() {
            let code = said.code().unwrap_or_default();
            let words = said.message().unwrap_or_default();
            return format!(": {code} {words}");
        }
        innermost = Some(error.to_string());
        next = error.source();
    }
    innermost.map_or_else(String::new, |words| format!(": {words}"))
}

/// What came of asking for credentials, where a call failed because there were none.
pub(super) fn lacking_credentials<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a CredentialsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(lacking) = error.downcast_ref() {
            return Some(lacking);
        }
        next = error.source();
    }
    None
}

/// Whether it passes that there are none, as when STS is away; else they are bad.
pub(super) fn why_none(lacking: &CredentialsError) -> AwsErrorKind {
    use AwsErrorKind::{BadCredentials, Temporary, Throttled, Unreachable};
    if matches!(lacking, CredentialsError::ProviderTimedOut(_)) {
        return Unreachable;
    }
    let mut next = lacking.source();
    while let Some(error) = next {
        if let Some(said) = error.downcast_ref::<ErrorMetadata>() {
            let code = said.code().unwrap_or_default();
            return match classify(code, 0) {
                Throttled => Throttled,
                _ if ["InternalFailure", "InternalError", "ServiceUnavailable"].contains(&code) => {
                    Temporary
                }
                _ => BadCredentials,
            };
        }
        // How the SDK says that nobody answered; its types are of the service that was asked.
        if ["dispatch failure", "request has timed out"].contains(&&*error.to_string()) {
            return Unreachable;
        }
        next = error.source();
    }
    BadCredentials
}
