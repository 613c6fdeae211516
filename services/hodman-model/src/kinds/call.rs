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
    /// A request without query or body.
    pub(super) fn plain(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: BTreeMap::new(),
            body: None,
            idempotent: true,
        }
    }

    /// A request with a body.
    pub(super) fn with_body(
        method: Method,
        path: impl Into<String>,
        body: Value,
        idempotent: bool,
    ) -> Self {
        Self {
            body: Some(body),
            idempotent,
            ..Self::plain(method, path)
        }
    }

    /// The same with one more query parameter.
    pub(super) fn and_query(mut self, key: &str, value: &str) -> Self {
        self.query.insert(key.to_owned(), value.to_owned());
        self
    }

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

/// How a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// `page_token` in the query, `next_page_token` in the answer.
    Token,
    /// SCIM: `startIndex` (from 1) and `count` in the query, `totalResults` in the answer.
    StartIndex,
    /// Everything at once.
    None,
}

/// One list: GET, page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCall {
    /// The path, from `/api`.
    pub path: String,
    /// The query of every page.
    pub query: Vec<(String, String)>,
    /// The field of the answer that holds the list; absent means empty.
    pub items_field: &'static str,
    /// The field of an item that holds its id.
    pub id_field: &'static str,
    /// Whether an item holds all fields; else each one needs [`super::Kind::get`].
    pub whole: bool,
    /// Whether an item of a kind with tags carries them, so that others' objects are told by the list alone.
    pub tags: bool,
    /// Fields of the [`super::Kind::get`] answer's settings that are cut at 100 elements and go on with
    /// `page_token`; empty when never cut.
    pub paged_fields: &'static [&'static str],
    /// How it goes on.
    pub paging: Paging,
    /// Put into every item that does not say it itself: what the list was asked for, such as the scope of secrets.
    pub adds: Vec<(&'static str, Value)>,
}

impl ListCall {
    /// A list of whole objects with page tokens.
    pub(super) fn new(path: &str, items_field: &'static str, id_field: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            query: Vec::new(),
            items_field,
            id_field,
            whole: true,
            tags: true,
            paged_fields: &[],
            paging: Paging::Token,
            adds: Vec::new(),
        }
    }
}

/// How the objects of a kind are found.
#[derive(Clone, Debug)]
pub enum Listing {
    /// One list of all.
    All(ListCall),
    /// One list below each object of another kind: schemas below a catalog. A plan asks only for parents that wanted
    /// or claimed objects name ([`super::Kind::needs`]), a capture for all.
    Below {
        /// The other kind.
        parent: &'static str,
        /// The list below the parent of that id.
        list: fn(&str) -> ListCall,
    },
    /// There is no list, or none worth its cost: [`super::Kind::get`] with the natural name of what is wanted or claimed.
    ByName,
}
