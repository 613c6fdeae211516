//! Vector search: endpoints that come up at the sandbox's pace, and the indexes they serve.

mod endpoints;
mod indexes;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value};

use super::call::Shared;
use super::clock::Progress;
use super::world::World;

/// An endpoint or an index: what it answers of itself, and how long it has been coming up.
#[derive(Debug, Clone)]
struct Row {
    view: Map<String, Value>,
    /// `None`: it is up.
    coming: Option<Progress>,
    /// Why it will never be, when it will not.
    fault: Option<String>,
    /// Since when it is being deleted.
    going: Option<Progress>,
}

/// All endpoints and indexes of a workspace by name.
#[derive(Debug, Default)]
pub(crate) struct VectorSearch {
    endpoints: BTreeMap<String, Row>,
    indexes: BTreeMap<String, Row>,
    /// Names of indexes that are gone, and since when: a while longer they are nobody's.
    held: BTreeMap<String, Progress>,
}

impl VectorSearch {
    pub(crate) fn contains_id(&self, id: &str) -> bool {
        self.endpoints
            .values()
            .any(|row| row.view.get("id").and_then(Value::as_str) == Some(id))
    }
}

pub(crate) fn router() -> Router<Shared<World>> {
    endpoints::router().merge(indexes::router())
}
