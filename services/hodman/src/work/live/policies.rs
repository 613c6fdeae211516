//! What the list of cluster policies tells beside the objects of the table: what each fills in the clusters under it, and the names of
//! those that every workspace comes with, which nobody made and a bundle may look up.

use hodman_model::bundle::Lookup;
use hodman_model::kinds::{ClusterPolicies, Kind, Policies, PolicyDefinition};
use hodman_model::plan::{Desired, Observed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The word for a policy in the bundle language.
const WORD: &str = "cluster_policy";

/// What lists told while they were read.
#[derive(Default)]
pub(super) struct Told(Mutex<Policy>);

#[derive(Default)]
pub(super) struct Policy {
    /// What each fills, by id.
    fills: Policies,
    /// The names of those that come with the workspace, by id.
    built_in: BTreeMap<String, String>,
}

impl Told {
    /// Notes an entry of a list.
    pub fn note(&self, kind: &dyn Kind, item: &Value) {
        let Some(id) = item["policy_id"].as_str().filter(|_| is_policies(kind)) else {
            return;
        };
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fills) = PolicyDefinition::of(item) {
            told.fills.insert(id.to_owned(), fills);
        }
        if let Some(name) = item["name"].as_str()
            && item["is_default"] == Value::Bool(true)
        {
            told.built_in.insert(id.to_owned(), name.to_owned());
        }
    }

    /// All of it.
    pub fn take(self) -> Policy {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Policy {
    /// Tells what a plan asks for.
    pub fn tell(self, desired: &Desired, observed: &mut Observed) {
        for (id, name) in self.built_in {
            let asked = |lookup: &Lookup| lookup.kind == WORD && lookup.name == name;
            if desired.lookups.iter().any(asked) {
                let named = observed.others.entry((WORD.to_owned(), name));
                named.or_default().insert(id);
            }
        }
        observed.policies = self.fills;
    }

    /// The names of those that come with the workspace, by kind and id.
    pub fn built_in(self) -> BTreeMap<(String, String), String> {
        let all = self.built_in.into_iter();
        all.map(|(id, name)| ((ClusterPolicies.name().to_owned(), id), name))
            .collect()
    }
}

/// Whether `kind` is that of cluster policies.
pub(super) fn is_policies(kind: &dyn Kind) -> bool {
    kind.name() == ClusterPolicies.name()
}

/// Whether a cluster that is wanted names a policy.
pub(super) fn are_named(desired: &Desired) -> bool {
    desired.resources.iter().any(|(key, wanted)| {
        let kind = hodman_model::kinds::kind(&key.kind);
        kind.is_some_and(|kind| !kind.rules().policy_fills.is_empty()) && names_one(&wanted.config)
    })
}

fn names_one(config: &Value) -> bool {
    match config {
        Value::Object(map) => map.contains_key("policy_id") || map.values().any(names_one),
        Value::Array(items) => items.iter().any(names_one),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, wanting};
    use super::*;
    use hodman_model::bundle::Position;
    use serde_json::json;

    const LIST: &str = "/api/2.0/policies/clusters/list";

    fn policies(path: &str) -> Option<Value> {
        match path.split('?').next()? {
            LIST => Some(json!({ "policies": [
                { "policy_id": "D", "name": "Personal Compute", "is_default": true,
                  "definition": "{\"num_workers\": {\"type\": \"fixed\", \"value\": 0}}" },
                { "policy_id": "P", "name": "Team", "definition": "{}" },
            ]})),
            "/api/2.1/clusters/list" => Some(json!({ "clusters": [] })),
            _ => None,
        }
    }

    fn cluster(policy: Option<&str>) -> Desired {
        let mut config = json!({ "cluster_name": "a", "spark_version": "15", "num_workers": 1 });
        if let Some(policy) = policy {
            config["policy_id"] = json!(policy);
        }
        wanting("clusters.a", config)
    }

    #[tokio::test]
    async fn a_policy_that_every_workspace_comes_with_is_found_by_its_name() {
        let world = World::new(policies).await;
        let mut desired = cluster(Some("${lookup.cluster_policy.Personal Compute}"));
        desired.lookups = vec![Lookup {
            kind: WORD.to_owned(),
            name: "Personal Compute".to_owned(),
            variable: "compute".to_owned(),
            position: Position {
                file: "databricks.yml".to_owned(),
                line: 1,
                column: 1,
            },
        }];
        let observed = world.observe(&desired).await;
        assert_eq!(observed.called(WORD, "Personal Compute"), ["D"]);
        assert_eq!(observed.policies.len(), 2);
        assert!(
            observed
                .objects
                .iter()
                .all(|object| object.listed.id != "D"),
            "nobody's to manage"
        );
        assert_eq!(world.asked(LIST).len(), 1, "one list tells all of it");
    }

    #[tokio::test]
    async fn what_policies_fill_is_asked_for_where_a_cluster_names_one_only() {
        let world = World::new(policies).await;
        assert!(world.observe(&cluster(None)).await.policies.is_empty());
        assert!(world.asked(LIST).is_empty());
        assert_eq!(world.observe(&cluster(Some("P"))).await.policies.len(), 2);
        assert_eq!(world.asked(LIST).len(), 1);
        // Without the list nobody knows, and the rest is planned all the same.
        let world = World::new(|path| match path.starts_with(LIST) {
            true => Some(json!("refused")),
            false => policies(path),
        })
        .await;
        assert!(world.observe(&cluster(Some("P"))).await.policies.is_empty());
    }
}
