//! GitHub deliveries that something in front of the queue forwarded, body and signature unchanged.
//!
//! ```json
//! {"hodman": "github-delivery", "headers": {"X-GitHub-Event": "push", …}, "body_base64": "eyJ…"}
//! {"hodman": "github-delivery", "headers": {…}, "body_s3": {"bucket": "b", "key": "k", "sha256": "64 hex digits"}}
//! ```
//!
//! Whoever may write to the queue is not believed: the signature decides, as it does for the webhook.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use hodman_clients::aws::{AwsError, Objects};
use hodman_store::NewEvent;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::intake::{
    signature::Verifier,
    webhook::{LARGEST_BODY, SIGNATURE, new_event},
};

/// A forwarded delivery that nobody has verified yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forwarded {
    #[serde(rename = "hodman")]
    _hodman: String,
    headers: BTreeMap<String, String>,
    body_base64: Option<String>,
    body_s3: Option<StoredBody>,
}

/// Where a body over 1 MiB is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredBody {
    bucket: String,
    key: String,
    sha256: String,
}

/// The body cannot be had now; the message is left on the queue.
#[derive(Debug)]
pub(super) struct NotNow(pub AwsError);

/// Why a delivery is not taken.
type Reason = String;

impl Forwarded {
    /// Fetches the body where it is stored elsewhere, verifies the signature, and makes the event that the webhook
    /// would have made. The inner error is final: the message becomes poison.
    pub(super) async fn take(
        self,
        bodies: &BTreeMap<String, Objects>,
        verifier: &Verifier,
        received_at: DateTime<Utc>,
    ) -> Result<Result<NewEvent, Reason>, NotNow> {
        let headers = match header_map(&self.headers) {
            Ok(headers) => headers,
            Err(reason) => return Ok(Err(reason)),
        };
        let body = match (&self.body_base64, &self.body_s3) {
            (Some(text), None) => BASE64_STANDARD
                .decode(text)
                .map(Bytes::from)
                .map_err(|_| "`body_base64` is not base64".to_owned()),
            (None, Some(stored)) => stored.fetch(bodies).await?,
            _ => Err("a forwarded delivery has either `body_base64` or `body_s3`".to_owned()),
        };
        Ok(body.and_then(|body| {
            let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
            if !verifier.accepts(signature, &body) {
                return Err("the forwarded delivery is not signed by one of our secrets".to_owned());
            }
            new_event(&headers, body, received_at)
                .map_err(|missing| format!("forwarded delivery: {missing}"))
        }))
    }
}

impl StoredBody {
    async fn fetch(
        &self,
        bodies: &BTreeMap<String, Objects>,
    ) -> Result<Result<Bytes, Reason>, NotNow> {
        let Some(objects) = bodies.get(&self.bucket) else {
            return Ok(Err(format!(
                "bodies are not fetched from the bucket {:?} (see `body_buckets`)",
                self.bucket
            )));
        };
        let missing = || {
            Ok(Err(format!(
                "there is no object {:?} in the bucket {:?}",
                self.key, self.bucket
            )))
        };
        // Asked first, so that nobody makes us hold a huge object.
        let Some(object) = objects.head(&self.key).await.map_err(NotNow)? else {
            return missing();
        };
        if object.size > LARGEST_BODY as u64 {
            return Ok(Err("the stored body is larger than 25 MiB".to_owned()));
        }
        let Some(body) = objects.get(&self.key).await.map_err(NotNow)? else {
            return missing();
        };
        let digest = hex::encode(Sha256::digest(&body));
        if !self.sha256.eq_ignore_ascii_case(&digest) {
            return Ok(Err(
                "the stored body is not the one that was forwarded: its SHA-256 differs".to_owned(),
            ));
        }
        Ok(Ok(body))
    }
}

/// Header names ignore case, and forwarders write them in any.
fn header_map(headers: &BTreeMap<String, String>) -> Result<HeaderMap, Reason> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let parsed = HeaderName::try_from(name.to_ascii_lowercase())
            .ok()
            .zip(HeaderValue::try_from(value).ok());
        let (name, value) = parsed.ok_or("a forwarded header is not a header")?;
        if map.insert(name, value).is_some() {
            return Err("a forwarded header is given twice".to_owned());
        }
    }
    Ok(map)
}
