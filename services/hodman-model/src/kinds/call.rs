//! Requests to a workspace, as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are HTTP's own")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// One request to a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, from `/api`.
    pub path: String,
    /// The query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// The JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Whether sending it twice does what sending it once does. When false, an unclear end is answered by looking
    /// for our marker, never by sending again.
    pub idempotent: bool,
}

impl Call {
    /// A GET with one query parameter.
    pub(super) fn get(path: &str, key: &str, value: &str) -> Self {
        Self {
            method: Method::Get,
            path: path.to_owned(),
            query: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            body: None,
            idempotent: true,
        }
    }

    /// A POST with a body.
    pub(super) fn post(path: &str, body: Value, idempotent: bool) -> Self {
        Self {
            method: Method::Post,
            path: path.to_owned(),
            query: BTreeMap::new(),
            body: Some(body),
            idempotent,
        }
    }
}

/// How all objects of a kind are listed: GET, page by page (`page_token` in the query, `next_page_token` in the answer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCall {
    /// The path, from `/api`.
    pub path: &'static str,
    /// The query of every page.
    pub query: &'static [(&'static str, &'static str)],
    /// The field of the answer that holds the list; absent means empty.
    pub items_field: &'static str,
    /// The field of an item that holds its id.
    pub id_field: &'static str,
    /// Whether an item holds all fields; else each one needs [`super::Kind::get`].
    pub whole: bool,
    /// Fields of the [`super::Kind::get`] answer's settings that are cut at 100 elements and go on with
    /// `page_token`; empty when never cut.
    pub paged_fields: &'static [&'static str],
}
