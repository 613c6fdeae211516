//! The fields that differ between two values with Terraform's marks beside them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::row::{Shown, StackField};
use super::secrets::Secrets;
use crate::digest::{canonical_json, sha256};
use crate::field_path::{FieldPath, PathSegment};

/// What all fields of a plan are shown and named with.
pub(super) struct Eyes {
    pub(super) secrets: Secrets,
    /// Ids of objects, and the addresses they stand for.
    pub(super) ids: BTreeMap<String, String>,
}

/// One side of a comparison.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) value: Option<&'a Value>,
    pub(super) unknown: Option<&'a Value>,
    pub(super) sensitive: Option<&'a Value>,
}

impl<'a> Side<'a> {
    pub(super) fn of(value: &'a Value, unknown: Option<&'a Value>, sensitive: &'a Value) -> Self {
        Self {
            value: Some(value).filter(|value| !value.is_null()),
            unknown,
            sensitive: Some(sensitive),
        }
    }

    fn is_unknown(self) -> bool {
        self.unknown == Some(&Value::Bool(true))
    }

    fn is_sensitive(self) -> bool {
        self.sensitive == Some(&Value::Bool(true))
    }

    fn is_whole(self) -> bool {
        self.is_unknown() || self.is_sensitive()
    }

    fn at(self, step: &PathSegment) -> Self {
        let of = |value: Option<&'a Value>| match step {
            PathSegment::Key(key) => value?.get(key.as_str()),
            PathSegment::Index(index) => value?.get(*index),
            PathSegment::Element { .. } => None,
        };
        Self {
            value: of(self.value).filter(|value| !value.is_null()),
            unknown: of(self.unknown),
            sensitive: of(self.sensitive),
        }
    }

    fn keys(self) -> impl Iterator<Item = String> {
        let of = |value: Option<&'a Value>| {
            let map = value.and_then(Value::as_object);
            map.into_iter().flat_map(|map| map.keys().cloned())
        };
        let unknown = self.unknown.and_then(Value::as_object);
        let unknown = unknown
            .into_iter()
            .flatten()
            .filter(|(_, value)| **value != Value::Bool(false))
            .map(|(key, _)| key.clone());
        of(self.value).chain(unknown)
    }
}

impl Eyes {
    /// The differing fields below `path`, in order.
    pub(super) fn differences(
        &self,
        path: &FieldPath,
        before: Side<'_>,
        after: Side<'_>,
        out: &mut Vec<StackField>,
    ) {
        let same =
            before.value == after.value && !after.is_unknown() && !has_unknown(after.unknown);
        if same {
            return;
        }
        let whole = before.is_whole() || after.is_whole();
        let object = |side: Side<'_>| side.value.is_none_or(Value::is_object);
        let (b, a) = (before.value, after.value);
        if !whole && object(before) && object(after) && (b.is_some() || a.is_some()) {
            let keys: BTreeSet<String> = before.keys().chain(after.keys()).collect();
            if !keys.is_empty() {
                for key in keys {
                    let step = PathSegment::Key(key);
                    let below = path.then(step.clone());
                    self.differences(&below, before.at(&step), after.at(&step), out);
                }
                return;
            }
        }
        if let (false, Some(Value::Array(old)), Some(Value::Array(new))) = (whole, b, a)
            && old.len() == new.len()
        {
            for index in 0..old.len() {
                let step = PathSegment::Index(index);
                let below = path.then(step.clone());
                self.differences(&below, before.at(&step), after.at(&step), out);
            }
            return;
        }
        out.push(self.field(path, before, after));
    }

    fn field(&self, path: &FieldPath, before: Side<'_>, after: Side<'_>) -> StackField {
        let name = json!([
            path.to_string(),
            self.named(path, before),
            self.named(path, after)
        ]);
        StackField {
            path: path.clone(),
            before: self.shown(before),
            after: self.shown(after),
            replaces: false,
            digest: sha256(canonical_json(&name).as_bytes()),
        }
    }

    /// An output whose value stays and whose mark does not.
    pub(super) fn marked(
        &self,
        path: &FieldPath,
        (before, after): (Side<'_>, Side<'_>),
        marks: (&Value, &Value),
    ) -> StackField {
        let mut field = self.field(path, before, after);
        let name = json!([field.digest.as_str(), "mark", marks.0, marks.1]);
        field.digest = sha256(canonical_json(&name).as_bytes());
        field
    }

    /// A field that comes, named by what it is and not by what it may be the id of.
    pub(super) fn named_by(&self, path: &FieldPath, after: Side<'_>) -> StackField {
        let name = json!([path.to_string(), after.value]);
        StackField {
            path: path.clone(),
            before: None,
            after: self.shown(after),
            replaces: false,
            digest: sha256(canonical_json(&name).as_bytes()),
        }
    }

    fn shown(&self, side: Side<'_>) -> Option<Shown> {
        if side.is_sensitive() {
            return (side.value.is_some() || side.is_unknown()).then_some(Shown::Sensitive);
        }
        if side.is_unknown() {
            return Some(Shown::Unknown);
        }
        let value = side.value?;
        if has_mark(side.sensitive) || self.secrets.are_in(value) {
            return Some(Shown::Sensitive);
        }
        Some(Shown::Value(value.clone()))
    }

    /// A side as it stands in a name: an id by what it is the id of, an object's own id not at all.
    fn named(&self, path: &FieldPath, side: Side<'_>) -> Value {
        if side.is_unknown() {
            return json!({"unknown": true});
        }
        if matches!(path.0.as_slice(), [PathSegment::Key(key)] if key == "id") {
            return json!({"own id": side.value.is_some()});
        }
        json!([
            self.symbolic(side.value.unwrap_or(&Value::Null)),
            side.unknown
        ])
    }

    fn symbolic(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match self.ids.get(text) {
                Some(address) => json!({"id of": address}),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.symbolic(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, item)| (key.clone(), self.symbolic(item)))
                .collect(),
            scalar => scalar.clone(),
        }
    }
}

/// Whether anything below is marked: then the whole is a secret where it is shown as a whole.
fn has_mark(mask: Option<&Value>) -> bool {
    match mask {
        Some(Value::Bool(marked)) => *marked,
        Some(Value::Array(items)) => items.iter().any(|item| has_mark(Some(item))),
        Some(Value::Object(map)) => map.values().any(|item| has_mark(Some(item))),
        _ => false,
    }
}

fn has_unknown(mask: Option<&Value>) -> bool {
    has_mark(mask)
}
