//! Replacements reach what refers to them; rows say what they wait for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{World, rows, two_jobs};
use crate::bundle::ResourceKey;
use crate::plan::*;

/// A pool that must be replaced, a policy in it, a cluster in that.
fn pool(node: &str) -> World {
    World::new()
        .resource("instance_pools.p", json!({"instance_pool_name": "p", "node_type_id": node}))
        .resource(
            "clusters.c",
            json!({"cluster_name": "c", "num_workers": 1, "instance_pool_id": "${resources.instance_pools.p.id}"}),
        )
        .resource(
            "jobs.j",
            json!({"name": "j", "tasks": [{"task_key": "t", "existing_cluster_id": "${resources.clusters.c.id}"}]}),
        )
}

#[test]
fn what_refers_to_a_replaced_object_changes_too_and_says_why() {
    let mut world = pool("small");
    world.apply();
    let mut larger = pool("large");
    larger.observed = world.observed;
    larger.next_id = 900;
    let plan = larger.plan();
    assert_eq!(
        rows(&plan),
        ["replace instance_pools.p", "update clusters.c"]
    );
    let [pool, cluster] = &plan.parts[0].rows[..] else {
        panic!("{}", plan.to_table())
    };
    assert_eq!(pool.reason, "node_type_id cannot change in place");
    assert!(
        cluster
            .reason
            .contains("instance_pools.p, which it refers to, is replaced")
    );
    assert_eq!(cluster.after, std::slice::from_ref(&pool.key));
    // The same row is found when the first was done and the process died.
    larger.apply_first(1);
    let left = larger.plan();
    assert_eq!(rows(&left), ["update clusters.c"]);
    assert_eq!(left.subset_of(&plan.action_digests()), Ok(()));
    larger.apply();
    assert!(larger.plan().is_empty(), "{}", larger.plan().to_table());
}

#[test]
fn rows_wait_for_what_they_need_and_removals_for_what_needs_them() {
    let after = |plan: &Plan| -> BTreeMap<String, BTreeSet<String>> {
        plan.rows()
            .map(|(_, row)| {
                let after = row.after.iter().map(ToString::to_string).collect();
                (row.key.to_string(), after)
            })
            .collect()
    };
    let mut world = two_jobs();
    let waits = after(&world.plan());
    assert!(waits["clusters.etl"].is_empty());
    assert_eq!(
        waits["jobs.load"],
        BTreeSet::from(["clusters.etl".to_owned(), "files.files".to_owned()])
    );
    assert_eq!(waits["jobs.all"], BTreeSet::from(["jobs.load".to_owned()]));
    world.apply();
    // The cluster goes, and the job that stays lets go of it first.
    let mut without = two_jobs().resource("jobs.load", json!({"name": "load"}));
    without
        .bundle
        .resources
        .remove(&"clusters.etl".parse().unwrap());
    without.observed = world.observed;
    let waits = after(&without.plan());
    assert!(waits["clusters.etl"].contains("jobs.load"), "{waits:?}");
    without.bundle.resources.clear();
    let waits = after(&without.plan());
    assert_eq!(
        waits["clusters.etl"],
        BTreeSet::from(["jobs.load".to_owned()])
    );
    assert_eq!(waits["jobs.load"], BTreeSet::from(["jobs.all".to_owned()]));
    assert!(waits["jobs.all"].is_empty());
}

#[test]
fn every_row_waits_only_for_rows_before_it() {
    let mut world = pool("small");
    world.apply();
    let mut plans = vec![two_jobs().plan(), pool("large").plan()];
    world.bundle.resources.remove(&"jobs.j".parse().unwrap());
    world
        .bundle
        .resources
        .remove(&"clusters.c".parse().unwrap());
    plans.push(world.plan());
    for plan in plans {
        let mut seen: BTreeSet<&ResourceKey> = BTreeSet::new();
        for (_, row) in plan.rows() {
            assert!(
                row.after.iter().all(|key| seen.contains(key)),
                "{}",
                plan.to_table()
            );
            seen.insert(&row.key);
        }
    }
}

