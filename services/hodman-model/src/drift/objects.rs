//! Objects that are gone, and objects that are not ours.

use serde_json::json;

use super::Class;
use super::compare::{Found, Values};
use crate::bundle::ResourceKey;
use crate::field_path::FieldPath;
use crate::kinds::{Kind, Listed, Said, TAG_ENV, TAG_KEY, TAG_PIPELINE, kind};
use crate::plan::{natural, perhaps_reason};

impl Found<'_> {
    /// A resource without an object of ours.
    pub(super) fn not_there(&mut self, kind: &dyn Kind, key: &ResourceKey) {
        let declared = self.three.declared.resources.get(key);
        let last = self
            .three
            .last_applied
            .and_then(|last| last.resources.get(key));
        // Gone, as the package wants it to be.
        let Some(wanted) = declared else {
            return;
        };
        let root = FieldPath::default;
        let name = |config: &serde_json::Value| {
            let name = config.get(kind.rules().name_field);
            Some(name.cloned().unwrap_or_else(|| json!(key.key)))
        };
        let mut values = Values {
            last_applied: last.and_then(|last| name(&last.config)),
            declared: name(&wanted.config),
            live: None,
        };
        let taken =
            natural(kind, wanted).and_then(|natural| self.names.live(kind.name(), &natural));
        if let Some(object) = taken {
            values.live = Some(json!(object.listed.name));
            let reason = match &object.listed.marker {
                Some(other) => format!(
                    "has its name and belongs to {}/{}/{}",
                    other.pipeline, other.env, other.key
                ),
                None => "has its name and is nobody's".to_owned(),
            };
            return self.row(kind, key, root(), values, Class::ForeignObject, &reason);
        }
        let perhaps = self.names.perhaps(key, wanted);
        let perhaps = perhaps.map(|there| format!("; {}", perhaps_reason(kind, &there.listed)));
        let (class, words) = match last {
            Some(_) => (Class::Deleted, "gone from the workspace"),
            None => (Class::PlannedChange, "in the package, and not made yet"),
        };
        let reason = format!("{words}{}", perhaps.unwrap_or_default());
        self.row(kind, key, root(), values, class, &reason);
    }

    /// Objects that carry the tags of others.
    pub(super) fn copies(&mut self) {
        for copy in &self.three.observed.tags.copies {
            let Some(kind) = kind(&copy.key.kind) else {
                continue;
            };
            let made = copy.creator.as_deref().unwrap_or("somebody unknown");
            let of = match &copy.of {
                Some(id) => format!("that is {id}"),
                None => "that is gone".to_owned(),
            };
            let reason = format!(
                "{} {}, made by {made}, carries the tags of {}, and {of}: a copy, which hodman leaves alone; clear its tags \
                 `{TAG_PIPELINE}`, `{TAG_ENV}` and `{TAG_KEY}`, or remove it",
                kind.singular(),
                copy.id,
                copy.key
            );
            let path = FieldPath::default().key("copy").key(&copy.id);
            let values = Values {
                live: Some(json!(copy.name)),
                ..Values::default()
            };
            self.row(kind, &copy.key, path, values, Class::ForeignObject, &reason);
        }
    }

    /// What the service says of an object that no plan of ours puts right.
    pub(super) fn said(&mut self, kind: &dyn Kind, key: &ResourceKey, live: &Listed) {
        let (class, words) = match kind.says(&live.outputs) {
            None => return,
            Some(Said::Broken(words)) => (Class::HandEditForAPerson, words),
            Some(Said::Warned(words)) => (Class::ServerDefault, format!("a warning: {words}")),
        };
        let path = FieldPath::default().key("status");
        self.row(kind, key, path, Values::default(), class, &words);
    }

    /// Objects whose place another has taken, and that did not go when all was done.
    pub(super) fn kept(&mut self) {
        let observed = self.three.observed;
        let replaced = observed.outlived.iter().map(|((name, id), old)| {
            let said = ("was replaced", id.clone());
            (name, id, &old.key, &old.kept, said)
        });
        let renamed = observed.leaving.iter().map(|((name, natural), old)| {
            let said = ("has another name now", format!("`{natural}`"));
            (name, natural, &old.key, &old.kept, said)
        });
        for (name, id, key, why, (became, shown)) in replaced.chain(renamed) {
            let (Some(kind), Some(why)) = (kind(name), why) else {
                continue;
            };
            let path = FieldPath::default().key("former").key(id);
            let values = Values {
                live: Some(json!(id)),
                ..Values::default()
            };
            let reason = format!(
                "{became}, and the old {} {shown} was not removed: {why}; the next apply tries it again",
                kind.singular()
            );
            self.row(kind, key, path, values, Class::HandEditForAPerson, &reason);
        }
    }

    /// Objects of nobody's in the folder that only we write to.
    pub(super) fn inside_folders(&mut self) {
        let inside = format!("{}/", self.three.context.files_root);
        for object in &self.three.observed.objects {
            let (Some(kind), Some(path)) = (kind(&object.kind), &object.listed.natural) else {
                continue;
            };
            if object.listed.marker.is_none() && path.starts_with(&inside) {
                let key = ResourceKey::new(&object.kind, path);
                let values = Values {
                    live: Some(json!(object.listed.name)),
                    ..Values::default()
                };
                let reason = "lies in the folder of this environment and is nobody's";
                let class = Class::ForeignObject;
                self.row(kind, &key, FieldPath::default(), values, class, reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{HandEdits, ThreeWay, drift};
    use crate::plan::tests::World;

    #[test]
    fn what_was_replaced_and_did_not_go_is_for_a_person() {
        let key = "account_customer_managed_keys.k";
        let config = json!({"use_cases": ["MANAGED_SERVICES"], "aws_key_info": {"key_arn": "arn:aws:kms:eu-west-1:1:key/a"}});
        let mut world = World::new().resource(key, config);
        world.apply();
        let outlived = crate::plan::Leaving {
            key: key.parse().unwrap(),
            kept: Some("403: no".to_owned()),
        };
        let old = ("account_customer_managed_keys".to_owned(), "old".to_owned());
        world.observed.outlived.insert(old, outlived);
        let declared = world.desired();
        let three = ThreeWay {
            last_applied: Some(&declared),
            declared: &declared,
            observed: &world.observed,
            context: &world.context,
            hand_edits: HandEdits::PutBack,
        };
        let rows = drift(&three).unwrap().rows;
        let [row] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(row.class, Class::HandEditForAPerson);
        let words = "was replaced, and the old account_customer_managed_key old was not removed: 403: no; the next apply tries it again";
        assert_eq!(row.reason, words);
        assert!(world.plan().is_empty(), "nothing of it is planned");
    }

    #[test]
    fn what_the_service_says_of_something_that_is_as_it_was_asked_for_is_for_a_person() {
        let endpoint = json!({"vpc_endpoint_name": "e", "aws_vpc_endpoint_id": "vpce-1", "region": "eu-west-1"});
        let network = json!({"network_name": "n", "vpc_id": "vpc-1", "subnet_ids": ["a", "b"], "security_group_ids": ["s"]});
        let broken = json!({"vpc_status": "BROKEN", "error_messages": [{"error_type": "subnet", "error_message": "no way out"}]});
        let warned = json!({"vpc_status": "WARNED", "warning_messages": [{"warning_type": "subnet", "warning_message": "small"}]});
        for (key, config, outputs, class, words) in [
            (
                "account_vpc_endpoints.e",
                &endpoint,
                json!({"state": "rejected"}),
                Class::HandEditForAPerson,
                "AWS says that the endpoint is rejected",
            ),
            (
                "account_networks.n",
                &network,
                broken,
                Class::HandEditForAPerson,
                "Databricks says that the network is BROKEN: subnet: no way out",
            ),
            (
                "account_networks.n",
                &network,
                warned,
                Class::ServerDefault,
                "a warning: subnet: small",
            ),
        ] {
            let mut world = World::new().resource(key, config.clone());
            world.apply();
            let told = |world: &World| {
                let declared = world.desired();
                let three = ThreeWay {
                    last_applied: Some(&declared),
                    declared: &declared,
                    observed: &world.observed,
                    context: &world.context,
                    hand_edits: HandEdits::PutBack,
                };
                let rows = drift(&three).unwrap().rows.into_iter();
                let rows = rows.filter(|row| row.path.to_string() == "status");
                rows.map(|row| (row.class, row.reason)).collect::<Vec<_>>()
            };
            assert_eq!(told(&world), [], "{key}");
            world.object(key).listed.outputs = outputs;
            assert_eq!(told(&world), [(class, words.to_owned())]);
            assert!(world.plan().is_empty());
        }
    }
}
