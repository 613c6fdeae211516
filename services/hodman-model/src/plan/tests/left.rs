//! Fields that the server may fill, and whose lines go.

use serde_json::{Value, json};

use super::beside::in_git;
use super::{World, paths, rows};
use crate::plan::Desired;

#[test]
fn a_field_that_the_server_may_fill_is_given_back_to_it_when_its_line_goes() {
    let run_as = json!({"service_principal_name": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"});
    let cluster = json!({"cluster_name": "c", "num_workers": 1, "node_type_id": "A"});
    let in_job = |more: Value| {
        let mut spec = json!({"num_workers": 1, "node_type_id": "A", "spark_version": "15"});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"name": "j", "job_clusters": [{"job_cluster_key": "k", "new_cluster": spec}]})
    };
    let with = |config: &Value, field: &str, value: Value| {
        let mut config = config.clone();
        config[field] = value;
        config
    };
    let alert = |evaluation: Value| json!({"display_name": "a", "parent_path": "/Workspace/Shared", "query_text": "select 1", "evaluation": evaluation});
    let (job, driver) = (json!({"name": "j"}), json!({"driver_node_type_id": "B"}));
    for (key, said, silent, path) in [
        (
            "jobs.j",
            with(&job, "run_as", run_as.clone()),
            job,
            "run_as",
        ),
        (
            "clusters.c",
            with(&cluster, "driver_node_type_id", json!("B")),
            cluster.clone(),
            "driver_node_type_id",
        ),
        (
            "clusters.c",
            with(&cluster, "runtime_engine", json!("PHOTON")),
            cluster,
            "runtime_engine",
        ),
        (
            "jobs.j",
            in_job(driver),
            in_job(json!({})),
            "job_clusters[job_cluster_key=k].new_cluster.driver_node_type_id",
        ),
        (
            "apps.a",
            json!({"name": "a", "compute_size": "LARGE"}),
            json!({"name": "a"}),
            "compute_size",
        ),
        (
            "groups.g",
            json!({"displayName": "g", "externalId": "7"}),
            json!({"displayName": "g"}),
            "externalId",
        ),
        (
            "alerts.a",
            alert(json!({"comparison_operator": "IS_NULL", "empty_result_state": "OK"})),
            alert(json!({"comparison_operator": "IS_NULL"})),
            "evaluation.empty_result_state",
        ),
        (
            "account_network_policies.n",
            json!({"network_policy_id": "n", "ingress_dry_run": {"public_access": {"restriction_mode": "FULL_ACCESS"}}}),
            json!({"network_policy_id": "n"}),
            "ingress_dry_run",
        ),
    ] {
        let mut world = World::new().resource(key, said);
        world.apply();
        assert!(world.plan().is_empty(), "{}", world.plan().to_table());
        let before = world.desired();
        in_git(&mut world, key, |resource| resource.config = silent.into());
        // Nobody knows what was there before: it is the server's.
        assert!(world.plan().is_empty(), "{}", world.plan().to_table());
        let mut wanted = world.desired();
        wanted.take_away(&before);
        let plan_of = |wanted: &Desired, world: &World| {
            crate::plan::plan(wanted, &world.observed, &world.context).unwrap()
        };
        let plan = plan_of(&wanted, &world);
        assert_eq!(
            (rows(&plan), paths(&plan)),
            (vec![format!("update {key}")], vec![path.to_owned()])
        );
        // Somebody made something else of it: theirs, as before.
        let mut by_hand = World::new();
        by_hand.observed = world.observed.clone();
        by_hand.context = world.context.clone();
        let at: crate::field_path::FieldPath = path.parse().unwrap();
        at.put(
            &mut by_hand.observed.objects[0].listed.config,
            Some(json!("theirs")),
        );
        assert!(plan_of(&wanted, &by_hand).is_empty(), "{key} {path}");
        // Once: what was applied speaks of it no more, whatever the server fills.
        let mut next = world.desired();
        next.take_away(&world.desired());
        assert!(plan_of(&next, &world).is_empty(), "{key} {path}");
    }
}

#[test]
fn a_line_that_goes_makes_nothing_anew_and_asks_nothing_of_what_keeps_it() {
    for (key, said, silent) in [
        (
            "instance_pools.p",
            json!({"instance_pool_name": "p", "node_type_id": "A", "aws_attributes": {"availability": "ON_DEMAND"}}),
            json!({"instance_pool_name": "p", "node_type_id": "A"}),
        ),
        (
            "schemas.s",
            json!({"name": "s", "catalog_name": "m", "owner": "x"}),
            json!({"name": "s", "catalog_name": "m"}),
        ),
        (
            "clusters.c",
            json!({"cluster_name": "c", "autotermination_minutes": 5}),
            json!({"cluster_name": "c"}),
        ),
    ] {
        let before = World::new().resource(key, said).desired();
        let mut wanted = World::new().resource(key, silent).desired();
        wanted.take_away(&before);
        assert!(
            wanted.resources[&key.parse().unwrap()].left.is_empty(),
            "{key}"
        );
    }
}

#[test]
fn what_no_request_takes_back_says_that_it_stays() {
    let mut world = World::new().resource("workspace_conf.w", json!({"enableDcs": "true"}));
    world.apply();
    world.bundle.resources.clear();
    let plan = world.plan();
    assert_eq!(rows(&plan), ["delete workspace_conf.w"]);
    let reason = &plan.parts[0].rows[0].reason;
    assert!(reason.ends_with("it stays as it is"), "{reason}");
}