#[test]
fn a_set_whose_members_others_give_is_the_same_in_whatever_order_they_come() {
    let stack =
        json!({"stack_name": "s", "template": "sha256:1", "template_body": "Resources: {}"});
    let mut world = World::new().resource("cloudformation_stacks.vpc", stack);
    world.apply();
    world.object("cloudformation_stacks.vpc").listed.outputs =
        json!({"outputs": {"First": "subnet-9", "Second": "subnet-1"}});
    let output = |name: &str| format!("${{resources.cloudformation_stacks.vpc.outputs.{name}}}");
    let network = json!({"network_name": "n", "vpc_id": "v", "subnet_ids": [output("First"), output("Second")]});
    let mut world = world.resource("account_networks.n", network);
    world.apply();
    assert_eq!(
        world.object("account_networks.n").listed.config["subnet_ids"],
        json!(["subnet-1", "subnet-9"])
    );
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world.edit("account_networks.n", |config| {
        config["subnet_ids"][0] = json!("subnet-2")
    });
    assert_eq!(rows(&world.plan()), ["replace account_networks.n"]);
}

#[test]
fn what_needed_another_while_it_was_wanted_goes_before_it() {
    let stack = |name: &str, parameters| json!({"stack_name": name, "template": "sha256:1", "template_body": "x", "parameters": parameters});
    let mut world = World::new()
        .resource("cloudformation_stacks.a", stack("a", json!({})))
        .resource("cloudformation_stacks.b", stack("b", json!({"Bits": "1"})))
        .resource(
            "account_networks.n",
            json!({"network_name": "n", "vpc_id": "v"}),
        );
    world.apply();
    let key = |text: &str| -> ResourceKey { text.parse().unwrap() };
    world.bundle.resources.clear();
    let after = |world: &World, text: &str| -> Vec<ResourceKey> {
        let plan = world.plan();
        let row = plan.parts[0].rows.iter().find(|row| row.key == key(text));
        row.unwrap().after.clone()
    };
    assert!(
        after(&world, "cloudformation_stacks.a").is_empty(),
        "parameters say nothing"
    );
    world.context.formerly = BTreeMap::from([
        (
            key("cloudformation_stacks.b"),
            BTreeSet::from([key("cloudformation_stacks.a")]),
        ),
        (
            key("account_networks.n"),
            BTreeSet::from([key("cloudformation_stacks.b")]),
        ),
    ]);
    assert_eq!(
        after(&world, "cloudformation_stacks.a"),
        [key("cloudformation_stacks.b")]
    );
    assert_eq!(
        after(&world, "cloudformation_stacks.b"),
        [key("account_networks.n")]
    );
}

#[test]
fn a_git_folder_that_somebody_took_off_its_tag_goes_back_to_it() {
    let folder =
        json!({"path": "/Shared/r", "url": "https://x/r.git", "provider": "gitHub", "tag": "v1"});
    let mut world = World::new().resource("git_folders.r", folder);
    world.apply();
    // On a tag there is no branch.
    world.edit("git_folders.r", |live| {
        drop(live.as_object_mut().unwrap().remove("branch"))
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world.edit("git_folders.r", |live| live["branch"] = json!("main"));
    let plan = world.plan();
    assert_eq!(rows(&plan), ["update git_folders.r"]);
    let (_, row) = plan.rows().next().unwrap();
    let changes = row.changes.read();
    assert_eq!(
        (&changes[0].before, &changes[0].after),
        (&Some(json!("main")), &None)
    );
    let (wanted, live) = (
        world.desired(),
        world.object("git_folders.r").listed.clone(),
    );
    let kind = crate::kinds::kind("git_folders").unwrap();
    let wanted = &wanted.resources[&"git_folders.r".parse().unwrap()].config;
    let calls = kind.update("1", &live.config, wanted, live.marker.as_ref().unwrap());
    assert_eq!(calls[0].body, Some(json!({"tag": "v1"})));
}

#[test]
fn whether_a_git_folder_has_a_sparse_checkout_is_said_when_it_is_made() {
    let folder = |sparse: Option<&str>| {
        let mut config = json!({"path": "/Shared/r", "url": "https://x/r.git", "provider": "gitHub", "branch": "main"});
        if let Some(pattern) = sparse {
            config["sparse_checkout"] = json!({"patterns": [pattern]});
        }
        World::new().resource("git_folders.r", config)
    };
    for (before, after, action) in [
        (Some("a"), None, "replace"),
        (None, Some("a"), "replace"),
        (Some("a"), Some("b"), "update"),
    ] {
        let mut world = folder(before);
        world.apply();
        let mut next = folder(after);
        next.observed = world.observed;
        next.context.allow_destroy = next.bundle.resources.keys().cloned().collect();
        let expected = format!("{action} git_folders.r");
        assert_eq!(rows(&next.plan()), [expected], "{before:?} {after:?}");
    }
}
