//! What holds for every kind in the table.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{World, two_jobs};
use crate::bundle::{Grant, Permission, Principal, ResourceKey};
use crate::kinds::{KINDS, Kind, kind};
use crate::plan::*;

/// A config of each kind, its first fields being those that it cannot do without: how many, and all of them.
fn sample(kind: &dyn Kind) -> (&'static [&'static str], Value) {
    match kind.name() {
        "clusters" => (
            &["cluster_name", "num_workers"],
            json!({"cluster_name": "c", "num_workers": 2, "spark_version": "15", "node_type_id": "m", "spark_conf": {"a": "b"},
                   "autotermination_minutes": 20}),
        ),
        "jobs" => (
            &["name"],
            json!({"name": "j", "max_concurrent_runs": 2, "parameters": [{"name": "b", "default": 1}, {"name": "a", "default": "x"}],
                   "tasks": [{"task_key": "t", "existing_cluster_id": "${resources.clusters.x.id}"}]}),
        ),
        "pipelines" => (
            &["name"],
            json!({"name": "p", "catalog": "main", "schema": "s", "development": false, "continuous": true,
                   "configuration": {"a": 1}, "libraries": [{"notebook": {"path": "/Workspace/x"}}]}),
        ),
        "sql_warehouses" => (
            &["name", "cluster_size"],
            json!({"name": "w", "cluster_size": "Small", "auto_stop_mins": 10, "max_num_clusters": 2,
                   "tags": {"custom_tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]}}),
        ),
        "cluster_policies" => (
            &["name", "definition"],
            json!({"name": "p", "definition": "{\"b\": {\"type\": \"fixed\"},  \"a\": 1}", "description": "d", "max_clusters_per_user": 3}),
        ),
        "instance_pools" => (
            &["instance_pool_name", "node_type_id"],
            json!({"instance_pool_name": "p", "node_type_id": "m", "min_idle_instances": 1, "max_capacity": 4, "custom_tags": {"a": "b"}}),
        ),
        "secret_scopes" => (&["name"], json!({"name": "s"})),
        "secrets" => (
            &["scope", "key", "value"],
            json!({"scope": "s", "key": "k", "value": "env:X"}),
        ),
        "git_folders" => (
            &["path", "url", "provider"],
            json!({"path": "/Workspace/Users/a@x/r", "url": "https://x/r.git", "provider": "gitHub", "branch": "main"}),
        ),
        "git_credentials" => (
            &["git_provider", "name"],
            json!({"git_provider": "gitHub", "name": "n", "git_username": "u", "personal_access_token": "env:T"}),
        ),
        "directories" => (&["path"], json!({"path": "/Workspace/Shared/d"})),
        "ip_access_lists" => (
            &["label", "list_type", "ip_addresses"],
            json!({"label": "l", "list_type": "ALLOW", "ip_addresses": ["2.2.2.2", "1.1.1.1"], "enabled": true}),
        ),
        "workspace_conf" => (
            &["enableIpAccessLists"],
            json!({"enableIpAccessLists": true, "maxTokenLifetimeDays": 90}),
        ),
        "global_init_scripts" => (
            &["name", "script"],
            json!({"name": "s", "script": "ZWNobw==", "enabled": true, "position": 1}),
        ),
        "service_principals" => (
            &["displayName"],
            json!({"displayName": "sp", "active": true}),
        ),
        "groups" => (&["displayName"], json!({"displayName": "team"})),
        "catalogs" => (
            &["name"],
            json!({"name": "Shop", "comment": "c", "properties": {"a": "b"}}),
        ),
        "schemas" => (
            &["name", "catalog_name"],
            json!({"name": "s", "catalog_name": "Main", "comment": "c"}),
        ),
        "volumes" => (
            &["name", "catalog_name", "schema_name", "volume_type"],
            json!({"name": "v", "catalog_name": "main", "schema_name": "s", "volume_type": "EXTERNAL", "storage_location": "s3://b/v/", "comment": "c"}),
        ),
        "external_locations" => (
            &["name", "url", "credential_name"],
            json!({"name": "l", "url": "s3://b/l/", "credential_name": "c", "comment": "x", "read_only": true}),
        ),
        "storage_credentials" => (
            &["name", "aws_iam_role"],
            json!({"name": "c", "aws_iam_role": {"role_arn": "arn:aws:iam::1:role/x"}, "comment": "x"}),
        ),
        "connections" => (
            &["name", "connection_type", "options"],
            json!({"name": "c", "connection_type": "POSTGRESQL", "options": {"host": "h", "password": "env:P"}, "comment": "x"}),
        ),
        "registered_models" => (
            &["name", "catalog_name", "schema_name"],
            json!({"name": "m", "catalog_name": "main", "schema_name": "s", "comment": "c"}),
        ),
        // A kind that came later is tried with what its rules say at least: a name.
        _ => (&[], json!({ kind.rules().name_field: "x" })),
    }
}

/// Kinds with a sample of their own.
fn sampled() -> Vec<&'static dyn Kind> {
    KINDS
        .iter()
        .copied()
        .filter(|kind| !sample(*kind).0.is_empty())
        .collect()
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
            resource.permissions = vec![Permission { level, principal }];
        }
        if kind.securable().is_some() && level > 1 {
            resource.grants = vec![Grant {
                principal: "readers".into(),
                privileges: vec!["USE_CATALOG".into(), "SELECT".into()],
            }];
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
        gone in prop::collection::vec(any::<bool>(), 24), share in 0usize..=100,
    ) {
        let mut old = world(&before, 1);
        old.apply();
        let mut new = world(&after, 2);
        new.context.allow_destroy = new.bundle.resources.keys().cloned().collect();
        new.observed = old.observed;
        new.next_id = 5000;
        for (kind, gone) in sampled().iter().zip(gone) {
            if gone && kind.name() != "clusters" {
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

#[test]
fn the_kinds_of_the_issue_have_a_sample() {
    let names: BTreeSet<&str> = sampled().iter().map(|kind| kind.name()).collect();
    assert!(names.len() >= 20, "{names:?}");
    assert!(kind("jobs").is_some() && names.contains("secrets") && names.contains("schemas"));
}
