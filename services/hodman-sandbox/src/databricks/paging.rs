//! Lists that are answered in pages, and times as text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ApiError;

/// How a list call names its pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// Parameter with the size of a page.
    pub(crate) size: &'static str,
    pub(crate) default: usize,
    /// A larger size is refused.
    pub(crate) most: usize,
}

/// What most lists take.
pub(crate) const PAGES: Paging = Paging {
    size: "page_size",
    default: 20,
    most: 1000,
};

impl Paging {
    /// One page of `all` as `{key: […], next_page_token}`; the size and the token are read from the query, or from the
    /// body where a search is a POST.
    pub(crate) fn answer(self, call: &Call, key: &str, all: Vec<Value>) -> Result<Value, ApiError> {
        let size = match call.query_number(self.size)? {
            Some(size) => Some(size),
            None => call.body.get(self.size).and_then(Value::as_i64),
        };
        let size = match size.filter(|size| *size != 0) {
            None => self.default,
            Some(size) => usize::try_from(size)
                .ok()
                .filter(|size| *size <= self.most)
                .ok_or_else(|| {
                    ApiError::invalid(format!(
                        "Invalid {}: {size}. It must be between 1 and {}.",
                        self.size, self.most
                    ))
                })?,
        };
        let token = call
            .query("page_token")
            .or_else(|| call.text("page_token"))
            .filter(|token| !token.is_empty());
        let start = token.map(read).transpose()?.unwrap_or(0);
        let more = all.len() > start + size;
        let page: Vec<Value> = all.into_iter().skip(start).take(size).collect();
        let mut answer = Map::new();
        if !page.is_empty() {
            answer.insert(key.to_owned(), json!(page));
        }
        if more {
            let token = URL_SAFE_NO_PAD.encode(format!("from:{}", start + size));
            answer.insert("next_page_token".into(), json!(token));
        }
        Ok(Value::Object(answer))
    }
}

fn read(token: &str) -> Result<usize, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("from:")?.parse().ok())
        .ok_or_else(|| ApiError::invalid(format!("Invalid page token: {token}")))
}

/// Milliseconds since 1970 as RFC 3339 in UTC.
pub(crate) fn iso(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A pattern of SQL's `LIKE`, with `%` for anything.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('%');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{iso, like};

    #[test]
    fn patterns_match_as_in_sql() {
        let cases = [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("%b%", "abc", true),
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("a%b%c", "axxbyyc", true),
            ("a%b%c", "axxcyyb", false),
            ("%", "", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(iso(1_790_000_000_123), "2026-09-21T14:13:20.123Z");
    }
}
