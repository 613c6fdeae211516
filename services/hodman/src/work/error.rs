//! Why an effect did not work, in words for people, and whether trying again may help.

use super::hidden::hidden;
use crate::worker::LeaseLost;
use hodman_clients::databricks::{ApiError, ErrorKind};
use hodman_clients::git::GitError;
use hodman_clients::github::GitHubError;
use hodman_model::diagnostic::Diagnostics;
use std::fmt;

/// GitHub counts by the hour: a clock that is wrong must not make it a day.
const LONGEST_LIMIT: u32 = 3600;

/// A failed effect.
#[derive(Debug)]
pub struct WorkError {
    words: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Transient,
    /// The forge asks for a pause of so many seconds.
    Limited(u32),
    Waits,
    StandsStill,
    Lasting,
    Refused,
    LeaseLost,
}

impl WorkError {
    /// Trying again will not help before something else changes.
    #[must_use]
    pub fn lasting(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            kind: Kind::Lasting,
        }
    }

    /// Trying again may help.
    #[must_use]
    pub fn transient(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            kind: Kind::Transient,
        }
    }

    /// Nothing is wrong: something in the world has to end first.
    #[must_use]
    pub fn waits(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            kind: Kind::Waits,
        }
    }

    /// The same, and something in a workspace was stopped for it that has to go on again.
    #[must_use]
    pub fn stands_still(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            kind: Kind::StandsStill,
        }
    }

    /// Trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Transient | Kind::Limited(_)) || self.is_waiting()
    }

    /// How long the forge wants no requests.
    #[must_use]
    pub fn limited_for(&self) -> Option<chrono::Duration> {
        match self.kind {
            Kind::Limited(seconds) => Some(chrono::Duration::seconds(i64::from(seconds))),
            _ => None,
        }
    }

    /// Nothing is wrong: something in the world has to end first.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.kind, Kind::Waits | Kind::StandsStill)
    }

    /// Something in a workspace was stopped that has to go on again.
    #[must_use]
    pub fn is_standing_still(&self) -> bool {
        self.kind == Kind::StandsStill
    }

    /// Somebody else has it now.
    #[must_use]
    pub fn is_lease_lost(&self) -> bool {
        self.kind == Kind::LeaseLost
    }

    /// Databricks does not know us, or does not let us.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// The same failure where trying again may help all the same.
    #[must_use]
    pub fn passing(mut self) -> Self {
        self.kind = Kind::Transient;
        self
    }

    /// The same failure with what was being done in front.
    #[must_use]
    pub fn doing(mut self, what: &str) -> Self {
        self.words = format!("{what}: {}", self.words);
        self
    }

    /// The same failure with what to do about it behind.
    #[must_use]
    pub fn hint(mut self, what: &str) -> Self {
        self.words = format!("{}; {what}", self.words);
        self
    }

    /// The same failure without a value that nobody may read; see `hidden`.
    #[must_use]
    pub fn without(mut self, value: &str) -> Self {
        self.words = hidden(self.words, value);
        self
    }
}

impl fmt::Display for WorkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for WorkError {}

/// The whole chain in one line, as the boundary where it is shown wants it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        next = source.source();
    }
    words
}

impl From<GitHubError> for WorkError {
    fn from(error: GitHubError) -> Self {
        let kind = match &error {
            GitHubError::RateLimited { wait, .. } => Kind::Limited(
                u32::try_from(wait.as_secs()).map_or(LONGEST_LIMIT, |wait| wait.min(LONGEST_LIMIT)),
            ),
            error if error.is_retryable() => Kind::Transient,
            _ => Kind::Lasting,
        };
        Self {
            words: format!("GitHub: {}", chain(&error)),
            kind,
        }
    }
}

impl From<GitError> for WorkError {
    fn from(error: GitError) -> Self {
        // Nearly always the network, or a repository that moved on; a name that git cannot take stays as it is.
        let kind = match error {
            GitError::Invalid(_) => Kind::Lasting,
            _ => Kind::Transient,
        };
        Self {
            words: format!("git: {}", chain(&error)),
            kind,
        }
    }
}

impl From<ApiError> for WorkError {
    fn from(error: ApiError) -> Self {
        let kind = match error.kind {
            // Tries would be used up long before a stack of networks is made.
            ErrorKind::Busy => Kind::Waits,
            _ if error.is_transient() => Kind::Transient,
            ErrorKind::PermissionDenied | ErrorKind::Unauthenticated => Kind::Refused,
            _ => Kind::Lasting,
        };
        Self {
            words: chain(&error),
            kind,
        }
    }
}

impl From<hodman_store::StoreError> for WorkError {
    fn from(error: hodman_store::StoreError) -> Self {
        Self {
            words: format!("store: {}", chain(&error)),
            kind: Kind::Transient,
        }
    }
}

impl From<LeaseLost> for WorkError {
    fn from(lost: LeaseLost) -> Self {
        Self {
            words: lost.to_string(),
            kind: Kind::LeaseLost,
        }
    }
}

impl From<Diagnostics> for WorkError {
    fn from(found: Diagnostics) -> Self {
        Self::lasting(found.to_string())
    }
}

impl From<hodman_model::plan::PlanError> for WorkError {
    fn from(error: hodman_model::plan::PlanError) -> Self {
        Self::lasting(chain(&error))
    }
}

impl From<serde_json::Error> for WorkError {
    fn from(error: serde_json::Error) -> Self {
        Self::lasting(chain(&error))
    }
}
