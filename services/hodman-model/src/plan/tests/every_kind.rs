//! What holds for every kind in the table.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::samples::sample;
use super::{World, two_jobs};
use crate::bundle::{Grant, Permission, Principal, ResourceKey};
use crate::kinds::{KINDS, Kind, foundation_kinds};
use crate::plan::*;

/// Kinds whose samples others refer to.
const REFERRED: [&str; 10] = [
    "account_ip_access_lists",
    "clusters",
    "account_credentials",
    "account_groups",
    "account_metastores",
    "account_network_connectivity_configs",
    "account_network_policies",
    "account_service_principals",
    "account_storage_configurations",
    "account_workspaces",
];

/// Every kind that there is.
fn sampled() -> Vec<&'static dyn Kind> {
    KINDS.iter().copied().chain(foundation_kinds()).collect()
}

/// One resource of each kind, some of their fields left out as `left_out` says, with permissions and grants.
fn world(left_out: &[bool], level: usize) -> World {
    let mut world =
        World::new().resource("clusters.x", json!({"cluster_name": "x", "num_workers": 0}));
    let mut dice = left_out.iter().cycle();
    for kind in sampled() {
        let (needed, mut config) = sample(kind);
        config.as_object_mut().unwrap().retain(|field, _| {
            needed.contains(&field.as_str()) || !dice.next().copied().unwrap_or_default()
        });
        let key = ResourceKey::new(kind.name(), "a");
        world = world.resource(&key.to_string(), config);
        let resource = world.bundle.resources.get_mut(&key).unwrap();
        if let Some(allowed) = kind.permissions().filter(|_| level > 0) {
            let level = allowed.levels[level % allowed.levels.len()].to_owned();
            let principal = Principal::Group("team".into());
            resource.permissions = Some(vec![Permission { level, principal }]);
        }
        if kind.securable().is_some() && level > 1 {
            resource.grants = Some(vec![Grant {
                principal: "readers".into(),
                privileges: vec!["USE_CATALOG".into(), "SELECT".into()],
            }]);
        }
    }
    world
}

fn shuffled<T>(items: &mut [T], mut seed: u64) {
    for end in (1..items.len()).rev() {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(end, usize::try_from(seed >> 33).unwrap() % (end + 1));
    }
}

fn keys(plan: &Plan) -> Vec<String> {
    plan.rows().map(|(_, row)| row.key.to_string()).collect()
}

