//! Back-off shared by every client: jittered, bounded, and obedient to what the server asks for.
//!
//! Each operation says how it may be repeated ([`Retry`]); each error says what is known about
//! the effect ([`Verdict`]). Only the two together decide: a create that timed out may have
//! happened, so it is not sent again blindly, while a create that was turned away may.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng as _;

/// How an operation may be repeated within one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// One attempt, whatever happens.
    Never,
    /// Again only when the server certainly did nothing: it said "too many requests", or the
    /// connection was never made. For creates, whose callers look for the result before repeating.
    WhenRefused,
    /// Again after any passing trouble: asking twice does the same as asking once.
    Idempotent,
}

/// What an error says about the effect of the attempt that it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Repeating cannot help: bad request, missing rights, a conflict to be decided above.
    Final,
    /// The server did nothing and may be asked again, not before `after` if it said so.
    Refused {
        /// The wait that the server asked for, from the moment of its answer.
        after: Option<Duration>,
    },
    /// The answer was lost or the server failed half-way: the effect may have taken place.
    Unknown,
}

/// An error that knows whether its attempt may be repeated.
pub trait Retryable {
    /// What this error says about the effect.
    fn verdict(&self) -> Verdict;
}

/// How often and how long to wait between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Attempts in all, the first included. Zero counts as one.
    pub attempts: u32,
    /// Upper bound of the first wait; each later bound is twice the one before.
    pub first: Duration,
    /// No own wait is longer than this.
    pub cap: Duration,
    /// A server that asks for a longer wait than this gets none: the error is returned at once,
    /// so that a worker is not held for the rest of the hour by a spent rate limit.
    pub max_wait: Duration,
}

impl Default for Backoff {
    /// Four attempts over about four seconds, and at most a minute when a server asks for it.
    fn default() -> Self {
        Self {
            attempts: 4,
            first: Duration::from_millis(500),
            cap: Duration::from_secs(10),
            max_wait: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// The wait after the `attempt`-th failure (from 1): random between half the bound and the
    /// bound, so that replicas that failed together do not come back together.
    #[must_use]
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(20);
        let bound = self.first.saturating_mul(1 << doublings).min(self.cap);
        bound.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// Whether to try again after the `attempt`-th failure (from 1), and after which wait.
    #[must_use]
    pub fn next(&self, retry: Retry, verdict: Verdict, attempt: u32) -> Option<Duration> {
        if attempt >= self.attempts.max(1) {
            return None;
        }
        match (retry, verdict) {
            (Retry::Never, _) | (_, Verdict::Final) => None,
            (Retry::WhenRefused, Verdict::Unknown) => None,
            (Retry::WhenRefused | Retry::Idempotent, Verdict::Refused { after }) => {
                let asked = after.unwrap_or_default();
                (asked <= self.max_wait).then(|| asked.max(self.delay(attempt)))
            }
            (Retry::Idempotent, Verdict::Unknown) => Some(self.delay(attempt)),
        }
    }

    /// Runs `operation` until it succeeds or [`Backoff::next`] says to stop; the last error is
    /// returned as it is. `operation` gets the number of the attempt, from 1.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn run<T, E, F>(
        &self,
        retry: Retry,
        mut operation: impl FnMut(u32) -> F,
    ) -> Result<T, E>
    where
        E: Retryable + std::fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        let mut attempt = 1;
        loop {
            let error = match operation(attempt).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(wait) = self.next(retry, error.verdict(), attempt) else {
                return Err(error);
            };
            tracing::debug!(attempt, wait_ms = wait.as_millis() as u64, %error, "will try again");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }
}

/// Reads a `Retry-After` header: whole seconds, or an HTTP date compared with `now`.
/// A date in the past is a wait of zero; anything else is `None`.
#[must_use]
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some(
        date.signed_duration_since(now)
            .to_std()
            .unwrap_or(Duration::ZERO),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("attempt failed: {0:?}")]
    struct Failed(Verdict);

    impl Retryable for Failed {
        fn verdict(&self) -> Verdict {
            self.0
        }
    }

    fn quick() -> Backoff {
        Backoff {
            attempts: 3,
            first: Duration::from_millis(1),
            cap: Duration::from_millis(2),
            max_wait: Duration::from_secs(5),
        }
    }

    async fn attempts_made(retry: Retry, verdict: Verdict) -> u32 {
        let mut made = 0;
        let ended: Result<(), Failed> = quick()
            .run(retry, |attempt| {
                made = attempt;
                std::future::ready(Err(Failed(verdict)))
            })
            .await;
        assert_eq!(ended, Err(Failed(verdict)));
        made
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_is_repeated_only_where_that_is_harmless() {
        assert_eq!(attempts_made(Retry::Idempotent, Verdict::Unknown).await, 3);
        assert_eq!(attempts_made(Retry::WhenRefused, Verdict::Unknown).await, 1);
        assert_eq!(attempts_made(Retry::Never, Verdict::Unknown).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_repeated_and_a_final_answer_never() {
        let refused = Verdict::Refused { after: None };
        assert_eq!(attempts_made(Retry::WhenRefused, refused).await, 3);
        assert_eq!(attempts_made(Retry::Never, refused).await, 1);
        assert_eq!(attempts_made(Retry::Idempotent, Verdict::Final).await, 1);
    }

    #[test]
    fn the_servers_wait_is_kept_but_bounded() {
        let asks = |seconds| Verdict::Refused {
            after: Some(Duration::from_secs(seconds)),
        };
        assert_eq!(
            quick().next(Retry::WhenRefused, asks(5), 1),
            Some(Duration::from_secs(5))
        );
        assert_eq!(quick().next(Retry::WhenRefused, asks(6), 1), None);
    }

    #[test]
    fn own_waits_grow_to_the_cap_and_are_jittered() {
        let backoff = Backoff {
            attempts: 99,
            first: Duration::from_secs(1),
            cap: Duration::from_secs(8),
            max_wait: Duration::ZERO,
        };
        for (attempt, bound) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (90, 8.0)] {
            let seconds = backoff.delay(attempt).as_secs_f64();
            assert!(
                (bound / 2.0..=bound).contains(&seconds),
                "{attempt}: {seconds}"
            );
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z")
            .unwrap()
            .to_utc();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Fri, 02 Jan 2026 03:05:05 GMT", now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(
            retry_after("Fri, 02 Jan 2026 03:00:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon", now), None);
    }
}
