//! One HTTP answer of GitHub, and how a refusal becomes a typed error.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{GitHubError, Refusal};
use crate::retry::retry_after;

/// The wait that GitHub documents for a secondary limit that names none.
const UNNAMED_LIMIT_WAIT: Duration = Duration::from_secs(60);
/// How much of a body that is not JSON is kept: a proxy's error page is long and says little.
const MESSAGE_LIMIT: usize = 300;

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) operation: &'static str,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    documentation_url: Option<String>,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

impl Answer {
    /// The body as `T`.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_str(&self.body).map_err(|source| GitHubError::Unreadable {
            operation: self.operation,
            source,
        })
    }

    /// Itself when the status is 2xx, else the error that the answer means.
    pub(super) fn checked(self, now: DateTime<Utc>) -> Result<Self, GitHubError> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            Err(self.into_error(now))
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn into_error(self, now: DateTime<Utc>) -> GitHubError {
        let body: ErrorBody = serde_json::from_str(&self.body).unwrap_or_default();
        let message = if body.message.is_empty() {
            excerpt(&self.body)
        } else {
            body.message
        };
        let refusal = Box::new(Refusal {
            operation: self.operation,
            status: self.status,
            message,
            documentation: body.documentation_url,
            request_id: self.header("x-github-request-id").map(str::to_owned),
        });
        if let Some(wait) = self.rate_limit_wait(&refusal.message, now) {
            return GitHubError::RateLimited {
                refusal,
                until: now + wait,
                wait,
            };
        }
        match self.status {
            401 => GitHubError::Unauthorized(refusal),
            403 => GitHubError::Forbidden(refusal),
            404 | 410 => GitHubError::NotFound(refusal),
            409 => GitHubError::Conflict(refusal),
            422 => GitHubError::Validation {
                refusal,
                errors: body.errors.iter().map(error_line).collect(),
            },
            500..=599 => GitHubError::Server(refusal),
            _ => GitHubError::Unexpected(refusal),
        }
    }

    /// How long GitHub asks to wait, in its documented order: `Retry-After`; else, with nothing
    /// left, `X-RateLimit-Reset`; else a minute. `None` when this is not about a limit.
    fn rate_limit_wait(&self, message: &str, now: DateTime<Utc>) -> Option<Duration> {
        if self.status != 429 && self.status != 403 {
            return None;
        }
        if let Some(asked) = self.header("retry-after") {
            return Some(retry_after(asked, now).unwrap_or(UNNAMED_LIMIT_WAIT));
        }
        if self.header("x-ratelimit-remaining") == Some("0") {
            let reset = self.header("x-ratelimit-reset")?.parse().ok()?;
            let reset = DateTime::from_timestamp(reset, 0)?;
            // A second more: GitHub's clock and ours differ, and the header has whole seconds.
            let wait = (reset - now).to_std().unwrap_or_default();
            return Some(wait + Duration::from_secs(1));
        }
        let limited = self.status == 429 || message.to_ascii_lowercase().contains("rate limit");
        limited.then_some(UNNAMED_LIMIT_WAIT)
    }

    /// Path and query of the `rel="next"` link. Only the path is used, so that a link to another
    /// host never gets our token.
    pub(super) fn next_page(&self) -> Option<String> {
        let links = self.header("link")?;
        let next = links
            .split(',')
            .find(|link| link.contains("rel=\"next\""))?;
        let (_, rest) = next.split_once('<')?;
        let (url, _) = rest.split_once('>')?;
        Some(path_and_query(&reqwest::Url::parse(url).ok()?))
    }
}

/// A URL without its host.
pub(super) fn path_and_query(url: &reqwest::Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn excerpt(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MESSAGE_LIMIT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// GitHub's `errors` are strings in some answers and objects in others.
fn error_line(error: &serde_json::Value) -> String {
    let field = |name| error.get(name).and_then(|value| value.as_str());
    if let Some(text) = error.as_str().or_else(|| field("message")) {
        return text.to_owned();
    }
    [field("resource"), field("field"), field("code")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect();
        Answer {
            operation: "test",
            status,
            headers,
            body: body.into(),
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn wait_of(answer: Answer) -> Option<u64> {
        match answer.checked(now()) {
            Err(GitHubError::RateLimited { wait, until, .. }) => {
                assert_eq!(until, now() + wait);
                Some(wait.as_secs())
            }
            _ => None,
        }
    }

    #[test]
    fn limits_wait_as_the_headers_say() {
        let message = r#"{"message":"You have exceeded a secondary rate limit"}"#;
        assert_eq!(wait_of(answer(429, &[("retry-after", "7")], "")), Some(7));
        assert_eq!(wait_of(answer(403, &[("retry-after", "7")], "")), Some(7));
        let spent = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1700000030"),
        ];
        assert_eq!(wait_of(answer(403, &spent, "")), Some(31));
        assert_eq!(wait_of(answer(403, &[], message)), Some(60));
        assert_eq!(wait_of(answer(429, &[], "")), Some(60));
        assert_eq!(wait_of(answer(403, &[], r#"{"message":"no"}"#)), None);
    }

    #[test]
    fn validation_names_every_error() {
        let body = r#"{"message":"Validation Failed","errors":["bad",
            {"resource":"PullRequest","field":"head","code":"invalid"},{"message":"twice"}]}"#;
        let error = answer(422, &[("x-github-request-id", "AB:1")], body)
            .checked(now())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "GitHub answered test with 422: Validation Failed (request AB:1) \
             [bad; PullRequest head invalid; twice]"
        );
    }

    #[test]
    fn the_next_page_is_a_path_on_our_own_host() {
        let link = r#"<https://other.example/repos?page=1>; rel="prev", <https://api.github.com/repositories/1/pulls?per_page=100&page=3>; rel="next""#;
        assert_eq!(
            answer(200, &[("link", link)], "").next_page().as_deref(),
            Some("/repositories/1/pulls?per_page=100&page=3")
        );
        assert_eq!(answer(200, &[], "").next_page(), None);
    }

    #[test]
    fn a_proxys_page_is_shortened() {
        let error = answer(502, &[], &"<p>é</p>\n".repeat(200))
            .checked(now())
            .unwrap_err();
        assert!(error.to_string().chars().count() < 400);
        assert!(error.effect_unknown());
    }
}
