//! What a message is. Pure.

use chrono::{DateTime, Utc};
use hodman_store::NewEvent;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::forwarded::Forwarded;
use crate::intake::{
    command::CommandRequest,
    normalise::{REFUSED, workspace},
    source,
};

/// A message, sorted.
#[derive(Debug)]
pub enum Incoming {
    /// It can be stored as it is; what could not be understood says so in its `meta`.
    Event(NewEvent),
    /// A GitHub delivery that was forwarded; to be verified first.
    Delivery(Forwarded),
}

/// Sorts a message's body. Its delivery id is the provider's own where there is one, else the digest of the body: SQS's
/// message id changes when a message comes back from a dead-letter queue.
#[must_use]
pub fn classify(
    body: &str,
    sent_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> Incoming {
    match sort(body, body, sent_at, received_at) {
        Ok(incoming) => incoming,
        Err(reason) => Incoming::Event(refused(body, reason, received_at)),
    }
}

/// A message that is kept as poison, whole, with the reason.
pub(super) fn refused(body: &str, reason: &str, received_at: DateTime<Utc>) -> NewEvent {
    NewEvent {
        meta: json!({REFUSED: reason}),
        ..event(source::SQS, "refused", &digest(body), body, received_at)
    }
}

fn sort(
    body: &str,
    message: &str,
    sent_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> Result<Incoming, &'static str> {
    let json: Value = serde_json::from_str(body).map_err(|_| "the message is not JSON")?;
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str);
    match text("/hodman") {
        Some("github-delivery") => {
            let forwarded = Forwarded::deserialize(&json);
            return Ok(Incoming::Delivery(forwarded.map_err(
                |_| "not a forwarded delivery: a field is missing, unknown or of another type",
            )?));
        }
        Some("command") => {
            let id = sent_id(message, sent_at);
            return request(&json, &id, received_at);
        }
        Some(workspace::CHANGED) => {
            let id = sent_id(message, sent_at);
            return changed(&json, &id, body, received_at);
        }
        Some(_) => {
            return Err("`hodman` is neither `command`, `github-delivery` nor `workspace-changed`");
        }
        None => {}
    }
    // S3 and others may publish through SNS, which wraps the text; one wrapping is taken off.
    if text("/Type") == Some("Notification") && body == message {
        let inner = text("/Message").ok_or("an SNS notification without `Message`")?;
        return sort(inner, message, sent_at, received_at);
    }
    if let (Some(id), Some(kind)) = (text("/id"), text("/detail-type")) {
        // A rule or a scheduler that asks hodman for something.
        if text("/detail/hodman") == Some("command") {
            return request(&json["detail"], id, received_at);
        }
        if text("/detail/hodman") == Some(workspace::CHANGED) {
            return changed(
                &json["detail"],
                id,
                &json["detail"].to_string(),
                received_at,
            );
        }
        return Ok(Incoming::Event(event(
            source::EVENTBRIDGE,
            kind,
            id,
            body,
            received_at,
        )));
    }
    let kind = match text("/Records/0/eventSource") {
        Some("aws:s3") => {
            text("/Records/0/eventName").ok_or("an S3 notification without `eventName`")?
        }
        // What S3 sends when notifications are switched on.
        _ if text("/Event") == Some("s3:TestEvent") => "TestEvent",
        _ => return Err("the message is of no kind that hodman knows"),
    };
    Ok(Incoming::Event(event(
        source::S3,
        kind,
        &digest(message),
        body,
        received_at,
    )))
}

fn request(json: &Value, id: &str, received_at: DateTime<Utc>) -> Result<Incoming, &'static str> {
    let request = CommandRequest::deserialize(json).map_err(
        |_| "not a command: a field is missing, or nothing of this name can be asked for",
    )?;
    if request.holds_nul() {
        return Err("a text of the command holds a NUL character");
    }
    Ok(Incoming::Event(request.to_event(id, received_at)))
}

/// Somebody or something says that a workspace changed.
fn changed(
    json: &Value,
    id: &str,
    body: &str,
    received_at: DateTime<Utc>,
) -> Result<Incoming, &'static str> {
    if workspace::named(json).is_none() {
        return Err("`workspace-changed` without the name of a workspace in `workspace`");
    }
    Ok(Incoming::Event(event(
        source::EVENTBRIDGE,
        workspace::CHANGED,
        id,
        body,
        received_at,
    )))
}

/// Tells a command that has no id of its own from the same command sent at another time: "capture dev" is asked for
/// every day, and each time it is meant.
fn sent_id(message: &str, sent_at: Option<DateTime<Utc>>) -> String {
    let digest = digest(message);
    sent_at.map_or_else(
        || digest.clone(),
        |at| format!("{digest}@{}", at.timestamp_millis()),
    )
}

fn event(
    source: &str,
    kind: &str,
    delivery: &str,
    body: &str,
    received_at: DateTime<Utc>,
) -> NewEvent {
    NewEvent {
        source: source.to_owned(),
        delivery: delivery.to_owned(),
        kind: kind.to_owned(),
        pipeline: None,
        meta: json!({}),
        body: body.as_bytes().to_vec(),
        received_at,
    }
}

fn digest(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text.as_bytes())))
}