/// The names of a plan's rows by key.
fn named(plan: &Plan) -> BTreeMap<ResourceKey, crate::digest::Digest> {
    plan.rows()
        .map(|(_, row)| (row.key.clone(), row.digest.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_plan_after_apply_is_empty_for_every_kind(left_out in prop::collection::vec(any::<bool>(), 1..40), level in 0usize..6) {
        let mut world = world(&left_out, level);
        world.apply();
        prop_assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    }

    #[test]
    fn a_plan_is_the_same_whatever_the_order_of_the_world(
        before in prop::collection::vec(any::<bool>(), 1..40), after in prop::collection::vec(any::<bool>(), 1..40),
        level in 0usize..6, seed in any::<u64>(),
    ) {
        let mut old = world(&before, level);
        old.apply();
        let mut new = world(&after, level + 1);
        new.context.allow_destroy = new.bundle.resources.keys().cloned().collect();
        new.observed = old.observed;
        let plan = new.plan();
        shuffled(&mut new.observed.objects, seed);
        prop_assert_eq!(new.plan().digest(), plan.digest());
        prop_assert_eq!(keys(&new.plan()), keys(&plan));
    }

    #[test]
    fn what_is_left_after_any_prefix_is_what_was_planned(
        before in prop::collection::vec(any::<bool>(), 1..40), after in prop::collection::vec(any::<bool>(), 1..40),
        gone in prop::collection::vec(any::<bool>(), 64), share in 0usize..=100,
    ) {
        let mut old = world(&before, 1);
        old.apply();
        let mut new = world(&after, 2);
        new.context.allow_destroy = new.bundle.resources.keys().cloned().collect();
        new.observed = old.observed;
        new.next_id = 5000;
        for (kind, gone) in sampled().iter().zip(gone) {
            // What others refer to stays.
            if gone && !REFERRED.contains(&kind.name()) {
                new.bundle.resources.remove(&ResourceKey::new(kind.name(), "a"));
            }
        }
        let plan = new.plan();
        let count = plan.rows().count() * share / 100;
        let rest: BTreeSet<_> = plan.rows().skip(count).map(|(_, row)| row.key.clone()).collect();
        new.apply_first(count);
        let left = new.plan();
        prop_assert_eq!(left.subset_of(&plan.action_digests()), Ok(()), "{}\n{}", plan.to_table(), left.to_table());
        prop_assert_eq!(named(&left).into_keys().collect::<BTreeSet<_>>(), rest);
        new.apply();
        prop_assert!(new.plan().is_empty(), "{}", new.plan().to_table());
    }

    #[test]
    fn whatever_hands_do_between_applies_it_converges_and_others_are_left_alone(
        fields in prop::collection::vec(any::<bool>(), 1..40), steps in prop::collection::vec((0u8..5, any::<u64>()), 1..12),
    ) {
        let mut world = world(&fields, 1);
        world.context.allow_destroy = world.bundle.resources.keys().cloned().collect();
        let mut foreign: Vec<String> = Vec::new();
        for (step, dice) in steps {
            let at = |count: usize| usize::try_from(dice).unwrap_or(usize::MAX) % count.max(1);
            let count = world.observed.objects.len();
            match step {
                // An apply that ends somewhere on its way.
                0 => {
                    let rows = world.plan().rows().count();
                    world.apply_first(at(rows + 1));
                }
                // Somebody removes an object that nothing else stands on.
                1 if count > 0 => {
                    let object = &world.observed.objects[at(count)];
                    if !REFERRED.contains(&object.kind.as_str()) && object.listed.name != "theirs" {
                        let id = (object.kind.clone(), object.listed.id.clone());
                        world.observed.objects.retain(|object| (object.kind.clone(), object.listed.id.clone()) != id);
                    }
                }
                // Somebody clears a field that may change.
                2 if count > 0 => {
                    let object = &mut world.observed.objects[at(count)];
                    let rules = crate::kinds::kind(&object.kind).unwrap().rules();
                    let name = rules.name_field.to_owned();
                    if let Value::Object(config) = &mut object.listed.config {
                        // Where a workspace keeps its files never changes.
                        let stays = |field: &str| field == name || object.kind == "account_storage_configurations" || field == "storage_configuration_id";
                        let fields: Vec<String> = config.keys().filter(|field| !stays(field)).cloned().collect();
                        if !fields.is_empty() && object.listed.marker.is_some() {
                            config.remove(&fields[at(fields.len())]);
                        }
                    }
                }
                // Somebody makes a job of theirs.
                3 => {
                    let id = (9000 + foreign.len()).to_string();
                    world.add_foreign("jobs", &id, json!({"name": "theirs", "max_concurrent_runs": 3}), None);
                    foreign.push(id);
                }
                _ => world.apply(),
            }
        }
        world.apply();
        prop_assert!(world.plan().is_empty(), "{}", world.plan().to_table());
        let mut ours = BTreeSet::new();
        for object in &world.observed.objects {
            if let Some(marker) = &object.listed.marker {
                prop_assert!(ours.insert((object.kind.clone(), marker.key.clone())), "{} is there twice", object.kind);
            }
        }
        prop_assert_eq!(ours.len(), world.bundle.resources.len());
        let left: Vec<String> = world.observed.objects.iter().filter(|object| object.listed.name == "theirs").map(|object| object.listed.id.clone()).collect();
        prop_assert_eq!(left, foreign);
    }

    #[test]
    fn rows_may_be_done_in_any_order_that_their_edges_allow(seed in any::<u64>()) {
        let mut world = two_jobs();
        let plan = world.plan();
        let mut rows: Vec<&Row> = plan.rows().map(|(_, row)| row).collect();
        shuffled(&mut rows, seed);
        let mut done: BTreeSet<ResourceKey> = BTreeSet::new();
        while !rows.is_empty() {
            let at = rows.iter().position(|row| row.after.iter().all(|key| done.contains(key))).unwrap();
            let row = rows.remove(at);
            world.apply_rows(&[row]);
            done.insert(row.key.clone());
        }
        prop_assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    }
}
