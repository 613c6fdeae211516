//! Claims whose objects are gone and that nobody wants: what people make under those names is theirs.

use super::{Claims, claimed_kind};
use crate::bundle::ResourceKey;
use crate::kinds::Kind;
use crate::plan::{Desired, ObservedObject};

impl Claims {
    /// Claims on what nobody wants and no list showed, each with the id or the name by which to make sure that nothing is there. Objects
    /// on their way out, and what stands still for one, are looked after elsewhere; a create that neither tells could be found by
    /// what it made only.
    pub fn vanished<'c>(
        &'c self,
        desired: &'c Desired,
        objects: &'c [ObservedObject],
    ) -> impl Iterator<Item = (&'static dyn Kind, &'c ResourceKey, &'c str)> {
        let claims = self.claims.iter();
        let settled = claims.filter(|(key, claim)| {
            let wanted = desired.resources.contains_key(*key);
            !wanted && claim.former.is_empty() && claim.kept.is_empty() && claim.still.is_none()
        });
        settled.filter_map(|(key, claim)| {
            let kind = claimed_kind(key)?;
            // For many kinds the name is the id.
            let name = claim.id.as_deref().or(claim.natural.as_deref())?;
            let is_there = objects.iter().any(|object| {
                let listed = &object.listed;
                let known = listed.id == name || listed.natural.as_deref() == Some(name);
                object.kind == key.kind && known && claim.may_be(listed)
            });
            (!is_there).then_some((kind, key, name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claim;
    use crate::plan::tests::World;
    use serde_json::json;

    fn claims(claims: &[(&str, Claim)]) -> Claims {
        let of = claims
            .iter()
            .map(|(key, claim)| (key.parse().unwrap(), claim.clone()));
        Claims {
            claims: of.collect(),
            ..Claims::default()
        }
    }

    fn claim(natural: Option<&str>, id: Option<&str>) -> Claim {
        Claim {
            natural: natural.map(str::to_owned),
            id: id.map(str::to_owned),
            ..Claim::default()
        }
    }

    #[test]
    fn what_nobody_wants_and_nobody_sees_is_asked_for_once_more_and_nothing_else_is() {
        let schema = json!({"name": "s", "catalog_name": "main"});
        let mut world = World::new().resource("schemas.wanted", schema.clone());
        world.add_foreign("schemas", "main.there", schema, None);
        let there = world.observed.objects[0].listed.id.clone();
        let replaced = Claim {
            former: vec!["main.old".to_owned()],
            ..claim(Some("main.former"), None)
        };
        let own = claims(&[
            ("schemas.wanted", claim(Some("main.s"), Some("main.s"))),
            ("schemas.there", claim(Some("x"), Some(&there))),
            ("schemas.replaced", replaced),
            ("schemas.gone", claim(Some("main.gone"), Some("main.gone"))),
            ("schemas.doubtful", claim(Some("main.doubtful"), None)),
            ("queries.nameless", claim(None, None)),
            // Its tags say whose it is.
            ("jobs.tagged", claim(None, Some("7"))),
        ]);
        let desired = world.desired();
        let vanished = own.vanished(&desired, &world.observed.objects);
        let vanished: Vec<(String, &str)> = vanished
            .map(|(_, key, name)| (key.to_string(), name))
            .collect();
        let gone = ["doubtful", "gone"];
        let gone = gone.map(|name| (format!("schemas.{name}"), format!("main.{name}")));
        let gone = gone
            .each_ref()
            .map(|(key, name)| (key.clone(), name.as_str()));
        assert_eq!(vanished, gone);
    }

    #[test]
    fn what_was_made_later_under_the_same_id_is_not_what_was_claimed() {
        let key: ResourceKey = "schemas.s".parse().unwrap();
        let there = |at: Option<i64>| {
            let mut world = World::new();
            let config = json!({"name": "s", "catalog_name": "main"});
            world.add_foreign("schemas", "s", config, None);
            world.observed.objects[0].listed.created_at =
                at.and_then(chrono::DateTime::from_timestamp_millis);
            world.observed.objects
        };
        let mut own = Claims::default();
        own.with_id(&key, &there(Some(1000))[0].listed);
        let own = Claims::parse("c", &own.to_bytes()).unwrap();
        let is_ours = |at: Option<i64>| {
            let mut objects = there(at);
            own.mark(&mut objects, "shop", "qa");
            objects[0].listed.marker.is_some()
        };
        // Lists and single answers may round a moment in two ways, or not tell it.
        assert!(is_ours(Some(1000)) && is_ours(Some(1999)) && is_ours(None));
        assert!(!is_ours(Some(9000)));
        // And nothing claims it, once nobody wants ours.
        let gone = |at: i64| own.vanished(&Desired::default(), &there(Some(at))).count();
        assert_eq!((gone(9000), gone(1000)), (1, 0));
    }
}
