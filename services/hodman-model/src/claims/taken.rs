//! What was taken over once.

use std::collections::{BTreeMap, BTreeSet};

use super::Claims;
use crate::bundle::ResourceKey;
use crate::plan::{Action, Row};

impl Claims {
    /// Notes what a row takes over.
    pub(super) fn note_taken(&mut self, row: &Row) {
        if let Some(id) = row.live_id.as_ref().filter(|_| row.action == Action::Adopt) {
            let taken = self.taken.entry(row.key.clone()).or_default();
            taken.insert(id.clone());
        }
    }

    /// Which of `adopt` was taken over before, whether it is there still or not.
    #[must_use]
    pub fn taken_over(&self, adopt: &BTreeMap<ResourceKey, String>) -> BTreeSet<ResourceKey> {
        let once = adopt.iter().filter(|(key, id)| {
            let taken = self.taken.get(*key);
            // Files of claims from before there was that list have an id of kinds with tags for that reason only.
            let claim = self.claims.get(*key);
            taken.is_some_and(|taken| taken.contains(*id))
                || claim.is_some_and(|claim| claim.id.as_ref() == Some(*id))
        });
        once.map(|(key, _)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Put;
    use crate::plan::tests::World;
    use crate::plan::{Plan, PlanError};
    use serde_json::json;

    fn key(kind: &str) -> ResourceKey {
        ResourceKey::new(kind, "x")
    }

    /// An object of a kind that was taken over, and the claims after that.
    fn taken_over(kind: &str, config: serde_json::Value) -> (World, Claims) {
        let mut world = World::new().resource(&format!("{kind}.x"), config.clone());
        world.add_foreign(kind, "77", config, None);
        let id = world.observed.objects[0].listed.id.clone();
        world.context.adopt.insert(key(kind), id);
        let plan = world.plan();
        let claims = Claims::default().before(&plan.parts[0], &world.desired());
        world.apply();
        (world, Claims::parse("c", &claims.to_bytes()).unwrap())
    }

    fn now(world: &mut World, claims: &Claims) -> Result<Plan, PlanError> {
        world.observed.taken_over = claims.taken_over(&world.context.adopt);
        world.try_plan()
    }

    #[test]
    fn what_was_put_into_one_object_is_not_in_another_that_is_taken_over_under_its_key() {
        let (mut world, mut claims) = taken_over("jobs", json!({"name": "j"}));
        let put = Put {
            version: "one".to_owned(),
            at: 0,
            reference: None,
        };
        claims.put(&key("jobs"), put);
        let again = |world: &mut World, claims: &Claims, id: &str| {
            let object = &mut world.observed.objects[0].listed;
            object.marker = None;
            object.id = id.to_owned();
            world.context.adopt.insert(key("jobs"), id.to_owned());
            let plan = now(world, claims).unwrap();
            claims.before(&plan.parts[0], &world.desired()).puts()
        };
        let same = world.observed.objects[0].listed.id.clone();
        assert_eq!(again(&mut world, &claims, &same).len(), 1);
        assert_eq!(again(&mut world, &claims, "78").len(), 0);
    }

    #[test]
    fn what_was_taken_over_and_is_gone_is_made_again() {
        for (kind, config) in [
            ("jobs", json!({"name": "j"})),
            ("schemas", json!({"name": "s", "catalog_name": "main"})),
        ] {
            let (mut world, mut claims) = taken_over(kind, config);
            assert!(now(&mut world, &claims).unwrap().is_empty(), "{kind}");
            world.observed.objects.clear();
            let made = |world: &mut World, claims: &Claims| {
                let plan = now(world, claims);
                let plan = plan.unwrap_or_else(|error| panic!("{kind}: {error}"));
                assert_eq!(plan.summary().create, 1, "{kind}");
            };
            // Removed by hand; by a replacement that was cut off; by a package without it.
            made(&mut world, &claims);
            claims.removed(&key(kind));
            made(&mut world, &claims);
            claims.forget(&key(kind));
            made(&mut world, &claims);
            // What never was ours is an error still.
            let nothing = now(&mut world, &Claims::default());
            assert!(
                matches!(nothing, Err(PlanError::NothingToAdopt { .. })),
                "{kind}: {nothing:?}"
            );
        }
    }
}
