//! Sends one HTTP request and repeats it as the policy allows.

use std::sync::Arc;

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

/// Tries until an answer, a final error, or the end of the policy's patience.
pub(super) async fn repeat<T>(
    connections: &Connections,
    retry: Retry,
    mut attempt: impl AsyncFnMut() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let timing = &connections.timing;
    let started = timing.now();
    let mut failed = 0;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        failed += 1;
        let elapsed = timing.now().saturating_duration_since(started);
        match connections
            .retry
            .next_wait(&error, retry, failed, elapsed, timing.jitter())
        {
            Some(wait) => {
                tracing::debug!(%error, failed, wait_ms = wait.as_millis() as u64, "Databricks call is repeated");
                timing.sleep(wait).await;
            }
            None => return Err(in_doubt(error, retry)),
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
