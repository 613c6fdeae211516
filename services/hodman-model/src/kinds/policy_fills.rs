//! What a cluster policy, and a field beside another one, says without being written.

use serde_json::Value;

use super::pattern::{Keep, Pattern};
use super::permissions;
use super::rules::{Rules, element_segment};
use crate::field_path::FieldPath;

impl Rules {
    /// Drops fields that say the same as the one they would follow anyway.
    pub(super) fn drop_repeats(&self, value: &mut Value) {
        for (place, field, other) in &self.repeats {
            place.visit(value, &mut |found| {
                if let Value::Object(map) = found
                    && map.get(*field).is_some()
                    && map.get(*field) == map.get(*other)
                {
                    map.remove(*field);
                }
                Keep::Yes
            });
        }
    }

    /// Drops from `value`, where a policy is named, what `desired` is silent about.
    pub(super) fn drop_policy_fills(
        &self,
        value: &mut Value,
        desired: &Value,
        path: &FieldPath,
        place: &Pattern,
    ) {
        if place.matches(path) {
            let said = path.get(desired);
            if let Some(said) = said.filter(|said| said.get("policy_id").is_some()) {
                keep_said(value, said);
            }
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    self.drop_policy_fills(inner, desired, &path.key(key.clone()), place);
                }
            }
            Value::Array(items) => {
                let field = self.list_key_at(path);
                for (index, item) in items.iter_mut().enumerate() {
                    let path = path.then(element_segment(field, item, index));
                    self.drop_policy_fills(item, desired, &path, place);
                }
            }
            _ => {}
        }
    }
}

/// Drops what `said` is silent about, from mappings only; an object's permissions are no policy's to fill.
fn keep_said(value: &mut Value, said: &Value) {
    if let (Value::Object(map), Value::Object(said)) = (value, said) {
        map.retain(|key, inner| match said.get(key) {
            _ if key == permissions::FIELD => true,
            Some(said) => {
                keep_said(inner, said);
                true
            }
            None => false,
        });
    }
}
