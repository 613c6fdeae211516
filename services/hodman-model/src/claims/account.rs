//! Which account what is claimed is of: an environment may be given another one, and that one knows nothing of the objects here.

use super::{Claims, claimed_kind};
use crate::bundle::ResourceKey;
use crate::kinds::{ACCOUNT_KINDS, Kind};
use crate::plan::{Action, ObservedObject, WorkspacePart};

/// Whether objects of the kind are the account's.
#[must_use]
pub fn is_of_account(kind: &dyn Kind) -> bool {
    ACCOUNT_KINDS.iter().any(|of| of.name() == kind.name())
}

/// Whether two ids are of one account: they are UUIDs, which people write in either case and services in small letters.
#[must_use]
pub fn is_same_account(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

impl Claims {
    /// Notes that the object of that resource is of `account`, where its kind is one of accounts; whether that is news.
    pub fn note_account(&mut self, key: &ResourceKey, account: &str) -> bool {
        let Some(claim) = self.claims.get_mut(key) else {
            return false;
        };
        let news = claimed_kind(key).is_some_and(is_of_account)
            && !claim
                .account
                .as_deref()
                .is_some_and(|known| is_same_account(known, account));
        if news {
            claim.account = Some(account.to_owned());
        }
        news
    }

    /// The same of what `rows` are about to make: when nobody sees how a create ends, only that account can say that nothing came of it.
    pub fn note_account_of_creates(&mut self, rows: &WorkspacePart, account: &str) {
        let creates = rows.rows.iter().filter(|row| row.action == Action::Create);
        for row in creates {
            self.note_account(&row.key, account);
        }
    }

    /// The same of every object that was found there by its id; whether any of it is news. Claims from before accounts were noted
    /// come to theirs by this.
    pub fn note_accounts(&mut self, account: &str, objects: &[ObservedObject]) -> bool {
        let found = self.claims.iter().filter(|(key, claim)| {
            let mut of_kind = objects.iter().filter(|object| object.kind == key.kind);
            let is_it = |object: &ObservedObject| {
                claim.id.as_ref() == Some(&object.listed.id) && claim.may_be(&object.listed)
            };
            of_kind.any(is_it)
        });
        let found: Vec<ResourceKey> = found.map(|(key, _)| key.clone()).collect();
        let mut any = false;
        for key in &found {
            any |= self.note_account(key, account);
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claim;
    use crate::plan::tests::World;
    use serde_json::json;

    #[test]
    fn an_account_is_the_same_however_its_id_is_spelled() {
        let mut world = World::new();
        let config = json!({"credentials_name": "c"});
        world.add_foreign("account_credentials", "c", config, None);
        let mut there = world.observed.objects.remove(0).listed;
        let key: ResourceKey = "account_credentials.c".parse().unwrap();
        let mut own = Claims::default();
        own.with_id(&key, &there);
        assert!(own.note_account(&key, "0D26DAA6-5E44-4C97-A497-EF015F91254A"));
        assert!(!own.note_account(&key, "0d26daa6-5e44-4c97-a497-ef015f91254a"));
        there.outputs = json!({"account_id": "0d26daa6-5e44-4c97-a497-ef015f91254a"});
        assert!(own.claims[&key].may_be(&there));
        there.outputs = json!({"account_id": "1d26daa6-5e44-4c97-a497-ef015f91254a"});
        assert!(!own.claims[&key].may_be(&there));
    }

    #[test]
    fn what_is_about_to_be_made_is_of_the_account_that_is_asked_to_make_it() {
        let world = World::new()
            .resource("account_credentials.c", json!({"credentials_name": "c"}))
            .resource("aws_roles.r", json!({"name": "r"}));
        let plan = world.plan();
        let mut own = Claims::default().before(&plan.parts[0], &world.desired());
        own.note_account_of_creates(&plan.parts[0], "a-1");
        let of = |key: &str| own.claims[&key.parse().unwrap()].account.as_deref();
        assert_eq!(
            (of("account_credentials.c"), of("aws_roles.r")),
            (Some("a-1"), None)
        );
    }

    #[test]
    fn what_is_found_in_an_account_is_of_that_account_until_another_object_takes_its_place() {
        let mut world = World::new();
        let config = json!({"credentials_name": "c"});
        world.add_foreign("account_credentials", "c", config, None);
        let mut there = world.observed.objects;
        let key: ResourceKey = "account_credentials.c".parse().unwrap();
        let other: ResourceKey = "account_networks.n".parse().unwrap();
        let mut own = Claims::default();
        own.with_id(&key, &there[0].listed);
        own.claims.insert(other.clone(), Claim::default());
        assert!(own.note_accounts("a-1", &there) && !own.note_accounts("a-1", &there));
        let own = Claims::parse("c", &own.to_bytes()).unwrap();
        let of = |own: &Claims, key: &ResourceKey| own.claims[key].account.clone();
        assert_eq!(
            (of(&own, &key).as_deref(), of(&own, &other)),
            (Some("a-1"), None)
        );
        // Said once more it is the same object, and under another id another one.
        let mut again = own.clone();
        again.with_id(&key, &there[0].listed);
        assert_eq!(of(&again, &key).as_deref(), Some("a-1"));
        there[0].listed.id = "other".to_owned();
        again.with_id(&key, &there[0].listed);
        assert_eq!(of(&again, &key), None);
        assert!(again.note_account(&key, "a-2"));
        // Objects of workspaces and of AWS are of none.
        let role: ResourceKey = "aws_roles.r".parse().unwrap();
        again.claims.insert(role.clone(), Claim::default());
        assert!(!again.note_account(&role, "a-2"));
    }
}
