//! Lists that come in pages, and single answers whose lists do.

use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;

use super::call;
use super::error::ApiError;
use super::request::Request;
use super::transport::Transport;

/// Far above any object limit of a workspace; a server that never ends its list is broken.
const MOST_PAGES: usize = 10_000;

/// Items of a SCIM page; the service gives no more than a hundred whatever is asked for.
const SCIM_PAGE: usize = 100;

/// How a list goes on after its first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// `page_token` in the query, `next_page_token` in the answer.
    Token,
    /// SCIM: `startIndex` (from 1) and `count` in the query, `totalResults` in the answer.
    StartIndex,
    /// It does not.
    Once,
}

/// All items of a list that goes on by page token.
pub(super) async fn list_all(
    transport: &Transport,
    path: &str,
    query: &[(&str, &str)],
    items_field: &str,
) -> Result<Vec<Value>, ApiError> {
    let mut request = Request::get(path);
    for (name, value) in query {
        request = request.query(*name, *value);
    }
    let mut found = Vec::new();
    let mut take = |items: Vec<Value>| found.extend(items);
    each_page(transport, &request, items_field, Pages::Token, &mut take).await?;
    Ok(found)
}

/// All items of a list, page by page, so that a caller who keeps little of each item never holds them all. A page without
/// `items_field` is an empty page: Databricks leaves empty lists out.
pub(super) async fn each_page(
    transport: &Transport,
    list: &Request,
    items_field: &str,
    pages: Pages,
    take: &mut (dyn FnMut(Vec<Value>) + Send),
) -> Result<(), ApiError> {
    let mut page_token: Option<String> = None;
    let mut seen = 0;
    for _ in 0..MOST_PAGES {
        let mut request = list.clone();
        if pages == Pages::StartIndex {
            request = request
                .query("startIndex", (seen + 1).to_string())
                .query("count", SCIM_PAGE.to_string());
        }
        if let Some(token) = &page_token {
            request = request.query("page_token", token);
        }
        let mut page = transport.json(&request).await?;
        let items = match page.get_mut(items_field).map(Value::take) {
            Some(Value::Array(items)) => items,
            // Older parts of the account's API answer with the list itself.
            _ if items_field.is_empty() && page.is_array() => match page.take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let got = items.len();
        seen += got;
        take(items);
        match pages {
            Pages::Once => return Ok(()),
            Pages::StartIndex => {
                let total = page.get("totalResults").and_then(Value::as_u64);
                // A server that does not page gives everything at once, and an empty page is the end of any list.
                if got == 0 || total.is_none_or(|total| seen as u64 >= total) {
                    return Ok(());
                }
            }
            Pages::Token => match next_token(&page) {
                None => return Ok(()),
                Some(next) if page_token.as_deref() == Some(next) => break,
                Some(next) => page_token = Some(next.to_owned()),
            },
        }
    }
    Err(endless(&list.path))
}

/// One answer, the lists `fields` of which (at its top or in its `settings`) come in parts by page token.
pub(super) async fn whole(
    transport: &Transport,
    get: &Request,
    fields: &[&str],
) -> Result<Value, ApiError> {
    let mut answer = transport.json(get).await?;
    let mut token = next_token(&answer).map(str::to_owned);
    for _ in 0..MOST_PAGES {
        let Some(next) = token else {
            return Ok(answer);
        };
        let page = transport
            .json(&get.clone().query("page_token", &next))
            .await?;
        append(&mut answer, &page, fields);
        if answer.get("settings").is_some()
            && let Some(part) = page.get("settings")
        {
            append(&mut answer["settings"], part, fields);
        }
        token = next_token(&page)
            .filter(|after| *after != next)
            .map(str::to_owned);
    }
    Err(endless(&get.path))
}

/// A later page repeats the object with the next part of each list.
fn append(into: &mut Value, page: &Value, fields: &[&str]) {
    for name in fields {
        let Some(more) = page[*name].as_array().filter(|more| !more.is_empty()) else {
            continue;
        };
        match into[*name].as_array_mut() {
            Some(list) => {
                let fresh: Vec<Value> = more
                    .iter()
                    .filter(|item| !list.contains(item))
                    .cloned()
                    .collect();
                list.extend(fresh);
            }
            None => into[*name] = Value::Array(more.clone()),
        }
    }
}

fn next_token(answer: &Value) -> Option<&str> {
    answer
        .get("next_page_token")
        .and_then(Value::as_str)
        .filter(|token| !token.is_empty())
}

fn endless(path: &str) -> ApiError {
    call::unreadable(&Method::GET, path, "the list does not end", StatusCode::OK)
}
