//! When a failed call is sent again, and after how long. Pure.

use std::time::Duration;

use super::error::{ApiError, ErrorKind};
use super::request::Retry;

/// The bounds of repeating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first included.
    pub attempts: u32,
    /// The wait after the first failure; it doubles from there.
    pub first_wait: Duration,
    /// The longest wait of our own choosing.
    pub longest_wait: Duration,
    /// Time for all tries of a call together. A `Retry-After` that does not fit ends the call at once.
    pub budget: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            budget: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// How long to wait before the next try, or `None` to give up. `failed` tries were made so far, `jitter` is in
    /// `0.0..=1.0` and only ever lengthens a wait.
    pub(super) fn next_wait(
        &self,
        error: &ApiError,
        retry: Retry,
        failed: u32,
        elapsed: Duration,
        jitter: f64,
    ) -> Option<Duration> {
        let harmless = retry == Retry::Idempotent || !error.may_have_taken_effect();
        let asked = match error.kind {
            ErrorKind::RateLimited { retry_after } => retry_after,
            ErrorKind::Temporary | ErrorKind::TimedOut { .. } if harmless => error.retry_after(),
            _ => return None,
        };
        if failed >= self.attempts {
            return None;
        }
        let doubled = self
            .first_wait
            .saturating_mul(1 << (failed.saturating_sub(1)).min(16));
        let wait = asked.unwrap_or(doubled.min(self.longest_wait));
        let wait = wait + wait.min(self.longest_wait).mul_f64(0.25 * jitter);
        (elapsed + wait <= self.budget).then_some(wait)
    }
}

#[cfg(test)]
mod tests;
