//! What a change of one field means by the rules of its kind.

use serde_json::Value;

use super::Rules;
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::pattern::{Keep, Pattern};
use crate::plan::FieldChange;

impl Rules {
    /// Whether the change needs another object in the place of this one.
    #[must_use]
    pub fn replaces(&self, change: &FieldChange) -> bool {
        let comes_or_goes =
            change.path.0.len() == 1 && (change.before.is_none() || change.after.is_none());
        let made_with = |at: &FieldPath| matches!(at.0.as_slice(), [PathSegment::Key(key)] if self.made_with.contains(&key.as_str()));
        comes_or_goes && (self.known_by_fields || made_with(&change.path))
            || self.replace_on.iter().any(|at| touches(at, change))
    }

    /// Whether the change is one of size, for which nothing has to be restarted.
    #[must_use]
    pub fn resizes(&self, change: &FieldChange) -> bool {
        self.resize_on.iter().any(|at| at.covers(&change.path))
    }

    /// The first field of `config` that the server takes and never returns, by the pattern that names it; none when there
    /// is none.
    #[must_use]
    pub fn write_only_field(&self, config: &Value) -> Option<String> {
        if self.write_only.is_empty() {
            return None;
        }
        let mut scratch = config.clone();
        self.write_only
            .iter()
            .find(|at| !values(at, &mut scratch).is_empty())
            .map(ToString::to_string)
    }

    /// `live` for an update whose row sends nothing that cannot be read back: the fields of `config` that hold such values, and say
    /// beside them what is there already, are as they were put. Without it they would differ for ever, and each update would send them.
    #[must_use]
    pub fn as_put(&self, live: &Value, config: &Value) -> Value {
        let mut told = config.clone();
        for pattern in &self.write_only {
            pattern.visit(&mut told, &mut |_| Keep::No);
        }
        let there = self.normalise(live);
        let wanted = self.normalise_over(&told, &there);
        let there = self.without_fills(&there, Some(&wanted));
        let mut live = live.clone();
        if let (Value::Object(live), Value::Object(config)) = (&mut live, config) {
            let hidden = config.iter().filter(|(field, value)| {
                told.get(field) != Some(value) && wanted.get(field) == there.get(field)
            });
            live.extend(hidden.map(|(field, value)| (field.clone(), value.clone())));
        }
        live
    }
}

/// Whether the field that `at` names changes: by itself, with what holds it, or in something inside it.
fn touches(at: &Pattern, change: &FieldChange) -> bool {
    if at.covers(&change.path) {
        return true;
    }
    let Some(rest) = at.below(&change.path) else {
        return false;
    };
    let side = |value: &Option<Value>| {
        let mut value = value.clone().unwrap_or_default();
        values(&rest, &mut value)
    };
    side(&change.before) != side(&change.after)
}

fn values(at: &Pattern, value: &mut Value) -> Vec<Value> {
    let mut found = Vec::new();
    at.visit(value, &mut |value| {
        if !value.is_null() {
            found.push(value.clone());
        }
        Keep::Yes
    });
    found
}
