//! Why a request was not answered as asked, for the page and for the API.

use super::pages;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hodman_store::StoreError;
use serde_json::json;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// The request was meant for another host: a name that somebody points here.
    #[error("this address is not served here")]
    ForeignHost,
    /// Another site's form.
    #[error("the request comes from another site")]
    ForeignOrigin,
    /// Bound to one address that is not loopback.
    #[error("this daemon is read-only: it does not listen on loopback")]
    ReadOnly,
    /// Came through a proxy, or from another machine.
    #[error("actions are taken on the daemon's own machine only, not through a proxy")]
    PassedOn,
    /// Without the token, or with another.
    #[error("the token is missing or wrong")]
    NoToken,
    /// The page has not been shown the token.
    #[error("the buttons of this page are locked")]
    Locked,
    /// The form was made before the session began.
    #[error("this form is out of date")]
    StaleForm,
    /// The store.
    #[error("the store does not answer")]
    Store(#[from] StoreError),
    /// What is stored cannot be read by this version.
    #[error("what is stored cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// A template.
    #[error("the page cannot be written")]
    Template(#[from] askama::Error),
}

impl Trouble {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Nonsense(_) => StatusCode::BAD_REQUEST,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::ForeignHost
            | Self::ForeignOrigin
            | Self::ReadOnly
            | Self::PassedOn
            | Self::Locked
            | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::Store(StoreError::NotFound { .. }) => StatusCode::NOT_FOUND,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unreadable(_) | Self::Template(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What would help.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ForeignHost => Some("use localhost, 127.0.0.1 or [::1], or set public_url"),
            Self::ReadOnly => Some(
                "let it listen on 127.0.0.1 or on 0.0.0.0 and use the command line on its own machine, or merge, close \
                 and push in Git",
            ),
            Self::PassedOn => Some(
                "use the command line on the daemon's own machine, or merge, close and push in Git",
            ),
            Self::NoToken => {
                Some("the token is in the file api-token in the daemon's data directory")
            }
            Self::Locked => Some("`hodman link --config FILE` prints a link that unlocks them"),
            Self::StaleForm | Self::ForeignOrigin => Some("load the page again"),
            Self::Store(_) => Some("`hodman doctor` says more"),
            _ => None,
        }
    }

    /// Failures of ours are logged once, here where they end.
    fn log(&self) {
        if self.status().is_server_error() {
            tracing::error!(error = self as &dyn std::error::Error, "web.failed");
        }
    }
}

/// An answer of the API.
#[derive(Debug)]
pub(super) struct ApiTrouble(Trouble);

impl<E: Into<Trouble>> From<E> for ApiTrouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiTrouble {
    fn into_response(self) -> Response {
        self.0.log();
        let body = json!({"error": self.0.to_string(), "hint": self.0.hint()});
        (self.0.status(), Json(body)).into_response()
    }
}

/// An answer of the page.
#[derive(Debug)]
pub(super) struct PageTrouble(Trouble);

impl<E: Into<Trouble>> From<E> for PageTrouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageTrouble {
    fn into_response(self) -> Response {
        self.0.log();
        pages::refusal(&self.0)
    }
}
