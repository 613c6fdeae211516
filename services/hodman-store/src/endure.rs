//! Going on after the database was away for a moment.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Result, StoreError};

/// For so long it may be away: a restart of PostgreSQL, or a failover to another of its machines, takes a minute or two.
const PATIENCE: Duration = Duration::from_mins(5);

/// Between two tries. Whoever holds SQLite's file is waited for in each try, too.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes `call` again for as long as what fails in it may pass; see [`StoreError::is_transient`].
///
/// # Errors
/// What does not pass, or did not in five minutes.
pub async fn enduring<T, F, Fut>(call: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    enduring_as(call, |error| Some(error)).await
}

/// The same where `cause` tells the store's error in one of another type.
///
/// # Errors
/// As [`enduring`].
pub async fn enduring_as<T, E, F, Fut>(
    mut call: F,
    cause: impl Fn(&E) -> Option<&StoreError>,
) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let began = Instant::now();
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match cause(&error) {
            Some(why) if why.is_transient() && began.elapsed() < PATIENCE => {
                tracing::warn!("the database is away, and is asked again: {why}");
            }
            _ => return Err(error),
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> StoreError {
        StoreError::from(sqlx::Error::PoolTimedOut)
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_comes_back_was_never_away() {
        let mut left = 3;
        let answer = enduring(|| {
            left -= 1;
            let answer = if left > 0 { Err(away()) } else { Ok(left) };
            async move { answer }
        });
        assert!(matches!(answer.await, Ok(0)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_pass_is_told_at_once_and_what_does_not_come_back_after_a_while() {
        for (lasting, times) in [(true, 1), (false, 301)] {
            let mut calls = 0;
            let answer = enduring_as(
                || {
                    calls += 1;
                    let error = if lasting { StoreError::Closed } else { away() };
                    async move { Err::<(), _>((error, "in words")) }
                },
                |(error, _)| Some(error),
            );
            assert!(answer.await.is_err());
            assert_eq!(calls, times);
        }
    }
}
