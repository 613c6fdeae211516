//! What a failure of CloudFormation means to whoever asked.

use crate::places::error;
use hodman_clients::aws::{AwsError, AwsErrorKind};
use hodman_clients::cloudformation::StackError;
use hodman_clients::databricks::{ApiError, ErrorKind, Request};

pub(super) fn refusal(request: &Request, failure: StackError) -> ApiError {
    error(request, kind_of(&failure), failure.to_string())
}

pub(super) fn kind_of(failure: &StackError) -> ErrorKind {
    match failure {
        StackError::Aws(aws) => aws_kind(aws),
        StackError::NoStack(_) => ErrorKind::NotFound,
        StackError::Busy { .. } => ErrorKind::Busy,
        // Somebody changed the stack meanwhile: looked at anew, and asked for where that is something else.
        StackError::Obsolete { .. } => ErrorKind::Temporary,
        StackError::Unfinished { .. } => ErrorKind::TimedOut { maybe_done: true },
        StackError::Protected(_) => ErrorKind::Conflict,
        _ => ErrorKind::Invalid,
    }
}

fn aws_kind(aws: &AwsError) -> ErrorKind {
    match aws.kind {
        AwsErrorKind::AccessDenied => ErrorKind::PermissionDenied,
        AwsErrorKind::BadCredentials => ErrorKind::Unauthenticated,
        _ if aws.is_transient() => ErrorKind::Temporary,
        _ => ErrorKind::Invalid,
    }
}
