//! Sends one HTTP request, and waits between tries as the policy allows.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};

use super::answer;
use super::connections::Connections;
use super::error::{ApiError, Detail, ErrorKind};
use super::request::Retry;

/// A 2xx answer.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// One try. Anything but a 2xx answer is an error.
pub(super) async fn send(
    request: RequestBuilder,
    method: &Method,
    path: &str,
) -> Result<Answer, ApiError> {
    let response = request
        .send()
        .await
        .map_err(|error| no_answer(method, path, error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response
        .bytes()
        .await
        .map_err(|error| no_answer(method, path, error))?;
    if status.is_success() {
        return Ok(Answer {
            status,
            headers,
            body,
        });
    }
    Err(answer::refusal(method, path, status, &headers, &body))
}

/// How much patience is left for one call.
pub(super) struct Patience<'a> {
    connections: &'a Connections,
    retry: Retry,
    started: Instant,
    failed: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(connections: &'a Connections, retry: Retry) -> Self {
        Self {
            connections,
            retry,
            started: connections.timing.now(),
            failed: 0,
        }
    }

    /// Waits until the call that failed with `error` may be sent again, or answers the error when it may not.
    pub(super) async fn after(&mut self, error: ApiError) -> Result<(), ApiError> {
        let timing = &self.connections.timing;
        self.failed += 1;
        let elapsed = timing.now().saturating_duration_since(self.started);
        let policy = &self.connections.retry;
        match policy.next_wait(&error, self.retry, self.failed, elapsed, timing.jitter()) {
            Some(wait) => {
                let (failed, wait_ms) = (self.failed, wait.as_millis() as u64);
                tracing::debug!(%error, failed, wait_ms, "Databricks call is repeated");
                timing.sleep(wait).await;
                Ok(())
            }
            None => Err(in_doubt(error, self.retry)),
        }
    }
}

/// A gateway's time-out of a call that must not be repeated is our own time-out: nobody knows what happened.
fn in_doubt(mut error: ApiError, retry: Retry) -> ApiError {
    let timed_out = matches!(error.status, Some(408 | 499 | 504));
    if retry == Retry::NotIdempotent && timed_out && error.kind == ErrorKind::Temporary {
        error.kind = ErrorKind::TimedOut { maybe_done: true };
    }
    error
}

/// The error of a 2xx answer that cannot be read.
pub(super) fn unreadable(
    method: &Method,
    path: &str,
    message: &str,
    status: StatusCode,
) -> ApiError {
    ApiError {
        kind: ErrorKind::Unreadable,
        status: Some(status.as_u16()),
        detail: Box::new(Detail {
            call: format!("{method} {path}"),
            message: message.to_owned(),
            may_have_taken_effect: *method != Method::GET,
            ..Detail::default()
        }),
        source: None,
    }
}

fn no_answer(method: &Method, path: &str, error: reqwest::Error) -> ApiError {
    let never_left = error.is_connect() || error.is_builder();
    let maybe_done = !never_left && *method != Method::GET;
    let (kind, message) = if error.is_builder() {
        (ErrorKind::Invalid, "the request cannot be built")
    } else if error.is_connect() {
        (ErrorKind::Temporary, "no connection")
    } else if error.is_timeout() {
        (ErrorKind::TimedOut { maybe_done }, "no answer in time")
    } else {
        (
            ErrorKind::TimedOut { maybe_done },
            "the connection broke before the answer was complete",
        )
    };
    ApiError {
        kind,
        status: None,
        detail: Box::new(Detail {
            call: format!("{method} {path}"),
            message: message.to_owned(),
            may_have_taken_effect: maybe_done,
            ..Detail::default()
        }),
        // The query of the URL may hold names that are nobody's business in a log.
        source: Some(Arc::new(error.without_url())),
    }
}
