//! What is said in so many words although it is what the server would take anyway.
//!
//! In managed form such a value is not there, and where the server fills the field, too, that would read as silence: whatever the
//! object has would be right.

use serde_json::Value;

use super::{Rules, element_segment};
use crate::field_path::FieldPath;
use crate::kinds::pattern::Pattern;

impl Rules {
    /// The managed form of `config` as it is compared with `live`, which is in managed form, too.
    #[must_use]
    pub fn normalise_over(&self, config: &Value, live: &Value) -> Value {
        let mut managed = self.normalise(config);
        self.say(&mut managed, config, live);
        managed
    }

    /// Puts what `config` says in so many words into its managed form, where `live` has something else and silence would let that
    /// pass. Only there, because what is the same in both is left out of both. Before that, elements without names get theirs.
    pub(crate) fn say(&self, managed: &mut Value, config: &Value, live: &Value) {
        self.name_unnamed(managed, live);
        for (said, other) in self.instead {
            let against = live
                .get(*other)
                .filter(|live| config.get(*said).is_some_and(|said| said != *live));
            if let (Some(_), Value::Object(managed)) = (against, &mut *managed) {
                // No value is wanted there, which is more than silence.
                managed.entry(*other).or_insert(Value::Null);
            }
        }
        for (path, value) in self.said_anyway(config) {
            if path.get(live).is_some_and(|live| *live != value) && path.get(managed).is_none() {
                path.put(managed, Some(value));
            }
        }
    }

    /// The fields of `config` that say what the server would take anyway, and about which silence would say nothing.
    fn said_anyway(&self, config: &Value) -> Vec<(FieldPath, Value)> {
        let fills = self.server_fills.iter().map(|fill| &fill.at);
        let fills: Vec<&Pattern> = fills.chain(&self.policy_fills).collect();
        let is_filled = |at: &Pattern| fills.iter().any(|fill| fill.holds(at));
        let defaults = self.defaults.iter();
        let defaults: Vec<_> = defaults
            .filter(|default| default.at.names_any(config) && is_filled(&default.at))
            .collect();
        let repeats = self.repeats.iter();
        let repeats: Vec<_> = repeats
            .filter(|(place, ..)| place.names_any(config))
            .collect();
        let mut found = Vec::new();
        if defaults.is_empty() && repeats.is_empty() {
            return found;
        }
        let anyway = |path: &FieldPath, value: &Value| {
            let mut defaults = defaults.iter();
            defaults.any(|default| default.value == *value && default.at.matches(path))
        };
        let repeated = |path: &FieldPath, map: &Value| {
            let same = |(place, field, other): &&&(Pattern, &'static str, &'static str)| {
                map.get(*field).is_some()
                    && map.get(*field) == map.get(*other)
                    && place.matches(path)
            };
            let fields = repeats.iter().filter(same);
            fields.map(|(_, field, _)| *field).collect::<Vec<_>>()
        };
        let mut said = self.spelled(config.clone());
        // An element is found by its key only where managed forms have the key.
        for default in &self.defaults {
            let field = default.at.field();
            if self.list_keys.iter().any(|(_, key)| field == Some(*key)) {
                let keep = |found: &mut Value| super::keep_if(*found != default.value);
                default.at.visit(&mut said, &mut { keep });
            }
        }
        self.each(&FieldPath::default(), &said, &mut |path, value| {
            if anyway(path, value) {
                found.push((path.clone(), value.clone()));
            }
            for field in repeated(path, value) {
                let path = path.key(field);
                if fills.iter().any(|fill| fill.covers(&path)) {
                    found.push((path, value[field].clone()));
                }
            }
        });
        found
    }

    /// Calls `visit` for every value in `value`, which stands at `path`.
    pub(super) fn each(
        &self,
        path: &FieldPath,
        value: &Value,
        visit: &mut dyn FnMut(&FieldPath, &Value),
    ) {
        visit(path, value);
        match value {
            Value::Object(map) => map
                .iter()
                .for_each(|(key, inner)| self.each(&path.key(key.clone()), inner, visit)),
            Value::Array(items) => {
                let field = self.list_key_at(path);
                for (index, item) in items.iter().enumerate() {
                    let path = path.then(element_segment(field, item, index));
                    self.each(&path, item, visit);
                }
            }
            _ => {}
        }
    }
}
