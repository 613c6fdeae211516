//! What the server filled: no difference where the desired config is silent.

use serde_json::Value;

use super::{Rules, element_segment};
use crate::field_path::FieldPath;
use crate::kinds::pattern::{Keep, Pattern};
use crate::kinds::policy_fills::Policies;
use crate::kinds::rules::spot::Spot;

impl Rules {
    /// Takes out of `live` what the server filled and `desired` is silent about, and what it put in front of names.
    #[must_use]
    pub fn without_fills(&self, live: &Value, desired: Option<&Value>) -> Value {
        self.without_fills_of(live, desired, &Policies::new())
    }

    /// The same where it is known what cluster policies fill.
    #[must_use]
    pub fn without_fills_of(
        &self,
        live: &Value,
        desired: Option<&Value>,
        policies: &Policies,
    ) -> Value {
        let mut value = live.clone();
        self.drop_prefixes(&mut value, desired);
        self.drop_implied(&mut value, desired);
        match desired {
            Some(desired) => self.meet_wishes(&mut value, desired),
            None => {
                for at in &self.remarks {
                    at.visit(&mut value, &mut |_| Keep::No);
                }
            }
        }
        for fill in &self.server_fills {
            // Most patterns name nothing in most objects, and to walk a whole object for each is dear.
            if (desired.is_some() || !fill.captured) && fill.at.names_any(&value) {
                self.drop_silent(&mut value, desired, &FieldPath::default(), &fill.at);
            }
        }
        if let Some(desired) = desired {
            for place in self.policy_fills.iter().filter(|at| at.names_any(live)) {
                let known = (desired, policies);
                self.drop_policy_fills(&mut value, known, &FieldPath::default(), place);
            }
        }
        self.drop_empty(&mut value, &Spot::Root);
        value
    }

    fn drop_silent(
        &self,
        value: &mut Value,
        desired: Option<&Value>,
        path: &FieldPath,
        at: &Pattern,
    ) {
        let said = |path: &FieldPath| desired.and_then(|desired| path.get(desired)).is_some();
        self.retain_at(value, path, at, &mut |path, _| said(path));
    }

    /// Calls `keep` for every field of a mapping in `value` that `at` names, and takes out what it does not keep; `path` is where
    /// `value` stands.
    pub(super) fn retain_at(
        &self,
        value: &mut Value,
        path: &FieldPath,
        at: &Pattern,
        keep: &mut dyn FnMut(&FieldPath, &mut Value) -> bool,
    ) {
        match value {
            Value::Object(map) => map.retain(|key, inner| {
                let path = path.key(key.clone());
                if at.matches(&path) && !keep(&path, inner) {
                    return false;
                }
                self.retain_at(inner, &path, at, keep);
                true
            }),
            Value::Array(items) => {
                let field = self.list_key_at(path);
                for (index, item) in items.iter_mut().enumerate() {
                    let path = path.then(element_segment(field, item, index));
                    self.retain_at(item, &path, at, keep);
                }
            }
            _ => {}
        }
    }
}
