use super::*;
use crate::databricks::error::Detail;

const POLICY: RetryPolicy = RetryPolicy {
    attempts: 4,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_secs(3),
    budget: Duration::from_secs(60),
};

fn error(kind: ErrorKind, may_have_taken_effect: bool) -> ApiError {
    ApiError {
        kind,
        status: None,
        detail: Box::new(Detail {
            may_have_taken_effect,
            ..Detail::default()
        }),
        source: None,
    }
}

fn throttled(seconds: Option<u64>) -> ApiError {
    error(
        ErrorKind::RateLimited {
            retry_after: seconds.map(Duration::from_secs),
        },
        false,
    )
}

fn wait(error: &ApiError, failed: u32, elapsed_s: u64, jitter: f64) -> Option<Duration> {
    POLICY.next_wait(
        error,
        Retry::NotIdempotent,
        failed,
        Duration::from_secs(elapsed_s),
        jitter,
    )
}

#[test]
fn waits_double_up_to_the_bound_and_attempts_end() {
    let waits: Vec<_> = (1..=4)
        .map(|failed| wait(&throttled(None), failed, 0, 0.0).map(|wait| wait.as_secs()))
        .collect();
    assert_eq!(waits, [Some(1), Some(2), Some(3), None]);
}

#[test]
fn jitter_only_lengthens_and_never_by_more_than_a_quarter() {
    assert_eq!(
        wait(&throttled(None), 1, 0, 1.0),
        Some(Duration::from_millis(1250))
    );
    // What the API asks for is the least; a long wait is not lengthened by minutes.
    assert_eq!(
        wait(&throttled(Some(40)), 1, 0, 1.0),
        Some(Duration::from_millis(40_750))
    );
}

#[test]
fn the_budget_ends_the_call() {
    assert_eq!(
        wait(&throttled(Some(10)), 1, 50, 0.0),
        Some(Duration::from_secs(10))
    );
    assert_eq!(wait(&throttled(Some(10)), 1, 51, 0.0), None);
}

#[test]
fn what_may_be_done_is_repeated_only_when_repeating_is_harmless() {
    for kind in [
        ErrorKind::Temporary,
        ErrorKind::TimedOut { maybe_done: true },
    ] {
        let doubtful = error(kind, true);
        assert_eq!(wait(&doubtful, 1, 0, 0.0), None);
        let harmless = POLICY.next_wait(&doubtful, Retry::Idempotent, 1, Duration::ZERO, 0.0);
        assert_eq!(harmless, Some(Duration::from_secs(1)));
        assert!(wait(&error(kind, false), 1, 0, 0.0).is_some());
    }
}

#[test]
fn refusals_are_never_repeated() {
    use ErrorKind::{
        AlreadyExists, Conflict, Html, Invalid, NotFound, PermissionDenied, Unauthenticated,
        Unsupported,
    };
    for kind in [
        AlreadyExists,
        Conflict,
        Html,
        Invalid,
        NotFound,
        PermissionDenied,
        Unauthenticated,
        Unsupported,
    ] {
        assert_eq!(
            POLICY.next_wait(
                &error(kind, false),
                Retry::Idempotent,
                1,
                Duration::ZERO,
                0.0
            ),
            None
        );
    }
}

#[test]
fn a_server_in_trouble_is_asked_again_when_it_said() {
    let mut trouble = error(ErrorKind::Temporary, false);
    trouble.detail.retry_after = Some(Duration::from_secs(20));
    assert_eq!(wait(&trouble, 1, 0, 0.0), Some(Duration::from_secs(20)));
    assert_eq!(wait(&trouble, 1, 50, 0.0), None, "it does not fit");
    // What may be done is not sent again, whatever it said.
    let mut doubtful = error(ErrorKind::Temporary, true);
    doubtful.detail.retry_after = Some(Duration::from_secs(1));
    assert_eq!(wait(&doubtful, 1, 0, 0.0), None);
}
