//! What is not done, and what would let it be done; secrets that change where they come from.

use std::sync::Arc;

use serde_json::json;

use super::{World, paths, rows, two_jobs};
use crate::claims::Put;
use crate::kinds::Marker;
use crate::plan::*;

pub(super) fn refusals(world: &World) -> Vec<Refused> {
    match world.try_plan() {
        Err(PlanError::Refused(all)) => all.into_iter().map(|refusal| refusal.why).collect(),
        other => panic!("not refused: {other:?}"),
    }
}

fn pipeline() -> World {
    let config = json!({"name": "p", "catalog": "main", "schema": "s", "channel": "CURRENT"});
    World::new().resource("pipelines.p", config)
}

#[test]
fn a_pipeline_with_tables_goes_only_when_the_environment_names_it() {
    let mut world = pipeline();
    world.apply();
    world.bundle.resources.clear();
    assert!(matches!(
        &refusals(&world)[..],
        [Refused::TakesAlong { .. }]
    ));
    let key: crate::bundle::ResourceKey = "pipelines.p".parse().unwrap();
    world.context.allow_destroy.insert(key.clone());
    let plan = world.plan();
    assert_eq!(rows(&plan), ["delete pipelines.p"]);
    assert!(plan.irreversible().contains(&key));
    // Whoever approves it by name does not ask for a wait, which for a continuous pipeline would never end.
    assert!(!plan.parts[0].rows[0].busy_guard);
}

#[test]
fn a_job_at_work_is_waited_for_unless_the_environment_names_it() {
    let mut world = World::new().resource("jobs.j", json!({"name": "j"}));
    world.apply();
    world.bundle.resources.clear();
    let waits = world.plan();
    assert_eq!(rows(&waits), ["delete jobs.j"]);
    assert!(waits.parts[0].rows[0].busy_guard);
    world
        .context
        .allow_destroy
        .insert("jobs.j".parse().unwrap());
    let goes = world.plan();
    assert!(!goes.parts[0].rows[0].busy_guard);
    assert_eq!(goes.digest(), waits.digest(), "the action is the same");
}

#[test]
fn what_was_taken_over_and_lost_our_marks_says_who_still_writes() {
    let mut world = World::new().resource("jobs.j", json!({"name": "j"}));
    world.apply();
    let key: crate::bundle::ResourceKey = "jobs.j".parse().unwrap();
    let object = world.object("jobs.j");
    object.listed.marker = None;
    object.listed.outputs = json!({"deployed_by": "deployed by a bundle"});
    let id = object.listed.id.clone();
    world.context.adopt.insert(key.clone(), id);
    let reason = |world: &World| world.plan().parts[0].rows[0].reason.clone();
    assert!(
        reason(&world).starts_with("takes over job "),
        "{}",
        reason(&world)
    );
    world.observed.taken_over.insert(key);
    assert_eq!(rows(&world.plan()), ["adopt jobs.j"]);
    assert!(
        reason(&world).starts_with("its former owner still writes to it (deployed by a bundle): "),
        "{}",
        reason(&world)
    );
}

#[test]
fn what_was_put_into_an_object_that_lost_our_marks_is_in_it_still() {
    let config = json!({"name": "e", "rate_limits": [{"calls": 5, "renewal_period": "minute"}]});
    let mut world = World::new().resource("model_serving_endpoints.e", config);
    world.apply();
    let key: crate::bundle::ResourceKey = "model_serving_endpoints.e".parse().unwrap();
    let object = world.object("model_serving_endpoints.e");
    object.listed.marker = None;
    let id = object.listed.id.clone();
    world.context.adopt.insert(key.clone(), id);
    // Another one of that name: nothing of ours is in it.
    let (adopted, limits) = ("[\"adopted id\"]", "rate_limits");
    assert_eq!(paths(&world.plan()), [adopted, limits]);
    world.observed.taken_over.insert(key.clone());
    assert_eq!(paths(&world.plan()), [adopted]);
    // What was not noted is not known.
    world.observed.puts.remove(&key);
    assert_eq!(paths(&world.plan()), [adopted, limits]);
}

