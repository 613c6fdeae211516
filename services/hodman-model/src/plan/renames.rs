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
        return guards::creates(kind, wanted, names, work.observed);
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

    use crate::plan::tests::World;

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
}
