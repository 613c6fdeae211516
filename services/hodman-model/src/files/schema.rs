//! The JSON Schemas that `hodman schema` prints.

use std::collections::BTreeMap;

use schemars::schema_for;
use serde_json::Value;

use super::{CapturedLock, Environment, Policy, Release, Template};
use crate::modules::Module;

/// A JSON Schema (draft 2020-12) for each file of a user's repository, by file name without extension.
#[must_use]
pub fn schemas() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        ("environment", schema_for!(Environment).to_value()),
        ("policy", schema_for!(Policy).to_value()),
        ("release", schema_for!(Release).to_value()),
        ("captured-lock", schema_for!(CapturedLock).to_value()),
        ("module", schema_for!(Module).to_value()),
        ("template", schema_for!(Template).to_value()),
    ])
}
