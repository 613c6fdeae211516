//! One API call as the handlers see it, and the glue from axum to `fn(&mut World, &Call) -> Result<…>`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Multipart, RawPathParams, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::tokens::Caller;

/// State shared by the handlers of one host and by the program that holds the sandbox.
#[derive(Debug)]
pub(crate) struct Shared<W>(Arc<Mutex<W>>);

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// State that somebody else shares and keeps alive.
#[derive(Debug)]
pub(crate) struct Lent<W>(Weak<Mutex<W>>);

impl<W> Default for Lent<W> {
    fn default() -> Self {
        Self(Weak::new())
    }
}

impl<W> Lent<W> {
    /// `None`: it is gone.
    pub(crate) fn get(&self) -> Option<Shared<W>> {
        self.0.upgrade().map(Shared)
    }
}

impl<W> Shared<W> {
    pub(crate) fn new(world: W) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// Does not keep it alive.
    pub(crate) fn downgrade(&self) -> Lent<W> {
        Lent(Arc::downgrade(&self.0))
    }

    /// A panic while holding the lock leaves plain data, so the poison says nothing.
    pub(crate) fn lock(&self) -> MutexGuard<'_, W> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who calls and when; the authentication layer puts it into the request.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) caller: Caller,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

/// One authenticated call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) caller: Caller,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) path: String,
    params: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    /// JSON object of the body, or the text fields of a multipart form; empty when there was none.
    pub(crate) body: Map<String, Value>,
    /// Body as it came, or the `content` field of a multipart form.
    pub(crate) raw: Bytes,
    pub(crate) multipart: bool,
}

impl Call {
    /// A call made by a person in the sandbox's own page or by the program, not over HTTP.
    pub(crate) fn by_hand(caller: Caller, now: i64, body: Map<String, Value>) -> Self {
        Self {
            caller,
            now,
            path: String::new(),
            params: BTreeMap::new(),
            query: Vec::new(),
            body,
            raw: Bytes::new(),
            multipart: false,
        }
    }

    /// A path parameter; empty when the route has none of this name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn query_is_true(&self, name: &str) -> bool {
        self.query(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A whole number from the query.
    pub(crate) fn query_number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.query(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| ApiError::malformed(format!("Could not parse '{text}' as {name}")))
            })
            .transpose()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::invalid(format!("Missing required field: {name}")))
    }

    /// A flag from the body; multipart forms carry it as text.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.body.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// An id from the body: a number, or a string of digits as protobuf's JSON mapping allows.
    pub(crate) fn required_id(&self, name: &str) -> Result<u64, ApiError> {
        match self.body.get(name) {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| ApiError::invalid(format!("Missing required field: {name}")))
    }

    /// An id from the query.
    pub(crate) fn required_query_id(&self, name: &str) -> Result<u64, ApiError> {
        self.query(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| ApiError::invalid(format!("Missing required field: {name}")))
    }
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let context = parts.extensions.get::<Context>().cloned().ok_or_else(|| {
            ApiError::unauthenticated(
                "Credential was not sent or was of an unsupported type for this API.",
            )
        })?;
        let params = RawPathParams::from_request_parts(&mut parts, state)
            .await
            .map_err(|error| ApiError::malformed(error.body_text()))?;
        let mut call = Self::by_hand(context.caller, context.now, Map::new());
        call.params = params
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        call.path = parts.uri.path().to_owned();
        call.query = form_pairs(parts.uri.query().unwrap_or_default());
        let kind = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let request = Request::from_parts(parts, body);
        if kind.starts_with("multipart/form-data") {
            call.multipart = true;
            call.read_form(request, state).await?;
        } else {
            call.raw = Bytes::from_request(request, state)
                .await
                .map_err(|error| ApiError::malformed(error.body_text()))?;
            if !kind.starts_with("application/octet-stream")
                && !call.path.contains("/workspace-files/")
                && !call.path.starts_with("/api/2.0/fs/files/")
            {
                call.read_json()?;
            }
        }
        Ok(call)
    }
}

impl Call {
    fn read_json(&mut self) -> Result<(), ApiError> {
        if self.raw.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice(&self.raw) {
            Ok(Value::Object(body)) => self.body = body,
            Ok(_) => {
                return Err(ApiError::malformed(
                    "Expected a JSON object as the request body",
                ));
            }
            Err(error) => {
                return Err(ApiError::malformed(format!(
                    "Invalid JSON given in the body of the request: {error}"
                )));
            }
        }
        Ok(())
    }

    async fn read_form<S: Send + Sync>(
        &mut self,
        request: Request,
        state: &S,
    ) -> Result<(), ApiError> {
        let mut form = Multipart::from_request(request, state)
            .await
            .map_err(|error| ApiError::malformed(error.body_text()))?;
        while let Some(field) = form
            .next_field()
            .await
            .map_err(|error| ApiError::malformed(error.body_text()))?
        {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field
                .bytes()
                .await
                .map_err(|error| ApiError::malformed(error.body_text()))?;
            if name == "content" {
                self.raw = bytes;
            } else {
                self.body.insert(
                    name,
                    Value::String(String::from_utf8_lossy(&bytes).into_owned()),
                );
            }
        }
        Ok(())
    }
}

/// Decodes `a=1&b=2`, of a query or of a form.
pub(crate) fn form_pairs(text: &str) -> Vec<(String, String)> {
    // The base does not matter: only the query is read back.
    let Ok(mut url) = reqwest::Url::parse("http://localhost/") else {
        return Vec::new();
    };
    url.set_query(Some(text));
    url.query_pairs()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// What a handler answers when it succeeds.
#[derive(Debug)]
pub(crate) enum Reply {
    Json(Value),
    Bytes(Vec<u8>),
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Json(value) => Json(value).into_response(),
            Self::Bytes(bytes) => bytes.into_response(),
        }
    }
}

/// Serves one method of one path with a plain function.
pub(crate) fn serves<W, R>(
    method: MethodFilter,
    handler: fn(&mut W, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<W>>
where
    W: Send + 'static,
    R: Into<Reply> + 'static,
{
    on(
        method,
        move |State(world): State<Shared<W>>, call: Call| async move {
            handler(&mut world.lock(), &call)
                .map(Into::into)
                .map(Reply::into_response)
        },
    )
}

pub(crate) fn get<W: Send + 'static, R: Into<Reply> + 'static>(
    handler: fn(&mut W, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<W>> {
    serves(MethodFilter::GET, handler)
}

pub(crate) fn post<W: Send + 'static, R: Into<Reply> + 'static>(
    handler: fn(&mut W, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<W>> {
    serves(MethodFilter::POST, handler)
}

pub(crate) fn put<W: Send + 'static, R: Into<Reply> + 'static>(
    handler: fn(&mut W, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<W>> {
    serves(MethodFilter::PUT, handler)
}

pub(crate) fn patch<W: Send + 'static, R: Into<Reply> + 'static>(
    handler: fn(&mut W, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<W>> {
    serves(MethodFilter::PATCH, handler)
}

pub(crate) fn delete<W: Send + 'static, R: Into<Reply> + 'static>(
    handler: fn(&mut W, &Call) -> Result<R, ApiError>,
) -> MethodRouter<Shared<W>> {
    serves(MethodFilter::DELETE, handler)
}
