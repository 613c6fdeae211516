//! The web server: webhooks, health, the page for people and the API that the command line speaks to.

use crate::daemon::Parts;
use crate::intake::webhook::Webhooks;
use axum::Router;
use axum::routing::get;

/// Every route.
///
/// # Errors
/// When the configuration asks for something that must not be served.
pub fn router(parts: &Parts) -> anyhow::Result<Router> {
    let webhooks = Webhooks {
        store: parts.store.clone(),
        verifier: parts.verifier.clone(),
        counters: parts.counters.clone(),
        clock: parts.clock.clone(),
    }
    .router();
    Ok(Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(webhooks))
}
