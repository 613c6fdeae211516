//! Pages of lists: everything at once unless the call asks for pages, as Unity Catalog has it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::databricks::call::Call;
use crate::databricks::error::ApiError;

/// Largest page, and the one of a call with `max_results=0`.
const LARGEST: usize = 100;

/// Which part of a list a call wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    begin: usize,
    /// `None`: all.
    size: Option<usize>,
}

impl Page {
    /// Of `max_results` (`page_size` for files) and `page_token`.
    pub(super) fn of(call: &Call) -> Result<Self, ApiError> {
        let token = call.query("page_token").filter(|token| !token.is_empty());
        let wanted = match call.query_number("max_results")? {
            Some(size) => Some(size),
            None => call.query_number("page_size")?,
        };
        let size = match wanted {
            Some(size) if size < 0 => {
                return Err(ApiError::invalid("max_results must not be negative."));
            }
            Some(0) => Some(LARGEST),
            Some(size) => Some(usize::try_from(size).map_or(LARGEST, |size| size.min(LARGEST))),
            None => token.map(|_| LARGEST),
        };
        let begin = token.map_or(Ok(0), |token| {
            URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .and_then(|text| text.parse::<usize>().ok())
                .ok_or_else(|| ApiError::invalid(format!("'{token}' is not a page token.")))
        })?;
        Ok(Self { begin, size })
    }

    /// `{field: […], next_page_token}`; only what is on the page is shown. No items: an empty object.
    pub(super) fn answer<T>(self, field: &str, items: Vec<T>, show: impl Fn(T) -> Value) -> Value {
        let total = items.len();
        let size = self.size.unwrap_or(total);
        let end = self.begin.saturating_add(size);
        let page = items.into_iter().skip(self.begin).take(size);
        let page: Vec<Value> = page.map(show).collect();
        let mut answer = json!({});
        if !page.is_empty() {
            answer[field] = json!(page);
        }
        if end < total {
            answer["next_page_token"] = json!(URL_SAFE_NO_PAD.encode(end.to_string()));
        }
        answer
    }
}

/// A page of rows that are already made.
pub(super) fn paged(rows: Vec<Value>, field: &str, call: &Call) -> Result<Value, ApiError> {
    Ok(Page::of(call)?.answer(field, rows, |row| row))
}
