//! References that the bundle answers itself: a field of another resource that is written there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bundle::{ResolvedBundle, ResourceKey};
use crate::plan::follow::whole;
use crate::plan::known::dig;
use crate::plan::references::{Placeholder, is_symbolic};
use crate::plan::substitute::{replace_all, scalar_text};

/// How many references may lead from one to the next; a circle ends here and is found by its needs.
const LONGEST_CHAIN: usize = 16;

/// Puts literals in place of references, and remembers what only a workspace can answer.
pub(super) struct Literals<'b> {
    bundle: &'b ResolvedBundle,
    /// Fields of resources, beside `id`, that are not written in the bundle.
    pub left: BTreeSet<(ResourceKey, String)>,
}

impl<'b> Literals<'b> {
    pub(super) fn new(bundle: &'b ResolvedBundle) -> Self {
        Self {
            bundle,
            left: BTreeSet::new(),
        }
    }

    /// `value` with every reference to a written field replaced by what is written there.
    pub(super) fn put_in(&mut self, value: &Value) -> Value {
        self.walk(value, LONGEST_CHAIN)
    }

    fn walk(&mut self, value: &Value, depth: usize) -> Value {
        match value {
            Value::String(text) if is_symbolic(value) => self.text(text, depth),
            Value::Array(items) => items.iter().map(|item| self.walk(item, depth)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, item)| (key.clone(), self.walk(item, depth)))
                .collect(),
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str, depth: usize) -> Value {
        if let Some(Placeholder::Output(key, field)) = whole(text) {
            return self
                .written(&key, &field, depth)
                .unwrap_or_else(|| Value::from(text));
        }
        Value::from(replace_all(text, &mut |placeholder| match placeholder {
            Placeholder::Output(key, field) => {
                // Mappings and lists have no place inside a text.
                scalar_text(&self.written(key, field, depth)?)
            }
            Placeholder::Files | Placeholder::Lookup(..) => None,
        }))
    }

    /// What the bundle says the field is; none when only a workspace knows.
    fn written(&mut self, key: &ResourceKey, field: &str, depth: usize) -> Option<Value> {
        if field == "id" {
            return None;
        }
        let target = self.bundle.resources.get(key)?;
        match dig(&target.config, field) {
            Some(value) if depth > 0 => Some(self.walk(&value.clone(), depth - 1)),
            _ => {
                self.left.insert((key.clone(), field.to_owned()));
                None
            }
        }
    }
}
