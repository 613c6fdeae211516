//! The style sheet and the icon, out of the binary.

use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "private, max-age=300"),
    ];
    (
        headers,
        include_str!("../../../templates/static/hodman.css"),
    )
}

/// Browsers ask for it unasked.
pub(super) async fn icon() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "private, max-age=86400"),
    ];
    (headers, include_str!("../../../templates/static/icon.svg"))
}
