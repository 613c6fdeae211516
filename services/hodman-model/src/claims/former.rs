//! Objects that were replaced and go later, because something may use them still.

use std::collections::BTreeMap;

use super::{Claim, Claims, claimed_kind, is_noted};
use crate::bundle::ResourceKey;
use crate::kinds::kind;
use crate::plan::Desired;

impl Claims {
    /// Notes that another object takes the place of the claimed one, which goes later.
    pub fn retire(&mut self, key: &ResourceKey) {
        let Some(claim) = self.claims.get_mut(key) else {
            return;
        };
        claim.former.extend(claim.id.take());
        claim.made = None;
        if claimed_kind(key).is_none() {
            // Named as it once was: that one is not to go any more.
            let Claim {
                former,
                natural,
                kept,
                ..
            } = claim;
            former.retain(|name| Some(name) != natural.as_ref());
            kept.retain(|name, _| former.contains(name));
        }
    }

    /// The objects by (kind, name) that carry our tags still although another has taken their place, each with the resource that it
    /// was: they are no resource's any more.
    #[must_use]
    pub fn left_behind(&self) -> BTreeMap<(&str, &str), &ResourceKey> {
        let tagged = self.claims.iter();
        let tagged = tagged.filter(|(key, _)| claimed_kind(key).is_none());
        tagged
            .flat_map(|(key, claim)| {
                let former = claim.former.iter();
                former.map(move |id| ((key.kind.as_str(), id.as_str()), key))
            })
            .collect()
    }

