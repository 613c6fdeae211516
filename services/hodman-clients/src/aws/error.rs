//! The one error of the AWS clients: what went wrong, and what an operator can do about it.

mod beneath;

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use beneath::{NO_ANSWER, NO_CREDENTIALS, lacking_credentials, told_beneath, why_none};

const LONGEST_MESSAGE: usize = 1000;

/// What an error of AWS means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// There is no such queue.
    NoSuchQueue,
    /// There is no such bucket.
    NoSuchBucket,
    /// The principal is known but may not do this.
    AccessDenied,
    /// No credentials were found, or they were refused.
    BadCredentials,
    /// No connection, or no answer in time: AWS or the imitating server is away.
    Unreachable,
    /// Too many calls, and the SDK's own retries are used up.
    Throttled,
    /// Someone else writes the same object just now; trying again settles it.
    Conflict,
    /// AWS is in trouble (5xx).
    Temporary,
    /// The local file of an upload or download cannot be read or written.
    LocalFile,
    /// Anything else: the request is wrong.
    Invalid,
}

/// Why a call to AWS gave no result.
#[derive(Debug, thiserror::Error)]
#[error("{} on {} failed: {}{}", detail.operation, detail.target, detail.code.as_deref().map(|code| format!("{code} ")).unwrap_or_default(), detail.message)]
pub struct AwsError {
    /// What it means.
    pub kind: AwsErrorKind,
    detail: Box<Detail>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
struct Detail {
    operation: &'static str,
    target: String,
    code: Option<String>,
    message: String,
}

impl AwsError {
    /// AWS's own code, such as `AccessDenied`.
    pub fn code(&self) -> Option<&str> {
        self.detail.code.as_deref()
    }

    /// The call that failed, such as `ReceiveMessage`.
    pub fn operation(&self) -> &str {
        self.detail.operation
    }

    /// Trying the same again later may work.
    pub fn is_transient(&self) -> bool {
        use AwsErrorKind::{Conflict, Temporary, Throttled, Unreachable};
        matches!(self.kind, Unreachable | Throttled | Conflict | Temporary)
    }

    /// What an operator can do.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            AwsErrorKind::NoSuchQueue => "check the queue's URL, its account and its region",
            AwsErrorKind::NoSuchBucket => {
                "check the bucket's name and region; servers that imitate S3 also need path-style addresses"
            }
            AwsErrorKind::AccessDenied => {
                "allow the action in the role's policy and in the policy of the queue or bucket (and of its KMS key); \
                 without s3:ListBucket a missing object also looks like this"
            }
            // Nothing but a role that may not be taken is refused so where there are no credentials.
            AwsErrorKind::BadCredentials if self.detail.message.contains("AccessDenied") => {
                "the role's trust must let whoever takes it do sts:AssumeRole and, because its sessions carry the tag hodman_env, \
                 sts:TagSession, and ask for no other external id; whoever takes it must be allowed both in a policy of its own, too"
            }
            AwsErrorKind::BadCredentials => {
                "check the credentials: role, profile or keys; temporary keys also need their session token, and end"
            }
            AwsErrorKind::Unreachable => {
                "check the network, the proxy and the endpoint's address; it is tried again"
            }
            AwsErrorKind::Throttled => "AWS asks for fewer calls; it is tried again",
            AwsErrorKind::Conflict => "someone else writes the same object; it is tried again",
            AwsErrorKind::Temporary => "AWS has a problem; it is tried again",
            AwsErrorKind::LocalFile => {
                "check the local directory, its permissions and its free space"
            }
            AwsErrorKind::Invalid => "AWS finds the request wrong; its message says why",
        }
    }

    pub(crate) fn unbuildable(
        operation: &'static str,
        target: impl Into<String>,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        let message = "the request cannot be built".to_owned();
        let detail = Detail {
            operation,
            target: target.into(),
            code: None,
            message,
        };
        Self {
            kind: AwsErrorKind::Invalid,
            detail: Box::new(detail),
            source: Some(Box::new(error)),
        }
    }

    pub(super) fn local(
        operation: &'static str,
        target: impl Into<String>,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        let detail = Detail {
            operation,
            target: target.into(),
            code: None,
            message: "the local file failed".to_owned(),
        };
        Self {
            kind: AwsErrorKind::LocalFile,
            detail: Box::new(detail),
            source: Some(Box::new(error)),
        }
    }

    pub(super) fn interrupted(
        operation: &'static str,
        target: impl Into<String>,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        let message = "the connection broke before the object was complete".to_owned();
        let detail = Detail {
            operation,
            target: target.into(),
            code: None,
            message,
        };
        Self {
            kind: AwsErrorKind::Unreachable,
            detail: Box::new(detail),
            source: Some(Box::new(error)),
        }
    }

    /// The request could not be made.
    pub(super) fn unsent(
        operation: &'static str,
        target: &str,
        error: Box<dyn Error + Send + Sync>,
    ) -> Self {
        let message = Some("the request cannot be built".to_owned());
        Self::plain(
            AwsErrorKind::Invalid,
            operation,
            target,
            (None, message),
            Some(error),
        )
    }

    /// There are no credentials to sign with.
    pub(super) fn without_credentials(
        operation: &'static str,
        target: &str,
        error: CredentialsError,
    ) -> Self {
        let message = Some(format!("{NO_CREDENTIALS}{}", told_beneath(&error)));
        let kind = why_none(&error);
        Self::plain(
            kind,
            operation,
            target,
            (None, message),
            Some(Box::new(error)),
        )
    }

    /// No answer came.
    pub(super) fn unanswered(
        operation: &'static str,
        target: &str,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        let message = Some(format!("{NO_ANSWER}{}", told_beneath(&error)));
        let kind = AwsErrorKind::Unreachable;
        Self::plain(
            kind,
            operation,
            target,
            (None, message),
            Some(Box::new(error)),
        )
    }

    /// What the service said.
    pub(super) fn answered(
        operation: &'static str,
        target: &str,
        status: u16,
        code: Option<String>,
        message: Option<String>,
    ) -> Self {
        let kind = classify(code.as_deref().unwrap_or_default(), status);
        let message = message.or(Some(format!("HTTP {status}")));
        Self::plain(kind, operation, target, (code, message), None)
    }

    fn plain(
        kind: AwsErrorKind,
        operation: &'static str,
        target: &str,
        (code, message): (Option<String>, Option<String>),
        source: Option<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let message = message.unwrap_or_default();
        let detail = Detail {
            operation,
            target: target.to_owned(),
            code,
            message: message.chars().take(LONGEST_MESSAGE).collect(),
        };
        Self {
            kind,
            detail: Box::new(detail),
            source,
        }
    }

    pub(crate) fn from_sdk<E>(
        operation: &'static str,
        target: impl Into<String>,
        error: SdkError<E, HttpResponse>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let (code, message) = match error.as_service_error() {
            Some(service) => (
                service.code().map(str::to_owned),
                service.message().map(str::to_owned),
            ),
            None => (None, None),
        };
        let kind = match (&error, lacking_credentials(&error)) {
            (_, Some(lacking)) => why_none(lacking),
            (error, None) => kind_of(error, code.as_deref(), status),
        };
        let message = message.unwrap_or_else(|| match (kind, status) {
            (AwsErrorKind::BadCredentials, None) => {
                format!("{NO_CREDENTIALS}{}", told_beneath(&error))
            }
            (AwsErrorKind::Unreachable, _) => format!("{NO_ANSWER}{}", told_beneath(&error)),
            (_, Some(status)) => format!("HTTP {status}"),
            (_, None) => "the request could not be made".to_owned(),
        });
        let message = message.chars().take(LONGEST_MESSAGE).collect();
        let detail = Detail {
            operation,
            target: target.into(),
            code,
            message,
        };
        Self {
            kind,
            detail: Box::new(detail),
            source: Some(Box::new(error)),
        }
    }
}

