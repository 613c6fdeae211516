//! Settings of a workspace that have a type: each has one value and an `etag` that a change must name.

mod named;
mod types;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::Value;

use super::call::Shared;
use super::world::World;

/// Values that are not the default, with their version.
#[derive(Debug, Default)]
pub(crate) struct TypedSettings {
    /// By type.
    values: BTreeMap<String, Value>,
    /// Versions by type; a value that was taken back leaves its version.
    versions: BTreeMap<String, u64>,
    /// By name, of the settings without an etag.
    named: BTreeMap<String, Value>,
}

pub(crate) fn router() -> Router<Shared<World>> {
    types::router().merge(named::router())
}
