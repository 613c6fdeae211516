//! Objects that were replaced and go later, because something may use them still.

use super::{Claim, Claims, claimed_kind};
use crate::bundle::ResourceKey;

impl Claims {
    /// Notes that another object takes the place of the claimed one, which goes later.
    pub fn retire(&mut self, key: &ResourceKey) {
        if let Some(claim) = self.claims.get_mut(key) {
            claim.former.extend(claim.id.take());
        }
    }

    /// The objects whose place another has taken, by resource. As long as no other was made, the last of them is the object still,
    /// if it `is_there`.
    #[must_use]
    pub fn retired(
        &self,
        is_there: impl Fn(&ResourceKey, &str) -> bool,
    ) -> Vec<(ResourceKey, String)> {
        let mut retired = Vec::new();
        for (key, claim) in &self.claims {
            let last = claim.former.last().filter(|_| claim.id.is_none());
            let still = last.filter(|last| is_there(key, last));
            let former = claim.former.iter().filter(|id| Some(*id) != still);
            retired.extend(former.map(|id| (key.clone(), id.clone())));
        }
        retired
    }

    /// Forgets such an object, when it is gone.
    pub fn went(&mut self, key: &ResourceKey, id: &str) {
        let Some(claim) = self.claims.get_mut(key) else {
            return;
        };
        claim.former.retain(|former| former != id);
        // The last one of something that nobody wants any more.
        if claimed_kind(key).is_some() && claim.natural.is_none() && *claim == Claim::default() {
            self.claims.remove(key);
        }
    }
}
