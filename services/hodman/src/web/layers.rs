//! What every page and every API call passes: the rules of access, limits, and headers that keep browsers careful.

use super::WebParts;
use super::trouble::{ApiTrouble, PageTrouble};
use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Forms and commands are small.
const LARGEST_BODY: usize = 64 * 1024;

/// Reading is quick; what takes longer waits for a store that does not answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Nothing but our own style sheet and our own forms: a text that came from outside and slipped through the escaping
/// still runs nothing and sends nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

pub(super) fn guarded(router: Router<Arc<WebParts>>, web: &Arc<WebParts>) -> Router<Arc<WebParts>> {
    router
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(web), guard))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(careful))
}

/// Looks at who comes before anything is done.
async fn guard(State(web): State<Arc<WebParts>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|info| info.0.ip());
    match web.access.visitor(request.headers(), peer) {
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(trouble) if request.uri().path().starts_with("/api/") => {
            ApiTrouble::from(trouble).into_response()
        }
        Err(trouble) => PageTrouble::from(trouble).into_response(),
    }
}

async fn careful(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name, value| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
    set(header::REFERRER_POLICY, "same-origin");
    set(
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    set(header::CACHE_CONTROL, "no-store");
    response
}
