//! The workspace's own page at `/`: what is in it, and forms with which a person changes something by hand.
//!
//! It asks for no login, as nothing but the sandbox's own content can be reached with it; each form names who acts.

mod actions;
mod show;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::call::Shared;
use super::handle::WorkspaceHandle;
use super::world::World;

/// What the page's handlers know.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) world: Shared<World>,
    pub(super) handle: WorkspaceHandle,
}

/// Routes that need no token.
pub(super) fn router(page: Page) -> Router {
    Router::new()
        .route("/", get(show::home))
        .route("/ui/jobs", post(actions::add_job))
        .route("/ui/jobs/{id}/schedule", post(actions::schedule))
        .route("/ui/jobs/{id}/run", post(actions::run))
        .route("/ui/jobs/{id}/delete", post(actions::delete))
        .route(
            "/ui/notebook",
            get(show::notebook).post(actions::save_notebook),
        )
        .with_state(page)
}

/// The page as HTML; a template that cannot be rendered is a mistake of the sandbox.
fn rendered(template: &impl Template, status: StatusCode) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
