//! One environment: what is there, what waits and why, what can be done about it, and how it came to this.

use super::{Frame, ago, environment_path, pipeline_path, rendered, stamp};
use crate::web::WebParts;
use crate::web::access::Visitor;
use crate::web::api;
use crate::web::trouble::PageTrouble;
use crate::web::view::{self, EnvironmentView, EventView, HistoryView};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::sync::Arc;

/// Entries of the history on the page.
const ENTRIES: usize = 50;

#[derive(Template)]
#[template(path = "environment.html")]
struct Page {
    frame: Frame,
    at: DateTime<Utc>,
    env: EnvironmentView,
    history: Vec<HistoryView>,
    asked: Option<EventView>,
}

/// The event of what was just asked for here.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    asked: Option<i64>,
}

pub(super) async fn show(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path((pipeline, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, PageTrouble> {
    let env = view::one_environment(&web, &pipeline, &name).await?;
    let history = view::history(&web, &pipeline, Some(&name), ENTRIES).await?;
    let asked = match asked.asked {
        Some(seq) => Some(api::one_event(&web, seq).await?),
        None => None,
    };
    // A page with forms stays as it is while somebody writes into them.
    let refresh = if visitor.session.is_some() { 0 } else { 10 };
    rendered(&Page {
        frame: Frame::of(&web, &visitor, refresh),
        at: web.clock.now(),
        env,
        history,
        asked,
    })
}
