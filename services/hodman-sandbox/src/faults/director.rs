//! A program that decides about each request, for what rules cannot say: killing the client at the n-th write, failing
//! every kind of request once, or watching who writes.

use std::fmt;
use std::sync::Arc;

use axum::http::request::Parts;

use super::FaultRule;

/// What becomes of one request.
pub enum Direction {
    /// The rules decide, as without a director.
    Pass,
    /// This happens to it, whatever it is.
    Fault(FaultRule),
    /// Something is done, and the request is never answered nor handled.
    Before(Box<dyn FnOnce() + Send>),
    /// The request is handled, then something is done, and nobody gets the answer.
    After(Box<dyn FnOnce() + Send>),
}

/// Asked about every request in the order of their arrival; it must not block for long.
#[derive(Clone)]
pub struct Director(Arc<dyn Fn(&Parts) -> Direction + Send + Sync>);

impl Director {
    /// A director from a function.
    #[must_use]
    pub fn new(direct: impl Fn(&Parts) -> Direction + Send + Sync + 'static) -> Self {
        Self(Arc::new(direct))
    }

    pub(super) fn direct(&self, request: &Parts) -> Direction {
        (self.0)(request)
    }
}

impl fmt::Debug for Director {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Director")
    }
}
