//! `POST /webhooks/github`: limit, verify, store, answer. Nothing else happens here.
//!
//! The answer is given after the delivery is durable, so GitHub never believes that we have what we may lose. What
//! nobody signed is answered with one generic 401, whatever was wrong with it, and nothing of it is logged. Whose header
//! cannot be a signature is answered before its body is read.

mod counters;
mod room;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse as _,
    routing::post,
};
use bytes::Bytes;
use hodman_store::{NewEvent, Store};
use serde_json::{Map, Value};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

pub use counters::{Counters, Counts};
use room::Room;

use super::{normalise::is_known, signature::Verifier, source};
use crate::clock::Clock;

/// GitHub sends nothing larger.
pub const LARGEST_BODY: usize = 25 * 1024 * 1024;

/// GitHub gives up after ten seconds; a body that takes longer to arrive is nobody's.
const TIMEOUT: Duration = Duration::from_secs(9);

/// Headers that are kept beside the body: what it is and where it is from. Not the signature: the body was verified.
const KEPT: [&str; 8] = [
    "content-type",
    "user-agent",
    "x-github-delivery",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
    "x-github-enterprise-host",
];

/// Header of the signature.
pub(super) const SIGNATURE: &str = "x-hub-signature-256";
/// Header of the delivery's id, the same again when GitHub sends it again.
pub(super) const DELIVERY: &str = "x-github-delivery";
/// Header of the event's name.
pub(super) const EVENT: &str = "x-github-event";

/// The longest delivery id that is taken; GitHub's are 36 characters.
const LONGEST_ID: usize = 128;

/// What the endpoint needs.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Where deliveries are stored.
    pub store: Store,
    /// Knows the secrets.
    pub verifier: Verifier,
    /// Counts what came.
    pub counters: Arc<Counters>,
    /// Says when it came.
    pub clock: Clock,
}

impl Webhooks {
    /// The endpoint, with its limits of size and time, and of what is held in memory at once.
    pub fn router(self) -> Router {
        Router::new()
            .route("/webhooks/github", post(receive))
            .with_state((self, Arc::new(Room::default())))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                TIMEOUT,
            ))
            .layer(CatchPanicLayer::new())
    }
}

/// A short answer; GitHub shows it in the list of deliveries.
type Answer = (StatusCode, &'static str);

async fn receive(
    State((hooks, room)): State<(Webhooks, Arc<Room>)>,
    headers: HeaderMap,
    body: Body,
) -> axum::response::Response {
    match take(&hooks, &room, &headers, body).await {
        Ok(answer) | Err(answer) => answer.into_response(),
    }
}

async fn take(
    hooks: &Webhooks,
    room: &Room,
    headers: &HeaderMap,
    body: Body,
) -> Result<Answer, Answer> {
    let signature = text(headers, SIGNATURE);
    let unauthorized = || {
        hooks.counters.refused();
        (StatusCode::UNAUTHORIZED, "unauthorized")
    };
    if !hooks.verifier.could_accept(signature) {
        return Err(unauthorized());
    }
    let too_large = || {
        hooks.counters.too_large();
        (StatusCode::PAYLOAD_TOO_LARGE, "larger than 25 MiB")
    };
    let size = announced(headers).ok_or_else(too_large)?;
    // Held until the body is stored.
    let _place = room.place(size).await;
    let body = to_bytes(body, size).await.map_err(|_| too_large())?;
    if !hooks.verifier.accepts(signature, &body) {
        return Err(unauthorized());
    }
    let missing = |what| {
        hooks.counters.malformed();
        (StatusCode::BAD_REQUEST, what)
    };
    let event = new_event(headers, body, hooks.clock.now()).map_err(missing)?;
    let known = is_known(&event.kind);
    let stored = hooks
        .store
        .insert_events(vec![event])
        .await
        .map_err(|error| {
            hooks.counters.not_stored();
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "webhook.not_stored"
            );
            (StatusCode::SERVICE_UNAVAILABLE, "not stored, send it again")
        })?;
    let duplicate = stored.iter().all(|row| row.duplicate);
    hooks.counters.accepted(duplicate, known);
    Ok(if duplicate {
        (StatusCode::OK, "already seen")
    } else {
        (StatusCode::ACCEPTED, "stored")
    })
}

/// How large the body is at most; nothing when it is larger than GitHub sends.
fn announced(headers: &HeaderMap) -> Option<usize> {
    let length = text(headers, "content-length").and_then(|length| length.parse::<usize>().ok());
    Some(length.unwrap_or(LARGEST_BODY)).filter(|length| *length <= LARGEST_BODY)
}

/// A GitHub delivery as an event for the inbox; the error names the header that is missing.
pub(super) fn new_event(
    headers: &HeaderMap,
    body: Bytes,
    received_at: chrono::DateTime<chrono::Utc>,
) -> Result<NewEvent, &'static str> {
    let short = |name| text(headers, name).filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
    let delivery = short(DELIVERY).ok_or("x-github-delivery is missing")?;
    let kind = short(EVENT).ok_or("x-github-event is missing")?;
    let kept: Map<String, Value> = KEPT
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), Value::from(text(headers, name)?))))
        .collect();
    Ok(NewEvent {
        source: source::GITHUB.to_owned(),
        delivery: delivery.to_owned(),
        kind: kind.to_owned(),
        pipeline: None,
        meta: Value::Object(kept),
        body: body.into(),
        received_at,
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
