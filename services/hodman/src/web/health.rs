//! For whoever starts and stops daemons: is it alive, can it work? Reached by address, so without a look at `Host`.

use super::WebParts;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<WebParts>> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
}

async fn ready(State(web): State<Arc<WebParts>>) -> (StatusCode, &'static str) {
    match web.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer\n",
        ),
    }
}
