//! GitHub's REST API, as far as pull requests, checks and webhooks need it.
//!
//! octocrab carries the requests and signs the app's tokens; the response types here are our own
//! and hold only what is read. Its retry layer is off: it repeats creates whose answer was lost.
//! Instead every operation names its [`Retry`](crate::retry::Retry), and creates look for their
//! result before they are repeated. Mutations of one client run one at a time, with a pause
//! between them, as GitHub asks of integrations.
//!
//! A repository is always given as `owner/name`.

mod answer;
mod auth;
mod check_run;
mod checks;
mod comments;
mod connection;
mod deliveries;
mod error;
mod identity;
mod kept;
mod merge;
mod pull;
mod pulls;
mod repository;
mod reviews;
mod text;
mod token;
mod wire;

use std::time::Duration;

use secrecy::SecretString;

pub use auth::Auth;
pub use check_run::{Annotation, AnnotationLevel, CheckReceipt, CheckRun};
pub use checks::{CheckKind, CheckState, CheckStatus, Conclusion};
pub use comments::Comment;
pub use deliveries::{Delivery, DeliveryScope, Hook};
pub use error::{GitHubError, Refusal};
pub use identity::{Account, AccountKind, RateLimit};
pub use merge::{MergeMethod, MergeOutcome};
pub use pull::{ChangedFile, NewPull, Pull, PullFiles, PullState};
pub use repository::Repository;
pub use reviews::{Review, ReviewState};

use crate::retry::Backoff;

/// How to reach GitHub and as whom.
#[derive(Debug, Clone)]
pub struct GitHubConfig {
    /// Base of the API: `https://api.github.com`, `https://github.example/api/v3`, or a local server.
    pub api_url: String,
    /// As whom.
    pub auth: Auth,
    /// `User-Agent`, which GitHub requires.
    pub user_agent: String,
    /// Limit for one request and its whole answer.
    pub timeout: Duration,
    /// More certificate authorities to trust, PEM, for GitHub Enterprise behind a private one.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Attempts and waits; `backoff.max_wait` bounds how long a rate limit may hold one call.
    pub backoff: Backoff,
    /// Least time between two mutations. GitHub asks for a second.
    pub mutation_gap: Duration,
}

impl GitHubConfig {
    /// The settings that suit GitHub itself.
    #[must_use]
    pub fn new(api_url: impl Into<String>, auth: Auth) -> Self {
        Self {
            api_url: api_url.into(),
            auth,
            user_agent: concat!("hodman/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Duration::from_secs(30),
            extra_ca_pem: None,
            backoff: Backoff::default(),
            mutation_gap: Duration::from_secs(1),
        }
    }
}

/// A client of one GitHub, acting as one account. Share it by `Arc`: the token cache and the
/// lane for mutations are per client.
#[derive(Debug)]
pub struct GitHub {
    wire: wire::Wire,
    own_login: tokio::sync::OnceCell<Option<String>>,
}

impl GitHub {
    /// Makes a client; nothing is sent yet. Must be called inside a tokio runtime, which then
    /// carries the connections.
    ///
    /// # Errors
    /// [`GitHubError::Misconfigured`] or [`GitHubError::Setup`] for a bad URL, key or certificate.
    pub fn new(config: GitHubConfig) -> Result<Self, GitHubError> {
        Ok(Self {
            wire: wire::Wire::new(config)?,
            own_login: tokio::sync::OnceCell::new(),
        })
    }

    /// User name and password for git over HTTPS: `x-access-token` and the current token, which
    /// for an app is the installation's and lasts at least five minutes more.
    ///
    /// # Errors
    /// As for [`GitHub::whoami`], when a token has to be made.
    pub async fn git_credentials(&self) -> Result<(String, SecretString), GitHubError> {
        let token = self.wire.token().await?;
        Ok(("x-access-token".to_owned(), token))
    }
}

/// Checks that `repo` is `owner/name`, so that a name from a payload cannot change the path.
fn repo_path(repo: &str) -> Result<String, GitHubError> {
    let fits = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    match repo.split_once('/') {
        Some((owner, name)) if fits(owner) && fits(name) => Ok(format!("/repos/{repo}")),
        _ => Err(GitHubError::Misconfigured(format!(
            "'{repo}' is not a repository: owner/name is expected"
        ))),
    }
}

/// Checks that `sha` is a full commit id: a short one, or a branch, would mean something else later.
fn commit_id(sha: &str) -> Result<&str, GitHubError> {
    if matches!(sha.len(), 40 | 64) && sha.chars().all(|c| c.is_ascii_hexdigit()) {
        Ok(sha)
    } else {
        Err(GitHubError::Misconfigured(format!(
            "'{sha}' is not a full commit id"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_only_of_names() {
        assert_eq!(repo_path("acme/app.v2").unwrap(), "/repos/acme/app.v2");
        for bad in [
            "acme", "acme/", "a/b/c", "acme/..", "acme/x?y", "acme/x y", "/x",
        ] {
            assert!(repo_path(bad).is_err(), "{bad}");
        }
        assert!(commit_id(&"a".repeat(40)).is_ok());
        assert!(commit_id("main").is_err());
    }

    #[test]
    fn operations_can_run_on_any_worker() {
        fn sendable<T: Send + Sync>() {}
        fn sendable_future(_: impl Send) {}
        sendable::<GitHub>();
        sendable::<GitHubError>();
        fn futures(github: &GitHub, run: &CheckRun, pull: &NewPull) {
            sendable_future(github.create_pull("a/b", pull));
            sendable_future(github.put_check_run("a/b", run));
            sendable_future(github.merge_pull("a/b", 1, "", MergeMethod::Squash, None));
            sendable_future(github.upsert_sticky("a/b", 1, "", ""));
        }
        let _ = futures;
    }
}
