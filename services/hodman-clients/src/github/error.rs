//! What can go wrong when GitHub is asked, typed so that callers branch on it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::retry::{Retryable, Verdict};

/// An answer of GitHub that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("GitHub answered {operation} with {status}: {message}{}", request_suffix(.request_id))]
pub struct Refusal {
    /// What was asked, for people: "get pull request".
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// GitHub's `message`, or the first part of a body that is not JSON.
    pub message: String,
    /// GitHub's `documentation_url`.
    pub documentation: Option<String>,
    /// `X-GitHub-Request-Id`, which GitHub's support asks for.
    pub request_id: Option<String>,
}

fn request_suffix(request_id: &Option<String>) -> String {
    match request_id {
        Some(id) => format!(" (request {id})"),
        None => String::new(),
    }
}

/// Why an operation on GitHub failed.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The client cannot be built or the call cannot be made from what was given.
    #[error("GitHub client: {0}")]
    Misconfigured(String),
    /// The private key of the app, or the HTTP client, was refused by the library.
    #[error("GitHub client cannot be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection failed.
    #[error("GitHub could not be reached to {operation}")]
    Unreachable {
        /// What was asked.
        operation: &'static str,
        /// Whether bytes of the request may have arrived.
        sent: bool,
        /// The library's error.
        #[source]
        source: Box<octocrab::Error>,
    },
    /// No complete answer in time; the effect may have taken place.
    #[error("GitHub did not answer in {} s when asked to {operation}", .after.as_secs_f32())]
    TimedOut {
        /// What was asked.
        operation: &'static str,
        /// The configured limit.
        after: Duration,
    },
    /// The answer is a success but not of the documented shape.
    #[error("GitHub's answer to {operation} cannot be read")]
    Unreadable {
        /// What was asked.
        operation: &'static str,
        /// Where the JSON differs.
        #[source]
        source: serde_json::Error,
    },
    /// A list that goes on and on; what was read is not used.
    #[error("GitHub's answer to {operation} has no last page")]
    EndlessList {
        /// What was asked.
        operation: &'static str,
    },
    /// 401: the token is wrong, expired or revoked.
    #[error(transparent)]
    Unauthorized(Box<Refusal>),
    /// 403 that is not a rate limit: a permission is missing.
    #[error(transparent)]
    Forbidden(Box<Refusal>),
    /// 404: it does not exist, or this token may not know that it does.
    #[error(transparent)]
    NotFound(Box<Refusal>),
    /// 409: the world moved on, for example the head of a pull request.
    #[error(transparent)]
    Conflict(Box<Refusal>),
    /// 422: GitHub understood and declined.
    #[error("{refusal}{}", list_suffix(.errors))]
    Validation {
        /// The answer.
        refusal: Box<Refusal>,
        /// GitHub's `errors`, one line each.
        errors: Vec<String>,
    },
    /// 429, or 403 with rate-limit headers, asking for a longer wait than configured.
    #[error("{refusal}; GitHub asks to wait until {until}")]
    RateLimited {
        /// The answer.
        refusal: Box<Refusal>,
        /// The moment from which asking again is allowed.
        until: DateTime<Utc>,
        /// The wait, from the moment of the answer.
        wait: Duration,
    },
    /// 5xx: GitHub is in trouble; the effect may have taken place.
    #[error(transparent)]
    Server(Box<Refusal>),
    /// Any other status.
    #[error(transparent)]
    Unexpected(Box<Refusal>),
}

fn list_suffix(errors: &[String]) -> String {
    if errors.is_empty() {
        String::new()
    } else {
        format!(" [{}]", errors.join("; "))
    }
}

impl GitHubError {
    /// The HTTP answer behind this error, if there was one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unauthorized(refusal)
            | Self::Forbidden(refusal)
            | Self::NotFound(refusal)
            | Self::Conflict(refusal)
            | Self::Validation { refusal, .. }
            | Self::RateLimited { refusal, .. }
            | Self::Server(refusal)
            | Self::Unexpected(refusal) => Some(refusal),
            Self::Misconfigured(_)
            | Self::Setup(_)
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Unreadable { .. }
            | Self::EndlessList { .. } => None,
        }
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.verdict() != Verdict::Final
    }

    /// Whether the call may have had its effect although it failed.
    #[must_use]
    pub fn effect_unknown(&self) -> bool {
        self.verdict() == Verdict::Unknown
    }
}

impl Retryable for GitHubError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::RateLimited { wait, .. } => Verdict::Refused { after: Some(*wait) },
            Self::Unreachable { sent: false, .. } => Verdict::Refused { after: None },
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Server(_) => Verdict::Unknown,
            // A body that was cut off is `Unreachable`; this one is whole and will not change.
            Self::Unreadable { .. }
            | Self::EndlessList { .. }
            | Self::Misconfigured(_)
            | Self::Setup(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::Validation { .. }
            | Self::Unexpected(_) => Verdict::Final,
        }
    }
}
