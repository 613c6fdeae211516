//! What is made anew while others use it: under another name it is made beside the old one, under the same name it cannot be.

use std::collections::BTreeMap;

use super::guards::{self, Refused};
use super::known::Known;
use super::names::{Names, natural_by_now};
use super::row::Action;
use super::work::Work;
use crate::bundle::ResourceKey;
use crate::kinds::{Kind, Listed, kind};

/// Refuses to take a name that somebody has, and to remove what is used before there is another.
pub(super) fn guard(
    work: &mut Work<'_>,
    ours: &BTreeMap<ResourceKey, &Listed>,
    names: (&Names<'_>, &Known),
) {
    let replaced = work.rows.values();
    let replaced = replaced.filter(|row| row.action == Action::Replace);
    let keys: Vec<ResourceKey> = replaced.map(|row| row.key.clone()).collect();
    for key in keys {
        let kind = kind(&key.kind).filter(|kind| kind.renames_first());
        let (Some(kind), Some(live)) = (kind, ours.get(&key)) else {
            continue;
        };
        match refused(work, kind, &key, live, ours, names) {
            Some(why) => work.refuse(&key, why),
            None => tell(work, kind, &key, live),
        }
    }
}

/// Says in the row that nothing is without it meanwhile.
fn tell(work: &mut Work<'_>, kind: &dyn Kind, key: &ResourceKey, live: &Listed) {
    let wanted = work.desired.resources.get(key);
    let same = wanted.is_some_and(|wanted| kind.natural(&wanted.config) == live.natural);
    if let Some(row) = work.rows.get_mut(key).filter(|_| !same) {
        row.reason
            .push_str("; the new one is made first, and the old one goes when all is done");
    }
}

fn refused(
    work: &Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    live: &Listed,
    ours: &BTreeMap<ResourceKey, &Listed>,
    names: (&Names<'_>, &Known),
) -> Option<Refused> {
    let wanted = work.desired.resources.get(key)?;
    if natural_by_now(kind, wanted, names.1) != live.natural {
        return guards::creates(kind, (key, wanted), names, work.observed);
    }
    // A workspace that runs with it would have none from its removal on, and waits for its runs may take hours.
    let (user, _) = work.desired.resources.iter().find(|(other, wanted)| {
        wanted.needs.contains(key) && ours.contains_key(*other) && moves(other)
    })?;
    let changes = work.rows.get(key)?.changes.read();
    let forced = changes
        .iter()
        .find(|change| kind.rules().replaces(change))?;
    let field = &forced.path;
    let name = kind.rules().name_field;
    Some(Refused::NotTaken {
        words: format!(
            "{field} cannot change in place, and {user} would be without it until another one is there: give it another `{name}` too, \
             so that both are there until all that uses it has moved"
        ),
    })
}

/// Whether the resource is one that moves to what takes the place of what it uses, while something runs on it.
fn moves(key: &ResourceKey) -> bool {
    kind(&key.kind).is_some_and(Kind::creates_first)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::bundle::ResourceKey;
    use crate::plan::tests::World;
    use crate::plan::{Action, Leaving, Plan, Reversibility, Row, SentValue};

    fn role(name: &str, path: &str) -> Value {
        json!({"name": name, "path": path, "trust": {"Version": "2012-10-17", "Statement": []}})
    }

    fn world(role: Value) -> World {
        let credentials = json!({"credentials_name": "c", "aws_credentials": {"sts_role": {"role_arn": "${resources.aws_roles.r.id}"}}});
        World::new()
            .resource("aws_roles.r", role)
            .resource("account_credentials.c", credentials)
    }

    fn next(before: &World, role: Value) -> World {
        let mut next = world(role);
        next.observed = before.observed.clone();
        next
    }

    #[test]
    fn one_of_the_same_name_is_not_made_anew_under_what_uses_it() {
        let mut before = world(role("x", "/"));
        before.apply();
        let refused = next(&before, role("x", "/other/")).try_plan().unwrap_err();
        let words = "path cannot change in place, and account_credentials.c would be without it";
        assert!(refused.to_string().contains(words), "{refused}");
        let plan = next(&before, role("y", "/other/")).plan();
        let keys: Vec<String> = plan.rows().map(|(_, row)| row.key.to_string()).collect();
        assert_eq!(keys, ["aws_roles.r", "account_credentials.c"]);
        let reason = &plan.parts[0].rows[0].reason;
        assert!(reason.contains("the new one is made first"), "{reason}");
        // What uses it is not there yet, or not any more: nobody is without it meanwhile.
        let mut alone = next(&before, role("x", "/other/"));
        alone
            .observed
            .objects
            .retain(|object| object.kind == "aws_roles");
        alone.plan();
    }

    #[test]
    fn a_new_name_that_somebody_has_is_refused_before_anything_is_made() {
        let mut before = world(role("x", "/"));
        before.apply();
        let mut next = next(&before, role("y", "/"));
        next.add_foreign("aws_roles", "y", role("y", "/"), None);
        let refused = next.try_plan().unwrap_err().to_string();
        assert!(refused.contains("wants the name `y`"), "{refused}");
    }

    /// A bucket and a stack with these names, and what uses both.
    fn ground(bucket: &str, stack: &str) -> World {
        World::new()
            .resource("aws_buckets.b", json!({"name": bucket}))
            .resource("cloudformation_stacks.s", json!({"stack_name": stack, "template": "sha256:1"}))
            .resource(
                "account_storage_configurations.root",
                json!({"storage_configuration_name": "root", "root_bucket_info": {"bucket_name": "${resources.aws_buckets.b.id}"}}),
            )
            .resource(
                "account_networks.n",
                json!({"network_name": "n", "vpc_id": "${resources.cloudformation_stacks.s.outputs.VpcId}", "subnet_ids": ["a", "b"],
                       "security_group_ids": ["g"]}),
            )
    }

    fn made() -> World {
        let mut before = ground("x", "x");
        let plan = before.plan();
        let ground = plan.rows().map(|(_, row)| row);
        let ground = ground.filter(|row| !row.key.kind.starts_with("account_"));
        before.apply_rows(&ground.collect::<Vec<_>>());
        before.object("cloudformation_stacks.s").listed.outputs =
            json!({"outputs": {"VpcId": "vpc-1"}});
        before.apply();
        before
    }

    fn later(before: &World, bucket: &str, stack: &str) -> World {
        let mut next = ground(bucket, stack);
        next.observed = before.observed.clone();
        next.context = before.context.clone();
        next
    }

    #[test]
    fn buckets_and_stacks_are_made_first_and_their_users_follow() {
        let next = later(&made(), "y", "y");
        let plan = next.plan();
        let rows: Vec<&Row> = plan.rows().map(|(_, row)| row).collect();
        let told: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {}", row.action.word(), row.key))
            .collect();
        for (words, user) in [
            (
                "replace aws_buckets.b",
                "account_storage_configurations.root",
            ),
            ("replace cloudformation_stacks.s", "account_networks.n"),
        ] {
            let at = told
                .iter()
                .position(|told| told == words)
                .unwrap_or_else(|| panic!("{told:?}"));
            let row = rows[at];
            assert!(
                row.reason.contains("the new one is made first"),
                "{}",
                row.reason
            );
            let irreversible = matches!(row.reversible, Reversibility::Irreversible { .. });
            assert!(irreversible, "{words}: what is in the old one goes");
            let user = rows
                .iter()
                .find(|row| row.key.to_string() == user)
                .expect("its user moves");
            assert!(user.after.contains(&row.key) && !user.waits, "{told:?}");
        }
        assert_eq!(plan.irreversible().len(), 2);
    }

    #[test]
    fn the_rest_of_one_is_its_making_and_names_what_goes() {
        for key in ["aws_buckets.b", "cloudformation_stacks.s"] {
            let key: ResourceKey = key.parse().unwrap();
            let next = later(&made(), "y", "y");
            let approved = next.plan();
            let of = |plan: &Plan| {
                let mut rows = plan.rows().map(|(_, row)| row);
                rows.find(|row| row.key == key).cloned().expect("a row")
            };
            // Cut off after the old one was noted as one that is to go.
            let mut cut = next;
            cut.observed
                .objects
                .retain(|object| object.kind != key.kind);
            cut.context.begun.insert(key.clone());
            let leaving = Leaving {
                key: key.clone(),
                kept: None,
            };
            cut.observed
                .leaving
                .insert((key.kind.clone(), "x".to_owned()), leaving);
            let rest = of(&cut.plan());
            assert_eq!(rest.action, Action::Create);
            assert!(
                rest.reason.contains("`x`, which it was before, goes"),
                "{}",
                rest.reason
            );
            assert!(matches!(
                rest.reversible,
                Reversibility::Irreversible { .. }
            ));
            assert!(
                rest.is_rest_of(&of(&approved), &SentValue::default()),
                "{key}"
            );
            // Nobody was shown that of a first making.
            let first = of(&ground("y", "y").plan());
            assert!(!rest.is_rest_of(&first, &SentValue::default()), "{key}");
        }
    }

    #[test]
    fn the_name_of_one_that_is_on_its_way_out_is_nobody_elses_but_its_own() {
        let before = made();
        let leaves = |world: &mut World| {
            let leaving = Leaving {
                key: "aws_buckets.b".parse().unwrap(),
                kept: None,
            };
            world
                .observed
                .leaving
                .insert(("aws_buckets".to_owned(), "w".to_owned()), leaving);
        };
        let mut other =
            later(&before, "x", "x").resource("aws_buckets.other", json!({"name": "w"}));
        leaves(&mut other);
        let refused = other.try_plan().unwrap_err().to_string();
        let words = "the aws_bucket `w`, which aws_buckets.b was before, is there still";
        assert!(refused.contains(words), "{refused}");
        // Back to its old name, in the middle of it, say.
        let mut back = later(&before, "w", "x");
        leaves(&mut back);
        let plan = back.plan();
        let (_, row) = plan.rows().next().expect("a row");
        assert_eq!(row.action, Action::Replace);
    }

    #[test]
    fn what_is_protected_keeps_its_name() {
        let before = made();
        let refused = |next: &World| next.try_plan().unwrap_err().to_string();
        let mut next = later(&before, "x", "y");
        next.object("cloudformation_stacks.s").listed.outputs["held_by"] =
            json!("stack x has termination protection");
        assert!(refused(&next).contains("termination protection"));
        let mut next = later(&before, "y", "x");
        let bucket = "aws_buckets.b".parse().unwrap();
        let resource = next.bundle.resources.get_mut(&bucket).unwrap();
        resource.lifecycle.prevent_destroy = true;
        assert!(
            refused(&next).contains("is protected by `prevent_destroy`: refused to replace it")
        );
        for (key, taken) in [
            ("aws_buckets", json!({"name": "y"})),
            ("cloudformation_stacks", json!({"stack_name": "y"})),
        ] {
            let mut next = later(&before, "y", "y");
            next.add_foreign(key, "y", taken, None);
            assert!(refused(&next).contains("wants the name `y`"), "{key}");
        }
    }
}
