//! What all clients of one process share.

use std::sync::Arc;
use std::time::Duration;

use super::limiter::Limits;
use super::retry::RetryPolicy;
use super::timing::Timing;
use super::token::TokenCache;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP connections, the tokens and the rules of repeating that all Databricks clients of a process share. Cheap to
/// clone. A token is fetched once per (token endpoint, client id), however many clients use it: the endpoint is throttled.
#[derive(Debug, Clone)]
pub struct Connections {
    pub(super) http: reqwest::Client,
    pub(super) tokens: Arc<TokenCache>,
    pub(super) timing: Timing,
    pub(super) retry: RetryPolicy,
    pub(super) limits: Limits,
}

impl Connections {
    /// Connections with the machine's own clock and the default bounds. Redirects are not followed: Databricks sends
    /// them only to its login page. Fails when the TLS stack cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            tokens: Arc::default(),
            timing: Timing::real(),
            retry: RetryPolicy::default(),
            limits: Limits::default(),
        })
    }

    /// The same with another clock, sleeper and jitter.
    #[must_use]
    pub fn with_timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// The same with other bounds of repeating.
    #[must_use]
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The same with other bounds of concurrency, for the clients made from here on.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
