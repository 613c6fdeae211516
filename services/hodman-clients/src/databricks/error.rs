//! The one error of the Databricks clients: what the API meant, in our words.

use std::sync::Arc;
use std::time::Duration;

/// What an answer, or the lack of one, means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no such object, in whichever of its ways the API said so.
    NotFound,
    /// An object of that name or path is there already.
    AlreadyExists,
    /// The principal is known but may not do this.
    PermissionDenied,
    /// The token or the client credentials were refused.
    Unauthenticated,
    /// Too many calls, and the retries are used up.
    RateLimited {
        /// How long the API asked us to wait, when it did.
        retry_after: Option<Duration>,
    },
    /// The other side is in trouble (5xx, connection refused): the same call may work later.
    Temporary,
    /// Something is done to the object just now, and nothing is wrong: the same call works when that has ended.
    Busy,
    /// The request is wrong and will be wrong next time.
    Invalid,
    /// The object is in a state, or was changed by someone else, so that this cannot be done now.
    Conflict,
    /// This host does not serve this API (501, `ENDPOINT_NOT_FOUND`, a feature switched off). Not a missing object.
    Unsupported,
    /// A web page came instead of the API: a login page, a proxy, a wrong host.
    Html,
    /// The call succeeded, but its answer is not JSON.
    Unreadable,
    /// No answer came: the time was up, or the connection broke after the request went out.
    TimedOut {
        /// The request may have taken effect: look before trying again.
        maybe_done: bool,
    },
}

/// Why a call to Databricks gave no result.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.describe())]
pub struct ApiError {
    /// What it means.
    pub kind: ErrorKind,
    /// The HTTP status; none when no answer came.
    pub status: Option<u16>,
    pub(super) detail: Box<Detail>,
    #[source]
    pub(super) source: Option<Arc<reqwest::Error>>,
}

/// The parts that only people read; boxed to keep `Result`s small.
#[derive(Debug, Clone, Default)]
pub(super) struct Detail {
    pub call: String,
    pub error_code: Option<String>,
    pub message: String,
    pub request_id: Option<String>,
    pub may_have_taken_effect: bool,
    /// How long a server in trouble asked us to wait.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// An error of something that is asked in the same way and is no server of Databricks: `call` is what was asked for,
    /// `message` its own words. `maybe_done` says that a write may have taken effect nevertheless.
    pub fn of(
        kind: ErrorKind,
        call: impl Into<String>,
        code: Option<String>,
        message: impl Into<String>,
        maybe_done: bool,
    ) -> Self {
        let detail = Detail {
            call: call.into(),
            error_code: code,
            message: message.into(),
            request_id: None,
            may_have_taken_effect: maybe_done,
            retry_after: None,
        };
        Self {
            kind,
            status: None,
            detail: Box::new(detail),
            source: None,
        }
    }

    /// The API's own code, such as `RESOURCE_DOES_NOT_EXIST`.
    pub fn error_code(&self) -> Option<&str> {
        self.detail.error_code.as_deref()
    }

    /// The API's own words, at most 1000 characters.
    pub fn message(&self) -> &str {
        &self.detail.message
    }

    /// The id Databricks support asks for, when the answer carried one.
    pub fn request_id(&self) -> Option<&str> {
        self.detail.request_id.as_deref()
    }

    /// There is no such object.
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// The write may be done although this error says otherwise: list before trying again. Wider than
    /// [`ErrorKind::TimedOut`], since a 500 or 502 to a create leaves the same doubt.
    pub fn may_have_taken_effect(&self) -> bool {
        self.detail.may_have_taken_effect
    }

    /// How long the other side asked us to wait before anything is sent again, when it did: too many calls, or it is in
    /// trouble.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            ErrorKind::RateLimited { retry_after } => retry_after,
            ErrorKind::Temporary => self.detail.retry_after,
            _ => None,
        }
    }

    /// Trying the same again later may work.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::RateLimited { .. }
                | ErrorKind::Temporary
                | ErrorKind::Busy
                | ErrorKind::TimedOut { .. }
        )
    }

    fn describe(&self) -> String {
        let Detail {
            call,
            error_code,
            message,
            ..
        } = &*self.detail;
        let status = self
            .status
            .map(|status| format!(" {status}"))
            .unwrap_or_default();
        let code = error_code
            .as_ref()
            .map(|code| format!(" {code}"))
            .unwrap_or_default();
        format!("{call} failed:{status}{code} {message}")
    }
}
