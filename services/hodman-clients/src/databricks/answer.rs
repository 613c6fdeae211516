//! Reads the five shapes of Databricks error bodies and says what they mean.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::error::{ApiError, Detail, ErrorKind};

const LONGEST_MESSAGE: usize = 1000;

/// What stands where the rest of a long message was left out.
pub(super) const CUT: char = '…';

/// Messages that mean "try again" whatever the status (from the Go SDK's list of transient errors).
const TRANSIENT_MESSAGES: [&str; 5] = [
    "ClusterNotReadyException",
    "does not have any associated worker environments",
    "There is no worker environment with id",
    "Timed out after ",
    "deadline exceeded",
];

/// The code, the words and the support id of an error body.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    code: Option<String>,
    message: String,
    request_id: Option<String>,
}

/// Whether the answer is a web page rather than an API answer.
pub(super) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    declared.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<")
}

/// `Retry-After` in seconds, or as a date measured against the answer's own `Date`.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let now = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    (until - now).to_std().ok()
}

/// The error that a non-2xx (or HTML) answer stands for.
pub(super) fn refusal(
    method: &Method,
    path: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> ApiError {
    let html = is_html(headers, body);
    let said = if html { page_title(body) } else { parse(body) };
    let kind = match classify(method, path, status, &said) {
        ErrorKind::RateLimited { .. } => ErrorKind::RateLimited {
            retry_after: retry_after(headers),
        },
        kind @ (ErrorKind::Temporary | ErrorKind::Unauthenticated) => kind,
        _ if html => ErrorKind::Html,
        kind => kind,
    };
    let in_doubt = *method != Method::GET
        && (status.is_server_error() && kind != ErrorKind::Unsupported
            || status == StatusCode::REQUEST_TIMEOUT);
    let message = if said.message.is_empty() {
        status.canonical_reason().unwrap_or("no message").to_owned()
    } else {
        cut(&said.message)
    };
    ApiError {
        kind,
        status: Some(status.as_u16()),
        detail: Box::new(Detail {
            call: format!("{method} {path}"),
            error_code: said.code,
            message,
            request_id: said.request_id,
            may_have_taken_effect: in_doubt,
            retry_after: retry_after(headers),
        }),
        source: None,
    }
}

/// No more of the words than anybody reads; where some are left out, [`CUT`] says so.
fn cut(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}{CUT}", &message[..end]),
        None => message.to_owned(),
    }
}

fn page_title(body: &[u8]) -> Said {
    let text = String::from_utf8_lossy(body);
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map(|(title, _)| title.trim().to_owned())
        .filter(|title| !title.is_empty());
    let message = match title {
        Some(title) => format!("a web page came instead of the API's answer: \"{title}\""),
        None => "a web page came instead of the API's answer".to_owned(),
    };
    Said {
        message,
        ..Said::default()
    }
}

fn parse(body: &[u8]) -> Said {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => {
            let text = |name: &str| match fields.get(name)? {
                Value::String(text) if !text.is_empty() => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let code = text("error_code")
                .or_else(|| text("scimType"))
                // OAuth: {"error": "invalid_client", "error_description": "…"}
                .or_else(|| text("error_description").and_then(|_| text("error")));
            let message = text("message")
                .or_else(|| text("error_description"))
                .or_else(|| text("detail"))
                .or_else(|| text("error"))
                .unwrap_or_default();
            Said {
                code,
                message,
                request_id: request_id(fields.get("details")),
            }
        }
        _ => parse_text(String::from_utf8_lossy(body).trim()),
    }
}

/// `CODE: message`, as some account endpoints answer, or any other text.
fn parse_text(text: &str) -> Said {
    let is_code = |word: &str| {
        word.len() > 2
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    match text.split_once(": ") {
        Some((code, message)) if is_code(code) => Said {
            code: Some(code.to_owned()),
            message: message.trim().to_owned(),
            request_id: None,
        },
        _ => Said {
            message: text.to_owned(),
            ..Said::default()
        },
    }
}

fn request_id(details: Option<&Value>) -> Option<String> {
    let infos = details?.as_array()?;
    infos
        .iter()
        .find_map(|info| info.get("request_id")?.as_str().map(str::to_owned))
}

fn classify(method: &Method, path: &str, status: StatusCode, said: &Said) -> ErrorKind {
    let code = said.code.as_deref().unwrap_or_default();
    let message = said.message.as_str();
    if status == StatusCode::TOO_MANY_REQUESTS
        || matches!(code, "REQUEST_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED")
    {
        return ErrorKind::RateLimited { retry_after: None };
    }
    // An expired or revoked token is sometimes answered 403.
    let refused_token = status == StatusCode::FORBIDDEN
        && message
            .to_ascii_lowercase()
            .contains("invalid access token");
    if status == StatusCode::UNAUTHORIZED
        || refused_token
        || matches!(code, "UNAUTHENTICATED" | "invalid_client")
    {
        return ErrorKind::Unauthenticated;
    }
    // Must come before NotFound: a host without an API must not look like a workspace without the object.
    if status == StatusCode::NOT_IMPLEMENTED
        || matches!(
            code,
            "ENDPOINT_NOT_FOUND" | "NOT_IMPLEMENTED" | "FEATURE_DISABLED"
        )
    {
        return ErrorKind::Unsupported;
    }
    if is_missing(method, path, status, code, message) {
        return ErrorKind::NotFound;
    }
    // Some services say it in words alone.
    let refused = matches!(status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT);
    let said = *method == Method::POST
        && refused
        && message.to_ascii_lowercase().contains("already exists");
    if code.ends_with("ALREADY_EXISTS") || code == "uniqueness" || said {
        return ErrorKind::AlreadyExists;
    }
    if TRANSIENT_MESSAGES
        .iter()
        .any(|transient| message.contains(transient))
        || code == "TEMPORARILY_UNAVAILABLE"
    {
        return ErrorKind::Temporary;
    }
    if status == StatusCode::CONFLICT
        || matches!(
            code,
            "ABORTED" | "RESOURCE_CONFLICT" | "CONFLICT" | "INVALID_STATE" | "DIRECTORY_NOT_EMPTY"
        )
    {
        return ErrorKind::Conflict;
    }
    if code == "PERMISSION_DENIED"
        || (status == StatusCode::FORBIDDEN && !code.ends_with("SIZE_EXCEEDED"))
    {
        return ErrorKind::PermissionDenied;
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT || status.as_u16() == 499 {
        return ErrorKind::Temporary;
    }
    ErrorKind::Invalid
}

/// All the ways Databricks says that an object is not there. Jobs, runs and clusters answer 400
/// `INVALID_PARAMETER_VALUE` "Job 17 does not exist."; on a create the same words speak of something else that the new
/// object refers to.
fn is_missing(method: &Method, path: &str, status: StatusCode, code: &str, message: &str) -> bool {
    if status == StatusCode::NOT_FOUND
        || code.ends_with("DOES_NOT_EXIST")
        || code.ends_with("NOT_FOUND")
    {
        return true;
    }
    if status != StatusCode::BAD_REQUEST
        || code != "INVALID_PARAMETER_VALUE"
        || !message.contains("does not exist")
    {
        return false;
    }
    let noun = match path.split('/').skip(3).collect::<Vec<_>>().as_slice() {
        [_, "create"] => return false,
        ["jobs", "runs", ..] => "Run ",
        ["jobs", ..] => "Job ",
        ["clusters", ..] => "Cluster ",
        _ => return *method == Method::GET,
    };
    *method == Method::GET || message.starts_with(noun)
}

#[cfg(test)]
mod tests;
