//! The page for people. Works without scripts; what has buttons sends forms, which enter the inbox.

mod act;
mod environment;
mod events;
mod files;
mod overview;
mod plan;

use super::WebParts;
use super::access::Visitor;
use super::trouble::{PageTrouble, Trouble};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<WebParts>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/pipelines/{pipeline}", get(overview::one))
        .route("/pipelines/{pipeline}/ask", post(act::ask_pipeline))
        .route(
            "/pipelines/{pipeline}/environments/{env}",
            get(environment::show),
        )
        .route(
            "/pipelines/{pipeline}/environments/{env}/ask",
            post(act::ask_environment),
        )
        .route("/environments/{pipeline}/{env}", get(to_environment))
        .route("/plans/{digest}", get(plan::show))
        .route("/events", get(events::list))
        .route("/events/{seq}", get(events::one))
        .route("/events/{seq}/replay", post(act::replay))
        .route("/events/{seq}/dismiss", post(act::dismiss))
        .route("/enter", get(act::enter_by_link).post(act::enter_by_form))
        .route("/static/hodman.css", get(files::style))
        .route("/favicon.ico", get(files::icon))
}

/// What every page shows around its content.
#[derive(Clone, Debug)]
struct Frame {
    version: &'static str,
    now: String,
    lock: Lock,
    /// Seconds after which a page without half-written forms is read again; 0 for never.
    refresh: u32,
}

/// Whether buttons work.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lock {
    /// They do; the word that forms carry.
    Open(String),
    /// They would if the token were shown.
    Closed,
    /// They never do here.
    ReadOnly,
}

impl Frame {
    fn of(web: &WebParts, visitor: &Visitor, refresh: u32) -> Self {
        let lock = match &visitor.session {
            Some(session) => Lock::Open(session.csrf().to_owned()),
            None if visitor.local => Lock::Closed,
            None => Lock::ReadOnly,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            now: stamp(&web.clock.now()),
            lock,
            refresh,
        }
    }

    /// The word for forms, when there may be forms.
    fn csrf(&self) -> Option<&str> {
        match &self.lock {
            Lock::Open(csrf) => Some(csrf),
            Lock::Closed | Lock::ReadOnly => None,
        }
    }

    fn is_closed(&self) -> bool {
        self.lock == Lock::Closed
    }
}

/// Pull requests and commits link here in a shorter form.
async fn to_environment(Path((pipeline, env)): Path<(String, String)>) -> Redirect {
    Redirect::permanent(&environment_path(&pipeline, &env))
}

fn environment_path(pipeline: &str, env: &str) -> String {
    format!("{}/environments/{}", pipeline_path(pipeline), encoded(env))
}

fn pipeline_path(pipeline: &str) -> String {
    format!("/pipelines/{}", encoded(pipeline))
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// `too_large` as people write it.
fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

pub(super) async fn nothing_here(State(_web): State<Arc<WebParts>>) -> PageTrouble {
    Trouble::Missing("there is nothing at this address".to_owned()).into()
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Refusal<'t> {
    trouble: String,
    hint: Option<&'t str>,
}

/// A page that says why there is none.
pub(super) fn refusal(trouble: &Trouble) -> Response {
    let page = Refusal {
        trouble: trouble.to_string(),
        hint: trouble.hint(),
    };
    match page.render() {
        Ok(html) => (trouble.status(), Html(html)).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the page cannot be written\n",
        )
            .into_response(),
    }
}

fn rendered(page: &impl Template) -> Result<Html<String>, PageTrouble> {
    Ok(Html(page.render()?))
}

fn stamp(at: &DateTime<Utc>) -> String {
    hodman_core::reason::stamp(*at)
}

/// `3 min ago`; the exact time stands beside it as a title.
fn ago(at: &DateTime<Utc>, now: &DateTime<Utc>) -> String {
    let seconds = (*now - at).num_seconds();
    match seconds {
        ..0 => stamp(at),
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_words() {
        let at = DateTime::UNIX_EPOCH;
        let after = |seconds| ago(&at, &(at + chrono::Duration::seconds(seconds)));
        assert_eq!(after(5), "5 s ago");
        assert_eq!(after(119), "1 min ago");
        assert_eq!(after(7200), "2 h ago");
        assert_eq!(after(200_000), "2 days ago");
        assert_eq!(
            after(-5),
            "1970-01-01 00:00:00Z",
            "a clock that was set back"
        );
    }

    #[test]
    fn paths_are_encoded() {
        assert_eq!(
            environment_path("a/b", "q?a"),
            "/pipelines/a%2Fb/environments/q%3Fa"
        );
    }
}
