//! Objects that were replaced and go later, because something may use them still.

use std::collections::BTreeSet;

use super::{Claim, Claims, claimed_kind};
use crate::bundle::ResourceKey;

impl Claims {
    /// Notes that another object takes the place of the claimed one, which goes later.
    pub fn retire(&mut self, key: &ResourceKey) {
        let Some(claim) = self.claims.get_mut(key) else {
            return;
        };
        claim.former.extend(claim.id.take());
        if claimed_kind(key).is_none() {
            // Named as it once was: that one is not to go any more.
            let Claim {
                former, natural, ..
            } = claim;
            former.retain(|name| Some(name) != natural.as_ref());
        }
    }

    /// The objects by (kind, name) that carry our tags still although another has taken their place: they are no resource's any more.
    #[must_use]
    pub fn left_behind(&self) -> BTreeSet<(&str, &str)> {
        let tagged = self.claims.iter();
        let tagged = tagged.filter(|(key, _)| claimed_kind(key).is_none());
        tagged
            .flat_map(|(key, claim)| {
                let former = claim.former.iter();
                former.map(|id| (key.kind.as_str(), id.as_str()))
            })
            .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A role that was called `x`, is to be called `y`, and of whose create nothing is known.
    fn renamed() -> (ResourceKey, Claims) {
        let key: ResourceKey = "aws_roles.r".parse().unwrap();
        let mut own = Claims::default();
        let claim = Claim {
            natural: Some("y".to_owned()),
            id: Some("x".to_owned()),
            ..Claim::default()
        };
        own.claims.insert(key.clone(), claim);
        own.retire(&key);
        (key, own)
    }

    fn listed(name: &str) -> crate::kinds::Listed {
        let answer = serde_json::json!({"name": name, "arn": format!("arn:{name}")});
        let kind = crate::kinds::kind("aws_roles").unwrap();
        kind.read(&answer).unwrap().unwrap()
    }

    #[test]
    fn a_renamed_role_is_in_nobodys_way_and_goes_though_the_new_one_went_before() {
        let (key, mut own) = renamed();
        assert_eq!(own.left_behind(), BTreeSet::from([("aws_roles", "x")]));
        assert_eq!(own.begun(), BTreeSet::from([key.clone()]));
        own.with_id(&key, &listed("y"));
        assert!(own.begun().is_empty());
        own.forget(&key);
        assert_eq!(own.left_behind(), BTreeSet::from([("aws_roles", "x")]));
        let retired = own.retired(|_, _| false);
        assert_eq!(retired, [(key.clone(), "x".to_owned())]);
        own.went(&key, "x");
        assert!(own.left_behind().is_empty());
    }

    #[test]
    fn one_whose_new_name_was_refused_is_what_it_was() {
        let (key, mut own) = renamed();
        own.unmade(&key);
        assert_eq!(own.claims[&key].id.as_deref(), Some("x"));
        assert!(own.left_behind().is_empty() && own.begun().is_empty());
    }

    #[test]
    fn one_that_is_called_as_before_is_not_on_its_way_out() {
        let (key, mut own) = renamed();
        own.with_id(&key, &listed("y"));
        own.name(&key, "x");
        own.retire(&key);
        assert_eq!(own.left_behind(), BTreeSet::from([("aws_roles", "y")]));
        // The same where nobody saw the other one made.
        let (key, mut own) = renamed();
        own.name(&key, "x");
        own.with_id(&key, &listed("x"));
        assert!(own.left_behind().is_empty());
    }
}
