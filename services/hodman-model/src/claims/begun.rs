//! Objects whose create was cut off, or never came to be.

use std::collections::BTreeSet;

use super::{Claims, claimed_kind};
use crate::bundle::ResourceKey;
use crate::kinds::{AWS_KINDS, CloudformationStacks, Kind, kind};

impl Claims {
    /// Objects with a name of their own that a create began and nobody knows to have ended: what is there under that name may be
    /// half of what was asked for. For [`crate::plan::PlanContext::begun`].
    #[must_use]
    pub fn begun(&self) -> BTreeSet<ResourceKey> {
        let begun = self.claims.iter().filter(|(key, claim)| {
            claim.id.is_none() && kind(&key.kind).is_some_and(is_made_in_steps)
        });
        begun.map(|(key, _)| key.clone()).collect()
    }

    /// Notes that the claimed object was removed for another that is made next: what is there under its name from now on is
    /// that one. What was put stays known until something is made.
    pub fn removed(&mut self, key: &ResourceKey) {
        if claimed_kind(key).is_some()
            && let Some(claim) = self.claims.get_mut(key)
        {
            claim.id = None;
        }
    }

    /// Takes a claim back whose object was not made for certain: what somebody else makes under its name is theirs.
    pub fn unmade(&mut self, key: &ResourceKey) {
        if claimed_kind(key).is_none() {
            return;
        }
        let Some(claim) = self.claims.get_mut(key) else {
            return;
        };
        // What was replaced and has not gone yet is the object still.
        if claim.id.is_some() || !claim.former.is_empty() {
            return;
        }
        claim.natural = None;
        if claim.put.is_none() {
            self.claims.remove(key);
        }
    }
}

/// Whether an object is made by several requests under a name that is its own, and carries our tags from one of them on: a role, a
/// bucket, a stack of CloudFormation. Terraform knows by itself what it began.
#[must_use]
pub fn is_made_in_steps(kind: &dyn Kind) -> bool {
    let of_aws = AWS_KINDS.iter().any(|of| of.name() == kind.name());
    of_aws || kind.name() == CloudformationStacks.name()
}
