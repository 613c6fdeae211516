//! Lists that come in pages by `page_token` and `next_page_token`.

use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;

use super::call;
use super::error::ApiError;
use super::request::Request;
use super::transport::Transport;

/// Far above any object limit of a workspace; a server that never ends its list is broken.
const MOST_PAGES: usize = 10_000;

/// All items of a list. A page without `items_field` is an empty page: Databricks leaves empty lists out.
pub(super) async fn list_all(
    transport: &Transport,
    path: &str,
    query: &[(&str, &str)],
    items_field: &str,
) -> Result<Vec<Value>, ApiError> {
    let mut items = Vec::new();
    let mut page_token: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut request = Request::get(path);
        request.query.extend(
            query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        if let Some(token) = &page_token {
            request = request.query("page_token", token);
        }
        let mut page = transport.json(&request).await?;
        if let Some(Value::Array(more)) = page.get_mut(items_field).map(Value::take) {
            items.extend(more);
        }
        let next = page
            .get("next_page_token")
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty());
        match next {
            None => return Ok(items),
            Some(next) if page_token.as_deref() == Some(next) => break,
            Some(next) => page_token = Some(next.to_owned()),
        }
    }
    Err(call::unreadable(
        &Method::GET,
        path,
        "the list does not end",
        StatusCode::OK,
    ))
}