fn kind_of<E>(
    error: &SdkError<E, HttpResponse>,
    code: Option<&str>,
    status: Option<u16>,
) -> AwsErrorKind {
    match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
            AwsErrorKind::Unreachable
        }
        SdkError::ServiceError(_) => classify(code.unwrap_or_default(), status.unwrap_or_default()),
        _ => AwsErrorKind::Invalid,
    }
}

fn classify(code: &str, status: u16) -> AwsErrorKind {
    match code {
        "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue" => {
            AwsErrorKind::NoSuchQueue
        }
        "NoSuchBucket" => AwsErrorKind::NoSuchBucket,
        "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidToken"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "RequestTimeTooSkewed"
        | "InvalidSecurity" => AwsErrorKind::BadCredentials,
        "AccessDenied" | "AccessDeniedException" | "KmsAccessDenied" | "AllAccessDisabled" => {
            AwsErrorKind::AccessDenied
        }
        "RequestThrottled"
        | "ThrottlingException"
        | "Throttling"
        | "SlowDown"
        | "OverLimit"
        | "KmsThrottled"
        | "TooManyRequestsException" => AwsErrorKind::Throttled,
        "ConditionalRequestConflict" | "OperationAborted" => AwsErrorKind::Conflict,
        _ => match status {
            403 => AwsErrorKind::AccessDenied,
            429 => AwsErrorKind::Throttled,
            409 => AwsErrorKind::Conflict,
            500.. => AwsErrorKind::Temporary,
            _ => AwsErrorKind::Invalid,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_before_statuses() {
        assert_eq!(
            classify("AWS.SimpleQueueService.NonExistentQueue", 400),
            AwsErrorKind::NoSuchQueue
        );
        assert_eq!(
            classify("SignatureDoesNotMatch", 403),
            AwsErrorKind::BadCredentials
        );
        assert_eq!(classify("SlowDown", 503), AwsErrorKind::Throttled);
        assert_eq!(
            classify("ConditionalRequestConflict", 409),
            AwsErrorKind::Conflict
        );
        assert_eq!(classify("InternalError", 500), AwsErrorKind::Temporary);
        // HEAD answers have no body and so no code.
        assert_eq!(classify("", 403), AwsErrorKind::AccessDenied);
        assert_eq!(classify("InvalidAddress", 400), AwsErrorKind::Invalid);
    }
}
