//! What the last apply said of fields that the server may fill, and the next one is silent about.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Rules;
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::pattern::{Keep, Pattern};
use crate::plan::FieldChange;

impl Rules {
    /// The fields that `before` says and `wanted` does not, with their values, where an update that is silent about them, or names them
    /// without a value, gives them back to the server. Not those that would need another object: a line that goes is no wish to make one anew.
    #[must_use]
    pub fn left(&self, before: &Value, wanted: &Value) -> BTreeMap<FieldPath, Value> {
        let mut found = BTreeMap::new();
        let fills = self.server_fills.iter().map(|fill| &fill.at);
        let fills: Vec<_> = fills
            .filter(|at| at.names_any(before) && self.goes_back(at))
            .collect();
        if fills.is_empty() {
            return found;
        }
        let (before, wanted) = (self.normalise(before), self.normalise(wanted));
        self.each(&FieldPath::default(), &before, &mut |path, value| {
            let is_filled = fills.iter().any(|at| at.matches(path));
            if is_filled && path.get(&wanted).is_none() && stands(path, &wanted) {
                let goes = FieldChange {
                    path: path.clone(),
                    before: Some(value.clone()),
                    after: None,
                    redacted: false,
                };
                if !self.replaces(&goes) {
                    found.insert(path.clone(), value.clone());
                }
            }
        });
        found
    }

    fn goes_back(&self, at: &Pattern) -> bool {
        let resets = self.silence_resets;
        let by_silence =
            resets.is_some_and(|kept| !kept.iter().any(|kept| at.field() == Some(*kept)));
        by_silence || self.given_back.contains(at)
    }

    /// Says `null` in `config` at the fields of `left` that an update has to name so that the server fills them again.
    pub fn name_left<'p>(&self, config: &mut Value, left: impl IntoIterator<Item = &'p FieldPath>) {
        for path in left {
            if self.given_back.iter().any(|at| at.matches(path)) {
                path.put(config, Some(Value::Null));
            }
        }
    }

    /// Whether `config` says `null` at a field, or in it, that is to go back to the server.
    pub(in crate::kinds) fn gives_back(&self, field: &str, config: &Value) -> bool {
        let mut scratch = config.clone();
        let mut any = false;
        for at in &self.given_back {
            at.visit(&mut scratch, &mut |value| {
                if value.is_null() {
                    any = true;
                }
                Keep::Yes
            });
        }
        any && scratch.get(field).is_some_and(has_null)
    }
}

/// Whether it is `null` or holds one.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_null),
        Value::Array(items) => items.iter().any(has_null),
        _ => false,
    }
}

/// `value` without what is `null` in it.
pub(in crate::kinds) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, inner| !inner.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Whether every element of a list on the way is wanted, and known by its key: one that goes as a whole takes its fields along.
fn stands(path: &FieldPath, wanted: &Value) -> bool {
    path.0.iter().enumerate().all(|(at, step)| match step {
        PathSegment::Key(_) => true,
        PathSegment::Element { .. } => {
            let element = FieldPath(path.0[..=at].to_vec());
            element.get(wanted).is_some()
        }
        PathSegment::Index(_) => false,
    })
}
