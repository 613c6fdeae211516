//! Values that leave the choice to the service, which answers what it chose.

use serde_json::Value;

use super::Rules;
use crate::field_path::FieldPath;
use crate::kinds::pattern::Pattern;

/// A value that several others fulfil.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where.
    pub at: Pattern,
    /// What is asked for.
    pub value: &'static str,
    /// What the service makes of it, one or the other.
    pub met_by: &'static [&'static str],
}

impl Rules {
    /// Puts what `desired` asks for in the place of what the service chose for it.
    pub(super) fn meet_wishes(&self, value: &mut Value, desired: &Value) {
        for wish in &self.wishes {
            if !wish.at.names_any(value) {
                continue;
            }
            self.retain_at(value, &FieldPath::default(), &wish.at, &mut |path, live| {
                let asked = path.get(desired).and_then(Value::as_str) == Some(wish.value);
                if asked
                    && live
                        .as_str()
                        .is_some_and(|live| wish.met_by.contains(&live))
                {
                    *live = Value::from(wish.value);
                }
                true
            });
        }
    }
}
