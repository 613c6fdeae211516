//! What the service adds to an object because one field of it asks for that.

use serde_json::Value;

use super::Rules;
use crate::field_path::FieldPath;
use crate::kinds::pattern::Pattern;

/// A flag, and what stands beside it because of it.
#[derive(Clone, Debug)]
pub struct Implied {
    /// The flag.
    pub flag: Pattern,
    /// The fields, by their keys from where the flag stands, and how the text of their values begins.
    pub beside: &'static [(&'static [&'static str], &'static str)],
}

impl Rules {
    /// Takes out of `value` what a flag in it brought along and `desired` does not say.
    pub(super) fn drop_implied(&self, value: &mut Value, desired: Option<&Value>) {
        for implied in &self.implied {
            if !implied.flag.names_any(value) {
                continue;
            }
            let mut flags = Vec::new();
            let root = FieldPath::default();
            self.retain_at(value, &root, &implied.flag, &mut |path, flag| {
                if *flag == Value::Bool(true) {
                    flags.push(path.clone());
                }
                true
            });
            for mut place in flags {
                place.0.pop();
                for (keys, start) in implied.beside {
                    let at = keys.iter().fold(place.clone(), |at, key| at.key(*key));
                    let said = desired.and_then(|desired| at.get(desired)).is_some();
                    if !said && at.get(value).is_some_and(|it| begins(it, start)) {
                        at.put(value, None);
                    }
                }
            }
        }
    }
}

fn begins(value: &Value, start: &str) -> bool {
    match value {
        Value::String(text) => text.starts_with(start),
        other => other.to_string().starts_with(start),
    }
}
