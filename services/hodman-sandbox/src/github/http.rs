//! From an HTTP request to a handler and back: prefix, credentials, pages of lists, ETags, rate-limit headers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::auth::Caller;
use super::reply::{Answer, ApiError, Payload, Reply};
use super::world::World;
use super::{pages, routes, smart_http};

/// The state as the handlers share it.
pub(crate) type Shared = Arc<Mutex<World>>;

/// Packs and files may be large; more than this no test sends.
const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// A REST call, taken apart.
pub(crate) struct Call {
    pub caller: Caller,
    pub method: String,
    pub query: BTreeMap<String, String>,
    pub body: Value,
    pub accept: String,
}

impl Call {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A text field of the body.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }

    /// A text field that must be there.
    pub(crate) fn need(&self, resource: &str, name: &str) -> Result<&str, ApiError> {
        self.text(name)
            .ok_or_else(|| ApiError::missing(resource, name))
    }
}

pub(crate) fn router(world: Shared) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(State(world): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path();
    let path = path
        .strip_prefix("/api/v3")
        .or_else(|| path.strip_prefix("/api/graphql").map(|_| "/graphql"))
        .unwrap_or(path);
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let authorization = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let caller = lock(&world).caller(authorization);
    if segments.len() >= 3 && segments[1].ends_with(".git") {
        let method = parts.method.as_str().to_owned();
        return smart_http::serve(
            &world,
            &method,
            &segments,
            query,
            &parts.headers,
            body,
            caller,
        )
        .await;
    }
    let query = parse_query(&query);
    let method = parts.method.as_str().to_owned();
    let accept = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .map(ToOwned::to_owned);
    let work = tokio::task::spawn_blocking(move || {
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if !routes::is_api(&segments) {
            return pages::serve(&world, &method, &segments, &body);
        }
        let mut world = lock(&world);
        // Links must lead back to the name the client used; some clients refuse others.
        let own_url = world.base_url.clone();
        if let Some(host) = host {
            world.base_url = format!("http://{host}");
        }
        let (base_url, reset) = (world.base_url.clone(), world.now().timestamp() + 3600);
        let reply = caller.and_then(|caller| {
            let body = if body.is_empty() {
                Value::Null
            } else {
                parse_body(&body)?
            };
            let call = Call {
                caller,
                method,
                query: query.clone(),
                body,
                accept,
            };
            routes::dispatch(&mut world, &call, &segments)
        });
        world.base_url = own_url;
        drop(world);
        respond(
            reply,
            &format!("{base_url}/{}", segments.join("/")),
            &query,
            &parts.headers,
            reset,
        )
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a handler of the sandbox GitHub panicked");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// A panic in a handler leaves plain data behind; the tests that caused it fail anyway.
pub(crate) fn lock(world: &Shared) -> std::sync::MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse_body(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::new(400, "Problems parsing JSON"))
}

pub(crate) fn parse_query(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn respond(
    reply: Reply,
    url: &str,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
    reset: i64,
) -> Response {
    let answer =
        reply.unwrap_or_else(|error| Answer::new(error.status, Payload::Json(error.body())));
    let mut builder = Response::builder()
        .status(answer.status)
        .header("x-github-media-type", "github.v3; format=json")
        .header("x-github-request-id", uuid::Uuid::new_v4().to_string())
        .header("x-ratelimit-limit", "5000")
        .header("x-ratelimit-remaining", "4999")
        .header("x-ratelimit-used", "1")
        .header("x-ratelimit-resource", "core")
        .header("x-ratelimit-reset", reset.to_string());
    if let Some(location) = &answer.location {
        builder = builder.header(header::LOCATION, location);
    }
    let (kind, bytes) = match answer.payload {
        Payload::Empty => ("", Vec::new()),
        Payload::Json(value) => (JSON, value.to_string().into_bytes()),
        Payload::Bytes(kind, bytes) => (kind, bytes),
        Payload::List(items) => {
            let (page, links) = page(items, url, query);
            builder = links.into_iter().fold(builder, |builder, links| {
                builder.header(header::LINK, links)
            });
            (JSON, Value::Array(page).to_string().into_bytes())
        }
        Payload::Counted(key, items) => {
            let total = items.len();
            let (page, links) = page(items, url, query);
            builder = links.into_iter().fold(builder, |builder, links| {
                builder.header(header::LINK, links)
            });
            (
                JSON,
                json!({"total_count": total, key: page})
                    .to_string()
                    .into_bytes(),
            )
        }
    };
    if !kind.is_empty() {
        builder = builder.header(header::CONTENT_TYPE, kind);
    }
    if answer.status == 200 {
        let etag = format!("W/\"{}\"", hex::encode(Sha256::digest(&bytes)));
        let known = headers
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok());
        builder = builder
            .header(header::ETAG, &etag)
            .header(header::CACHE_CONTROL, "private, max-age=60, s-maxage=60");
        if known.is_some_and(|known| known.split(',').any(|known| known.trim() == etag)) {
            builder = builder.status(StatusCode::NOT_MODIFIED);
            return builder.body(Body::empty()).unwrap_or_default();
        }
    }
    builder.body(Body::from(bytes)).unwrap_or_default()
}

const JSON: &str = "application/json; charset=utf-8";

/// One page of a list, and the `Link` header when there are more.
fn page(
    items: Vec<Value>,
    url: &str,
    query: &BTreeMap<String, String>,
) -> (Vec<Value>, Option<String>) {
    let number = |name: &str, otherwise: usize| {
        query
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let size = number("per_page", 30).clamp(1, 100);
    let current = number("page", 1).max(1);
    let last = items.len().div_ceil(size).max(1);
    let link = |page: usize, rel: &str| {
        let mut query = query.clone();
        query.insert("page".to_owned(), page.to_string());
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pairs: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        format!("<{url}?{}>; rel=\"{rel}\"", pairs.join("&"))
    };
    let mut links = Vec::new();
    if current > 1 {
        links.extend([link(current - 1, "prev"), link(1, "first")]);
    }
    if current < last {
        links.extend([link(current + 1, "next"), link(last, "last")]);
    }
    let page = items
        .into_iter()
        .skip((current - 1) * size)
        .take(size)
        .collect();
    (page, (!links.is_empty()).then(|| links.join(", ")))
}
