//! Objects whose create was cut off.

use std::collections::BTreeSet;

use super::Claims;
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
}

/// Whether an object is made by several requests under a name that is its own, and carries our tags from one of them on: a role, a
/// bucket, a stack of CloudFormation. Terraform knows by itself what it began.
#[must_use]
pub fn is_made_in_steps(kind: &dyn Kind) -> bool {
    let of_aws = AWS_KINDS.iter().any(|of| of.name() == kind.name());
    of_aws || kind.name() == CloudformationStacks.name()
}
