//! What a caller asks for, and how far it may be repeated.

use std::fmt;

use reqwest::Method;
use serde_json::Value;

/// Whether a request may be sent again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Sending it twice does what sending it once does: reads, full overwrites, deletes, calls with an idempotency token.
    Idempotent,
    /// Sending it twice may make two things. It is sent again only when the first try certainly had no effect.
    NotIdempotent,
}

/// What a delete found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It was there and is gone.
    Done,
    /// It was not there. This is also the answer when our own first try succeeded and its answer was lost.
    WasAbsent,
}

/// One JSON call: a method, a path below the host, a query and perhaps a body.
#[derive(Clone)]
pub struct Request {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: Method,
    /// The absolute path, such as `/api/2.2/jobs/create`. It must already be percent-encoded where needed.
    pub path: String,
    /// Query pairs, not yet encoded.
    pub query: Vec<(String, String)>,
    /// The JSON body, if the call has one.
    pub body: Option<Value>,
    /// How it may be repeated.
    pub retry: Retry,
}

impl Request {
    /// A read; always [`Retry::Idempotent`].
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            retry: Retry::Idempotent,
        }
    }

    /// A write by POST.
    pub fn post(path: impl Into<String>, body: Value, retry: Retry) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            query: Vec::new(),
            body: Some(body),
            retry,
        }
    }

    /// The same request with one more query pair.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }
}

/// Shows where the request goes; what it carries may be secret and stays out.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
