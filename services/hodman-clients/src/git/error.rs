//! What can go wrong with git, typed so that callers branch on it.

use std::path::PathBuf;

use git2::ErrorClass;

/// Why an operation on a mirror failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// What was given cannot be used: a URL with a password, a name that is no branch, …
    #[error("git: {0}")]
    Invalid(String),
    /// The given text is not a full commit, tree or blob id.
    #[error("'{0}' is not a full git object id")]
    NotAnId(String),
    /// The mirror does not have the object; a fetch may bring it.
    #[error("the mirror has no {kind} {id}")]
    Missing {
        /// `commit`, `tree`, …
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// The directory holds something else than a mirror; it is left alone.
    #[error("{} is not empty and not a git mirror", .0.display())]
    NotAMirror(PathBuf),
    /// The file system failed.
    #[error("git mirror {}", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// How.
        #[source]
        source: std::io::Error,
    },
    /// libgit2 failed.
    #[error("git could not {operation}")]
    Library {
        /// What was attempted.
        operation: &'static str,
        /// How.
        #[source]
        source: git2::Error,
    },
    /// The credentials could not be had.
    #[error("no credentials for git")]
    Credentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// 401: the remote wants other credentials.
    #[error("the git remote refused the credentials for {url}: HTTP 401")]
    Unauthorized {
        /// The URL, without credentials.
        url: String,
    },
    /// 403: the credentials do not allow this.
    #[error("the git remote does not allow {url}: HTTP 403: {message}")]
    Forbidden {
        /// The URL, without credentials.
        url: String,
        /// The start of the answer.
        message: String,
    },
    /// 404: no such repository, or none that these credentials may know.
    #[error("the git remote has no repository at {url}: HTTP 404")]
    RemoteNotFound {
        /// The URL, without credentials.
        url: String,
    },
    /// Any other answer.
    #[error("the git remote answered {url} with HTTP {status}: {message}")]
    Http {
        /// The URL, without credentials.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The start of the answer.
        message: String,
    },
    /// No connection, or it broke.
    #[error("the git remote could not be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server does not speak git's smart protocol: often a login page.
    #[error("{url} is not a git server: it answered with {content_type}")]
    NotGit {
        /// The URL, without credentials.
        url: String,
        /// What it sent instead.
        content_type: String,
    },
    /// The task that ran the operation died.
    #[error("the git task ended early")]
    TaskEnded(#[source] tokio::task::JoinError),
}

impl GitError {
    /// Wraps libgit2's error.
    pub(super) fn library(operation: &'static str) -> impl FnOnce(git2::Error) -> Self {
        move |source| Self::Library { operation, source }
    }

    /// Whether the same operation may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TaskEnded(_) => true,
            Self::Http { status, .. } => *status >= 500 || *status == 429,
            // Another process holds the lock of a reference for a moment.
            Self::Library { source, .. } => source.code() == git2::ErrorCode::Locked,
            _ => false,
        }
    }

    /// Whether the mirror itself seems damaged, as after a power cut; [`super::Mirror::rebuild`] helps.
    #[must_use]
    pub fn suggests_corruption(&self) -> bool {
        match self {
            Self::Library { source, .. } => matches!(
                source.class(),
                ErrorClass::Odb
                    | ErrorClass::Zlib
                    | ErrorClass::Object
                    | ErrorClass::Reference
                    | ErrorClass::Repository
            ),
            _ => false,
        }
    }
}
