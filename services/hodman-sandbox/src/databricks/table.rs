//! A kind of object that is only kept: created, read, changed, deleted, without states of its own.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::ApiError;

/// Rows by id.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<String, Map<String, Value>>,
}

impl Table {
    pub(crate) fn insert(&mut self, id: &str, row: Map<String, Value>) {
        self.rows.insert(id.to_owned(), row);
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    /// `what` is the kind in the refusal, for example `Credential`.
    pub(crate) fn get(&self, what: &str, id: &str) -> Result<&Map<String, Value>, ApiError> {
        self.rows.get(id).ok_or_else(|| absent(what, id))
    }

    pub(crate) fn get_mut(
        &mut self,
        what: &str,
        id: &str,
    ) -> Result<&mut Map<String, Value>, ApiError> {
        self.rows.get_mut(id).ok_or_else(|| absent(what, id))
    }

    pub(crate) fn remove(&mut self, what: &str, id: &str) -> Result<Map<String, Value>, ApiError> {
        self.rows.remove(id).ok_or_else(|| absent(what, id))
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.rows.values()
    }

    pub(crate) fn list(&self) -> Vec<Value> {
        self.rows.values().cloned().map(Value::Object).collect()
    }

    /// Id of the row whose `field` is `value`.
    pub(crate) fn find(&self, field: &str, value: &Value) -> Option<&str> {
        self.rows
            .iter()
            .find(|(_, row)| row.get(field) == Some(value))
            .map(|(id, _)| id.as_str())
    }

    /// Refuses a second row with the same name.
    pub(crate) fn must_be_unique(
        &self,
        what: &str,
        field: &str,
        value: &str,
        except: Option<&str>,
    ) -> Result<(), ApiError> {
        match self.find(field, &Value::String(value.to_owned())) {
            Some(id) if Some(id) != except => Err(ApiError::exists(format!(
                "{what} with name '{value}' already exists"
            ))),
            _ => Ok(()),
        }
    }
}

fn absent(what: &str, id: &str) -> ApiError {
    ApiError::missing(format!("{what} {id} does not exist."))
}

/// Copies `from` over `onto`, key by key.
pub(crate) fn overlay(onto: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        onto.insert(key.clone(), value.clone());
    }
}

/// Sets `key` unless the caller did.
pub(crate) fn fill(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.entry(key).or_insert(value);
}

/// The map of a `json!({…})` literal; anything else gives an empty one.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