#[test]
fn what_is_protected_is_neither_deleted_nor_replaced() {
    let mut world =
        World::new().resource("schemas.s", json!({"name": "s", "catalog_name": "main"}));
    let key: crate::bundle::ResourceKey = "schemas.s".parse().unwrap();
    world
        .bundle
        .resources
        .get_mut(&key)
        .unwrap()
        .lifecycle
        .prevent_destroy = true;
    world.apply();
    let protected = world.desired().protected();
    assert_eq!(protected.len(), 1);
    let wanted = world.bundle.resources.get_mut(&key).unwrap();
    Arc::make_mut(&mut wanted.config)["storage_root"] = json!("s3://b/x");
    let words = world.try_plan().unwrap_err().to_string();
    assert!(
        words.contains(
            "`schemas.s` is protected by `prevent_destroy`: refused to replace it (storage_root"
        ),
        "{words}"
    );
    world.bundle.resources.clear();
    assert_eq!(rows(&world.plan()), ["delete schemas.s"]);
    world.context.protected = protected;
    assert!(matches!(
        &refusals(&world)[..],
        [Refused::PreventDestroy { .. }]
    ));
}

pub(super) fn schema(key: &str) -> World {
    World::new().resource(key, json!({"name": "S", "catalog_name": "main"}))
}

#[test]
fn an_object_under_the_wanted_name_is_never_taken_unasked() {
    let mut world = schema("schemas.s");
    world.add_foreign(
        "schemas",
        "main.s",
        json!({"name": "s", "catalog_name": "main"}),
        None,
    );
    let words = world.try_plan().unwrap_err().to_string();
    assert!(
        words.contains("main.s") && words.contains("`adopt`"),
        "{words}"
    );
    let key: crate::bundle::ResourceKey = "schemas.s".parse().unwrap();
    let id = world.observed.objects[0].listed.id.clone();
    world.context.adopt.insert(key, id);
    assert_eq!(rows(&world.plan()), ["adopt schemas.s"]);
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}

#[test]
fn a_name_that_others_claim_is_refused_and_says_whose_it_is() {
    let mut world = schema("schemas.s");
    let other = Marker {
        pipeline: "billing".into(),
        env: "qa".into(),
        key: "shared".into(),
    };
    let name = ("schemas".to_owned(), "main.s".to_owned());
    world.observed.claimed_elsewhere.insert(name, other.clone());
    let words = world.try_plan().unwrap_err().to_string();
    assert!(words.contains("billing/qa/shared"), "{words}");
    let mut world = schema("schemas.s");
    world.apply();
    world.observed.contested.push(Contested {
        kind: "schemas".into(),
        id: "main.s".into(),
        claimants: vec![
            other,
            world.observed.objects[0].listed.marker.clone().unwrap(),
        ],
    });
    let words = world.try_plan().unwrap_err().to_string();
    assert!(
        words.contains("main.s is claimed by billing/qa/shared and by shop/qa/s"),
        "{words}"
    );
}

#[test]
fn a_resource_with_a_new_key_takes_its_object_along_when_told() {
    let mut world = schema("schemas.old");
    world.apply();
    let id = world.observed.objects[0].listed.id.clone();
    let mut renamed = schema("schemas.new");
    renamed.observed = world.observed;
    assert!(matches!(&refusals(&renamed)[..], [Refused::Claimed { .. }]));
    renamed
        .context
        .adopt
        .insert("schemas.new".parse().unwrap(), id);
    let plan = renamed.plan();
    assert_eq!(rows(&plan), ["adopt schemas.new"]);
    assert!(
        plan.parts[0].rows[0]
            .reason
            .contains("was schemas.old before")
    );
}

pub(super) fn secret() -> World {
    let config = json!({"scope": "s", "key": "k", "value": "reference"});
    let mut world = World::new().resource("secrets.k", config);
    send(&mut world, "one");
    world
}

fn send(world: &mut World, version: &str) {
    let sent = Sent {
        version: version.into(),
        reference: Some("env:DB".into()),
    };
    world.sent.insert("secrets.k".parse().unwrap(), sent);
}

#[test]
fn a_secret_is_shown_as_reference_and_version_and_rotated_only_when_asked() {
    let mut world = secret();
    let plan = world.plan();
    let change = plan.parts[0].rows[0].changes.iter().last().unwrap();
    assert_eq!(
        (change.path.to_string(), change.after.clone()),
        ("value".to_owned(), Some(json!("env:DB@one")))
    );
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    send(&mut world, "two");
    let plan = world.plan();
    assert!(plan.is_empty());
    assert_eq!(plan.parts[0].held.len(), 1);
    assert!(
        plan.to_table()
            .contains("secrets.k: value has a new value where it comes from")
    );
    world.context.rotate = true;
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update secrets.k"]);
    assert_eq!((plan.summary().rotate, plan.summary().update), (1, 0));
    assert!(
        plan.to_table().contains("~ rotate   secrets.k"),
        "{}",
        plan.to_table()
    );
    world.apply();
    assert!(world.plan().is_empty());
}

