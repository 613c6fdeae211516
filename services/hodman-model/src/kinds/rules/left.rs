//! What the last apply said of fields that the server may fill, and the next one is silent about.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Rules;
use crate::field_path::{FieldPath, PathSegment};
use crate::plan::FieldChange;

impl Rules {
    /// The fields that `before` says and `wanted` does not, with their values, where an update that is silent about them gives them
    /// back to the server. Not those that would need another object: a line that goes is no wish to make one anew.
    #[must_use]
    pub fn left(&self, before: &Value, wanted: &Value) -> BTreeMap<FieldPath, Value> {
        let mut found = BTreeMap::new();
        let Some(kept) = self.silence_resets else {
            return found;
        };
        let fills = self.server_fills.iter().map(|fill| &fill.at);
        let fills: Vec<_> = fills
            .filter(|at| at.names_any(before) && !kept.iter().any(|kept| at.field() == Some(*kept)))
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