    /// Takes a new name back under which nobody knows anything to have been made, where the package wants another one by now, or
    /// none: what was called otherwise before is the object still. What may be there under that name goes with what was
    /// replaced. Whether a claim is another now.
    pub fn take_back_names(&mut self, desired: &Desired) -> bool {
        let mut any = false;
        for (key, claim) in &mut self.claims {
            let Some(kind) = kind(&key.kind).filter(|kind| is_noted(*kind)) else {
                continue;
            };
            if claimed_kind(key).is_some() || !claim.is_of_a_create() {
                continue;
            }
            let wanted = desired.resources.get(key);
            let wanted = wanted.map(|wanted| kind.natural(&wanted.config));
            let still = match &wanted {
                Some(name) if *name == claim.natural => continue,
                // Called by what is not known yet.
                Some(name) if name.as_ref().is_none_or(|name| name.contains("${")) => continue,
                Some(name) => {
                    (claim.former.iter()).position(|former| Some(former) == name.as_ref())
                }
                None => claim.former.len().checked_sub(1),
            };
            let begun = claim.natural.take();
            match still {
                Some(still) => {
                    let former = claim.former.remove(still);
                    claim.kept.remove(&former);
                    claim.id = Some(former.clone());
                    claim.natural = Some(former);
                }
                None if wanted.is_none() => {
                    claim.natural = begun;
                    continue;
                }
                None => claim.natural = wanted.flatten(),
            }
            // In front: the last of them is the one that was the object.
            claim.former.splice(0..0, begun);
            any = true;
        }
        any
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
            let unmade = match claimed_kind(key) {
                Some(_) => claim.id.is_none(),
                None => claim.is_of_a_create(),
            };
            let last = claim.former.last().filter(|_| unmade);
            let still = last.filter(|last| is_there(key, last));
            let former = claim.former.iter().filter(|id| Some(*id) != still);
            retired.extend(former.map(|id| (key.clone(), id.clone())));
        }
        retired
    }

    /// Notes why such an object was not removed when all was done.
    pub fn keep(&mut self, key: &ResourceKey, id: &str, why: &str) {
        if let Some(claim) = self.claims.get_mut(key) {
            claim.kept.insert(id.to_owned(), why.to_owned());
        }
    }

    /// Forgets such an object, when it is gone.
    pub fn went(&mut self, key: &ResourceKey, id: &str) {
        let Some(claim) = self.claims.get_mut(key) else {
            return;
        };
        claim.former.retain(|former| former != id);
        claim.kept.remove(id);
        // The last one of something that nobody wants any more.
        if claimed_kind(key).is_some() && claim.natural.is_none() && *claim == Claim::default() {
            self.claims.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::plan::tests::World;

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
        assert_eq!(
            own.left_behind(),
            BTreeMap::from([(("aws_roles", "x"), &key)])
        );
        assert_eq!(own.begun(), BTreeSet::from([key.clone()]));
        own.with_id(&key, &listed("y"));
        assert!(own.begun().is_empty());
        own.forget(&key);
        assert_eq!(
            own.left_behind(),
            BTreeMap::from([(("aws_roles", "x"), &key)])
        );
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
        assert_eq!(
            own.left_behind(),
            BTreeMap::from([(("aws_roles", "y"), &key)])
        );
        // The same where nobody saw the other one made.
        let (key, mut own) = renamed();
        own.name(&key, "x");
        own.with_id(&key, &listed("x"));
        assert!(own.left_behind().is_empty());
    }

    fn wants(name: &str) -> Desired {
        let role = serde_json::json!({"name": name, "trust": {}});
        let other = serde_json::json!({"name": "q", "trust": {}});
        let world = World::new().resource("aws_roles.q", other);
        world.resource("aws_roles.r", role).desired()
    }

    #[test]
    fn a_name_that_is_taken_back_before_anything_was_made_leaves_the_object_what_it_was() {
        let (key, own) = renamed();
        let with = |desired: &Desired| {
            let mut own = own.clone();
            let other = own.take_back_names(desired);
            let claim = own.claims[&key].clone();
            (other, claim.natural, claim.id, claim.former)
        };
        let name = |name: &str| Some(name.to_owned());
        let still = (true, name("x"), name("x"), vec!["y".to_owned()]);
        assert_eq!(with(&wants("x")), still);
        // Nobody wants it any more: what goes is what is there.
        assert_eq!(with(&Desired::default()), still);
        let other = vec!["y".to_owned(), "x".to_owned()];
        assert_eq!(with(&wants("z")), (true, name("z"), None, other));
        let same = (false, name("y"), None, vec!["x".to_owned()]);
        assert_eq!(with(&wants("y")), same);
        assert_eq!(with(&wants("${resources.aws_roles.q.id}")), same);
        // Once it is made it is the object, and nothing of it is taken back.
        let (_, mut made) = renamed();
        made.with_id(&key, &listed("y"));
        assert!(!made.take_back_names(&wants("x")));
        // A first create has nothing to go back to, and what may be there of it is nobody's.
        let mut first = Claims::default();
        let claim = Claim {
            natural: name("y"),
            ..Claim::default()
        };
        first.claims.insert(key.clone(), claim);
        assert!(!first.take_back_names(&Desired::default()));
        assert!(first.take_back_names(&wants("x")));
        let claim = &first.claims[&key];
        assert!(claim.is_of_a_create() && claim.former == ["y"], "{claim:?}");
    }

    #[test]
    fn why_one_stays_is_known_until_it_goes() {
        let (key, mut own) = renamed();
        own.with_id(&key, &listed("y"));
        own.keep(&key, "x", "it is not empty");
        let read = Claims::parse("p", &own.to_bytes()).unwrap();
        assert_eq!(read.claims[&key].kept["x"], "it is not empty");
        own.forget(&key);
        assert_eq!(own.claims[&key].kept.len(), 1);
        own.went(&key, "x");
        assert!(own.claims[&key].kept.is_empty());
    }

    #[test]
    fn what_nobody_knows_to_have_been_replaced_does_not_go() {
        let (key, mut own) = renamed();
        assert_eq!(own.retired(|_, _| true), []);
        own.with_id(&key, &listed("y"));
        assert_eq!(own.retired(|_, _| true), [(key, "x".to_owned())]);
    }
}