#[test]
fn a_secret_that_somebody_else_put_is_put_back_and_one_without_a_value_stops_the_plan() {
    let mut world = secret();
    world.apply();
    world.object("secrets.k").listed.outputs = json!({"last_updated_timestamp": 7});
    assert!(world.plan().is_empty());
    world.object("secrets.k").listed.outputs = json!({"last_updated_timestamp": 8});
    let plan = world.plan();
    assert_eq!(paths(&plan), ["value"]);
    assert!(!plan.parts[0].rows[0].rotation);
    // Two claims of the same object cannot both be right: the put of an object that is gone says nothing.
    world.observed.objects.clear();
    assert_eq!(rows(&world.plan()), ["create secrets.k"]);
    let put = Put {
        version: "x".into(),
        at: 1,
        reference: None,
    };
    world
        .observed
        .puts
        .insert("secrets.k".parse().unwrap(), put);
    assert_eq!(rows(&world.plan()), ["create secrets.k"]);
    let error = plan_without_values(&world);
    assert!(error.contains("there is none to put"), "{error}");
}

fn plan_without_values(world: &World) -> String {
    crate::plan::plan(&world.desired(), &world.observed, &world.context)
        .unwrap_err()
        .to_string()
}

#[test]
fn only_the_size_of_a_cluster_is_a_resize() {
    let mut world = two_jobs();
    world.apply();
    world.edit("clusters.etl", |config| config["num_workers"] = json!(9));
    let plan = world.plan();
    assert_eq!(rows(&plan), ["resize clusters.etl"]);
    assert_eq!(plan.parts[0].rows[0].reversible, Reversibility::Reversible);
    world.edit("clusters.etl", |config| {
        config["spark_version"] = json!("14")
    });
    assert_eq!(rows(&world.plan()), ["update clusters.etl"]);
}

#[test]
fn a_name_with_the_id_of_another_in_it_is_somebodys_as_soon_as_that_id_is_known() {
    let workspace = json!({"workspace_name": "w", "aws_region": "eu-central-1"});
    let mut world = World::new().resource("account_workspaces.main", workspace);
    world.apply();
    let id = world.object("account_workspaces.main").listed.id.clone();
    let assignment = json!({"workspace_id": "${resources.account_workspaces.main.id}", "principal_id": "9", "permission_levels": ["ADMIN"]});
    let mut world = world.resource("account_permission_assignments.nine", assignment);
    assert_eq!(
        rows(&world.plan()),
        ["create account_permission_assignments.nine"]
    );
    let theirs = json!({"workspace_id": id, "principal_id": "9", "permission_levels": ["USER"]});
    world.add_foreign("account_permission_assignments", "x", theirs, None);
    let natural = format!("{id}/9");
    assert!(matches!(
        &refusals(&world)[..],
        [Refused::NameTaken { natural: taken, .. }] if *taken == natural
    ));
}

#[test]
fn what_is_to_be_taken_over_is_never_destroyed_for_it() {
    let config = json!({"instance_pool_name": "p", "node_type_id": "large"});
    let mut world = World::new().resource("instance_pools.p", config);
    let there = json!({"instance_pool_name": "p", "node_type_id": "small"});
    world.add_foreign("instance_pools", "p", there, None);
    let id = world.observed.objects[0].listed.id.clone();
    let key: ResourceKey = "instance_pools.p".parse().unwrap();
    world.context.adopt.insert(key, id.clone());
    let words = world.try_plan().unwrap_err().to_string();
    for part in [id.as_str(), "node_type_id", "destroyed"] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn what_is_protected_where_it_lives_is_neither_removed_nor_shown_to_go() {
    let config =
        json!({"stack_name": "s", "template": "sha256:1", "parameters": {}, "capabilities": []});
    let mut world = World::new().resource("cloudformation_stacks.net", config);
    world.apply();
    world.object("cloudformation_stacks.net").listed.outputs =
        json!({"held_by": "stack s has termination protection"});
    world.bundle.resources.clear();
    let refused = world.try_plan().unwrap_err().to_string();
    assert!(
        refused.contains("`cloudformation_stacks.net` is protected"),
        "{refused}"
    );
    assert!(
        refused.contains("stack s has termination protection: refused to delete it"),
        "{refused}"
    );
}
