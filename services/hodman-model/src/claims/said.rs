//! The parameters of stacks of CloudFormation that a module has said once. AWS keeps the last value of one that nobody says any more,
//! and does not tell whose it was: what a former owner said stays, what a module said goes with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Claims;
use crate::bundle::ResourceKey;
use crate::kinds::{CloudformationStacks, Kind as _};
use crate::plan::Desired;

impl Claims {
    /// Notes what the modules say, for stacks that are claimed.
    pub(super) fn note_said(&mut self, desired: &Desired) {
        for (key, wanted) in &desired.resources {
            let parameters = wanted.config.get("parameters").and_then(Value::as_object);
            let stack = key.kind == CloudformationStacks.name();
            if let (true, Some(claim)) = (stack, self.claims.get_mut(key)) {
                claim
                    .said
                    .extend(parameters.into_iter().flat_map(|all| all.keys().cloned()));
            }
        }
    }

    /// The parameters of each stack that were said once, for [`crate::modules::Foundation::say_defaults`].
    #[must_use]
    pub fn said(&self) -> BTreeMap<&ResourceKey, &BTreeSet<String>> {
        let claims = self.claims.iter();
        claims
            .map(|(key, claim)| (key, &claim.said))
            .filter(|(_, said)| !said.is_empty())
            .collect()
    }
}
