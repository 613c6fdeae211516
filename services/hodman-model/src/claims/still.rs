//! What stands still for a change, as the claims remember it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Claims;
use crate::bundle::ResourceKey;

/// What stands still for a change of an object: remembered here, so that a crash neither forgets what was stopped nor starts
/// it too early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Still {
    /// When things may start again, in milliseconds since 1970; 0 while the change is yet to be made.
    pub until: i64,
    /// By workspace and pool: how the pools were set that were emptied for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, Value>,
}

impl Claims {
    /// What stands still, by the resource that it is for.
    #[must_use]
    pub fn still(&self) -> BTreeMap<ResourceKey, Still> {
        self.claims
            .iter()
            .filter_map(|(key, claim)| Some((key.clone(), claim.still.clone()?)))
            .collect()
    }

    /// Notes what stands still for a change of a resource; none when everything may go on.
    pub fn stand_still(&mut self, key: &ResourceKey, still: Option<Still>) {
        self.claims.entry(key.clone()).or_default().still = still;
    }
}
