//! `/events`: everything that came in, and what became of it.

use super::{Frame, ago, rendered, stamp};
use crate::web::WebParts;
use crate::web::access::Visitor;
use crate::web::api::{self, EventQuery};
use crate::web::trouble::{PageTrouble, Trouble};
use crate::web::view::EventView;
use askama::Template;
use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Html;
use chrono::{DateTime, Utc};
use hodman_store::{EventCount, EventState};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "events.html")]
struct List {
    frame: Frame,
    at: DateTime<Utc>,
    query: EventQuery,
    states: Vec<(&'static str, u64)>,
    kinds: BTreeSet<String>,
    events: Vec<EventView>,
    /// Where the list goes on.
    older: Option<String>,
}

pub(super) async fn list(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    query: Result<Query<EventQuery>, QueryRejection>,
) -> Result<Html<String>, PageTrouble> {
    let Query(query) = query.map_err(|wrong| Trouble::Nonsense(wrong.body_text()))?;
    let events = query.list(&web).await?;
    let counts = web.store.event_counts().await?;
    let of = |state: EventState| {
        counts
            .iter()
            .filter(|count: &&EventCount| count.state == state)
            .map(|count| count.count)
            .sum()
    };
    let full = events.len() >= query.limit.unwrap_or(50).max(1);
    let older = events.last().filter(|_| full).map(|last| {
        let mut next = form_urlencoded::Serializer::new(String::from("/events?"));
        next.append_pair("state", &query.state)
            .append_pair("kind", &query.kind)
            .append_pair("source", &query.source);
        next.append_pair("before", &last.seq.to_string()).finish()
    });
    rendered(&List {
        frame: Frame::of(&web, &visitor, 0),
        at: web.clock.now(),
        states: EventState::ALL
            .into_iter()
            .map(|state| (state.as_str(), of(state)))
            .collect(),
        kinds: counts.iter().map(|count| count.kind.clone()).collect(),
        query,
        events,
        older,
    })
}

#[derive(Template)]
#[template(path = "event.html")]
struct One {
    frame: Frame,
    at: DateTime<Utc>,
    event: EventView,
    meta: String,
    normalised: Option<String>,
}

pub(super) async fn one(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    seq: Result<Path<i64>, PathRejection>,
) -> Result<Html<String>, PageTrouble> {
    let Path(seq) = seq.map_err(|wrong| Trouble::Missing(wrong.body_text()))?;
    let event = api::one_event(&web, seq).await?;
    rendered(&One {
        frame: Frame::of(&web, &visitor, 0),
        at: web.clock.now(),
        meta: serde_json::to_string_pretty(&event.meta)?,
        normalised: event
            .normalised
            .as_ref()
            .map(serde_json::to_string_pretty)
            .transpose()?,
        event,
    })
}
