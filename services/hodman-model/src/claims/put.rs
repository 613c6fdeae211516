//! What was put into fields that no answer tells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Claims;
use crate::bundle::ResourceKey;

/// A value that was put and cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// A keyed digest of the value; its key is outside of every database and workspace.
    pub version: String,
    /// What the service said about when it was changed last, right after our put, in milliseconds since 1970. Another
    /// time means that somebody else put something.
    pub at: i64,
    /// Where the value came from, as people know it; none when it stood in the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl Claims {
    /// Notes what was put into the fields of an object that cannot be read back; also for kinds with tags.
    pub fn put(&mut self, key: &ResourceKey, put: Put) {
        self.claims.entry(key.clone()).or_default().put = Some(put);
    }

    /// What was put into fields that cannot be read back, for [`crate::plan::Observed::puts`].
    #[must_use]
    pub fn puts(&self) -> BTreeMap<ResourceKey, Put> {
        self.claims
            .iter()
            .filter_map(|(key, claim)| Some((key.clone(), claim.put.clone()?)))
            .collect()
    }
}
