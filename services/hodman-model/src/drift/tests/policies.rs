//! What a cluster policy fills is the server's doing, what it does not fill is somebody's.

use serde_json::{Value, json};

use super::*;
use crate::kinds::{Policies, PolicyDefinition};

fn known(definition: Value) -> Policies {
    let policy = PolicyDefinition::read(&definition).unwrap();
    Policies::from([("P".to_owned(), policy)])
}

/// A cluster under a policy of somebody's, filled by it.
fn under_a_policy() -> (World, Desired) {
    let config = json!({"cluster_name": "etl", "spark_version": "15", "num_workers": 1, "policy_id": "P",
        "spark_conf": {"spark.own": "1"}});
    let mut world = World::new().resource("clusters.etl", config);
    world.apply();
    let last = world.desired();
    world.observed.policies = known(json!({
        "spark_conf.spark.policy": {"type": "fixed", "value": "says"},
        "autotermination_minutes": {"type": "range", "minValue": 10, "maxValue": 60, "defaultValue": 20},
        "spark_conf.spark.free": {"type": "unlimited"},
    }));
    world.edit("clusters.etl", |config| {
        config["spark_conf"]["spark.policy"] = json!("says");
        config["autotermination_minutes"] = json!(20);
    });
    (world, last)
}

#[test]
fn what_a_policy_fills_is_no_difference_and_what_somebody_adds_is() {
    let (mut world, last) = under_a_policy();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let quiet = of(Some(&last), &world, HandEdits::PutBack);
    assert!(told(&quiet).is_empty(), "{quiet:?}");
    world.edit("clusters.etl", |config| {
        config["spark_conf"]["spark.free"] = json!("added");
        config["init_scripts"] = json!([{"workspace": {"destination": "/Users/eve/x.sh"}}]);
    });
    let found = of(Some(&last), &world, HandEdits::PutBack);
    assert_eq!(
        told(&found),
        [
            (
                Class::HandEditToPutBack,
                "clusters.etl init_scripts".to_owned()
            ),
            (
                Class::HandEditToPutBack,
                "clusters.etl spark_conf[\"spark.free\"]".to_owned()
            ),
        ]
    );
    let by_server = found
        .rows
        .iter()
        .filter(|row| row.class == Class::ServerDefault);
    let by_server: Vec<String> = by_server.map(|row| row.path.to_string()).collect();
    assert!(
        by_server.contains(&"spark_conf[\"spark.policy\"]".to_owned()),
        "{by_server:?}"
    );
    assert_eq!(world.plan().summary().update, 1);
    // Of a policy that nobody knows anything may be what it fills.
    world.observed.policies.clear();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}

#[test]
fn what_a_policy_of_ours_stops_to_fill_goes_from_its_clusters_with_the_same_plan() {
    let policy = |definition: Value| {
        World::new()
            .resource(
                "cluster_policies.p",
                json!({"name": "p", "definition": definition}),
            )
            .resource(
                "clusters.etl",
                json!({"cluster_name": "etl", "spark_version": "15", "num_workers": 1,
                    "policy_id": "${resources.cluster_policies.p.id}"}),
            )
    };
    let fixed = json!({"spark_conf.a": {"type": "fixed", "value": "1"}});
    let mut world = policy(fixed.clone());
    world.apply();
    let id = world.object("cluster_policies.p").listed.id.clone();
    let told = |world: &mut World, definition: &Value| {
        let read = PolicyDefinition::read(definition).unwrap();
        world.observed.policies = Policies::from([(id.clone(), read)]);
    };
    told(&mut world, &fixed);
    world.edit("clusters.etl", |config| {
        config["spark_conf"] = json!({"a": "1"})
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let mut next = policy(json!({}));
    next.observed = world.observed;
    next.next_id = world.next_id;
    let rows: Vec<String> = next
        .plan()
        .rows()
        .map(|(_, row)| row.key.to_string())
        .collect();
    assert_eq!(rows, ["cluster_policies.p", "clusters.etl"]);
    next.apply();
    told(&mut next, &json!({}));
    assert!(next.plan().is_empty(), "{}", next.plan().to_table());
}
