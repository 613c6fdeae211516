//! What stands beside an object's settings, and what nobody may have said.

use serde_json::{Value, json};

use super::{World, paths, rows};
use crate::bundle::{Grant, Permission, Principal, Resource};
use crate::kinds::kind;
use crate::plan::Desired;

/// A job that is to run as that one, and what its workspace says: the settings do not repeat it.
fn job_as(run_as: Value, said: Option<&str>) -> World {
    let mut world = World::new().resource("jobs.a", json!({"name": "a", "run_as": run_as}));
    world.apply();
    let object = world.object("jobs.a");
    let id: u64 = object.listed.id.parse().unwrap();
    let marker = object.listed.marker.clone();
    let mut answer = json!({"job_id": id, "creator_user_name": "robot", "settings": {"name": "a", "queue": {"enabled": true}}});
    if let Some(said) = said {
        answer["run_as_user_name"] = json!(said);
    }
    object.listed = kind("jobs").unwrap().read(&answer).unwrap().unwrap();
    object.listed.marker = marker;
    world
}

#[test]
fn whom_a_job_runs_as_is_compared_with_what_stands_beside_settings_that_do_not_say_it() {
    const PRINCIPAL: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    let user = json!({"user_name": "ada@example.com"});
    let principal = json!({"service_principal_name": PRINCIPAL});
    for (wanted, said) in [
        (&user, Some("ada@example.com")),
        (&principal, Some(PRINCIPAL)),
        // Nobody says whom: nobody knows that it is another.
        (&user, None),
    ] {
        let world = job_as(wanted.clone(), said);
        assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    }
    let world = job_as(user, Some(PRINCIPAL));
    assert_eq!(
        paths(&world.plan()),
        ["run_as.service_principal_name", "run_as.user_name"]
    );
}

/// The resource under `key`, changed in Git.
pub(super) fn in_git(world: &mut World, key: &str, change: impl FnOnce(&mut Resource)) {
    let resource = world.bundle.resources.get_mut(&key.parse().unwrap());
    change(resource.unwrap());
}

fn viewer() -> Vec<Permission> {
    vec![Permission {
        level: "CAN_VIEW".to_owned(),
        principal: Principal::Group("all".to_owned()),
    }]
}

#[test]
fn an_empty_list_of_permissions_takes_the_last_one_away_but_the_owners_and_ours() {
    let mut world = World::new().resource("jobs.a", json!({"name": "a"}));
    in_git(&mut world, "jobs.a", |job| job.permissions = Some(viewer()));
    world.apply();
    world.observed.me = Some("service_principal:us".to_owned());
    world.edit("jobs.a", |config| {
        config["permissions"]["user:ada@x"] = json!("IS_OWNER");
        config["permissions"]["service_principal:us"] = json!("CAN_MANAGE");
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    in_git(&mut world, "jobs.a", |job| job.permissions = Some(vec![]));
    assert_eq!(paths(&world.plan()), ["permissions[\"group:all\"]"]);
    let all = world.object("jobs.a").listed.config["permissions"].clone();
    let known = kind("jobs").unwrap().permissions().unwrap();
    assert_eq!(
        known.list(&json!({}), &all, "service_principal:us"),
        [
            json!({"service_principal_name": "us", "permission_level": "CAN_MANAGE"}),
            json!({"user_name": "ada@x", "permission_level": "IS_OWNER"}),
        ]
    );
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    // Somebody gives it back by hand; and a new object has nobody to begin with.
    world.edit("jobs.a", |config| {
        config["permissions"] = json!({"group:all": "CAN_VIEW"});
    });
    assert_eq!(paths(&world.plan()), ["permissions[\"group:all\"]"]);
    world.observed.objects.clear();
    world.apply();
    world.edit("jobs.a", |config| {
        drop(config.as_object_mut().unwrap().remove("permissions"))
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    // Who says nothing of them leaves them alone.
    world.edit("jobs.a", |config| {
        config["permissions"] = json!({"group:all": "CAN_VIEW"});
    });
    in_git(&mut world, "jobs.a", |job| job.permissions = None);
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}

#[test]
fn an_empty_list_of_grants_takes_the_last_one_away() {
    let mut world =
        World::new().resource("schemas.s", json!({"name": "s", "catalog_name": "main"}));
    in_git(&mut world, "schemas.s", |schema| {
        schema.grants = Some(vec![Grant {
            principal: "all".to_owned(),
            privileges: vec!["SELECT".to_owned()],
        }]);
    });
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    in_git(&mut world, "schemas.s", |schema| {
        schema.grants = Some(vec![])
    });
    assert_eq!(paths(&world.plan()), ["grants.all"]);
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}

#[test]
fn what_the_last_apply_gave_and_nothing_speaks_of_any_more_is_taken_away() {
    let mut world = World::new()
        .resource("jobs.a", json!({"name": "a"}))
        .resource("schemas.s", json!({"name": "s", "catalog_name": "main"}))
        .resource(
            "groups.g",
            json!({"displayName": "g", "members": [{"value": "1"}]}),
        )
        .resource("jobs.b", json!({"name": "b"}));
    for job in ["jobs.a", "jobs.b"] {
        in_git(&mut world, job, |job| job.permissions = Some(viewer()));
    }
    in_git(&mut world, "schemas.s", |schema| {
        schema.grants = Some(vec![Grant {
            principal: "all".to_owned(),
            privileges: vec!["SELECT".to_owned()],
        }]);
    });
    let before = world.desired();
    // Silent now, but for the second job, which has others, and one that is new.
    in_git(&mut world, "jobs.a", |job| job.permissions = None);
    in_git(&mut world, "schemas.s", |schema| schema.grants = None);
    in_git(&mut world, "groups.g", |group| {
        group.config = json!({"displayName": "g"}).into();
    });
    in_git(&mut world, "jobs.b", |job| job.permissions = Some(vec![]));
    let world = world.resource("jobs.c", json!({"name": "c"}));
    let silent = world.desired();
    let mut wanted = silent.clone();
    wanted.take_away(&before);
    let of = |desired: &Desired, key: &str| desired.resources[&key.parse().unwrap()].clone();
    assert_eq!(of(&wanted, "jobs.a").permissions, Some(json!({})));
    assert_eq!(of(&wanted, "schemas.s").grants, Some(json!({})));
    assert_eq!(of(&wanted, "groups.g").config["members"], json!([]));
    for key in ["jobs.b", "jobs.c"] {
        assert_eq!(of(&wanted, key), of(&silent, key), "{key}");
    }
    // Once: the package after it was told of nothing that it would have to take away.
    let mut next = silent.clone();
    next.take_away(&silent);
    assert_eq!(next, silent);
}

#[test]
fn an_empty_list_of_members_entitlements_or_roles_empties_it_and_silence_leaves_it() {
    let value = |value: &str| json!([{ "value": value }]);
    for (key, name, lists) in [
        (
            "groups.g",
            "displayName",
            &["members", "entitlements", "roles"][..],
        ),
        (
            "service_principals.p",
            "displayName",
            &["entitlements", "roles"],
        ),
        ("account_groups.g", "displayName", &["members", "roles"]),
        ("account_service_principals.p", "displayName", &["roles"]),
    ] {
        for list in lists {
            let said = |said: Option<Value>| {
                let mut config = json!({ name: "x" });
                config
                    .as_object_mut()
                    .unwrap()
                    .extend(said.map(|said| ((*list).to_owned(), said)));
                World::new().resource(key, config)
            };
            let mut world = said(Some(value("one")));
            world.apply();
            assert!(world.plan().is_empty(), "{}", world.plan().to_table());
            let mut silent = said(None);
            silent.observed = world.observed.clone();
            assert!(silent.plan().is_empty(), "{}", silent.plan().to_table());
            let mut nobody = said(Some(json!([])));
            nobody.observed = world.observed;
            nobody.next_id = world.next_id;
            assert_eq!(
                paths(&nobody.plan()),
                [format!("{list}[value=one]")],
                "{key} {list}"
            );
            let live = nobody.observed.objects[0].listed.config.clone();
            let of = kind(key.split('.').next().unwrap()).unwrap();
            let wanted = nobody.desired().resources[&key.parse().unwrap()]
                .config
                .clone();
            let marker = nobody.observed.objects[0].listed.marker.clone().unwrap();
            let calls = of.update("1", &live, &wanted, &marker);
            assert_eq!(
                calls[0].body.as_ref().unwrap()[list],
                json!([]),
                "{key} {list}"
            );
            nobody.apply();
            assert!(nobody.plan().is_empty(), "{}", nobody.plan().to_table());
            // The service leaves out what is empty.
            nobody.edit(key, |config| {
                drop(config.as_object_mut().unwrap().remove(*list))
            });
            assert!(nobody.plan().is_empty(), "{}", nobody.plan().to_table());
            nobody.edit(key, |config| config[list] = value("two"));
            assert_eq!(rows(&nobody.plan()), [format!("update {key}")]);
        }
    }
}

#[test]
fn what_is_said_in_so_many_words_is_put_back_also_where_it_is_the_servers_default() {
    let cluster = |more: Value| {
        let mut config = json!({"cluster_name": "a", "num_workers": 1, "node_type_id": "A"});
        config
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ("clusters.a", config)
    };
    let pool = |more: Value| {
        (
            "instance_pools.p",
            json!({"instance_pool_name": "p", "node_type_id": "A", "aws_attributes": more}),
        )
    };
    for ((key, config), at, by_hand, action) in [
        (
            cluster(json!({"driver_node_type_id": "A"})),
            "/driver_node_type_id",
            json!("B"),
            "update",
        ),
        (
            pool(json!({"availability": "SPOT"})),
            "/aws_attributes",
            json!({"availability": "ON_DEMAND"}),
            "replace",
        ),
        (
            pool(json!({"spot_bid_price_percent": 100})),
            "/aws_attributes",
            json!({"spot_bid_price_percent": 50}),
            "replace",
        ),
        (
            cluster(
                json!({"policy_id": "P", "aws_attributes": {"availability": "SPOT_WITH_FALLBACK"}}),
            ),
            "/aws_attributes",
            json!({"availability": "ON_DEMAND"}),
            "update",
        ),
    ] {
        let mut world = World::new().resource(key, config.clone());
        let definition = json!({"aws_attributes.availability": {"type": "unlimited", "defaultValue": "ON_DEMAND"}});
        let policy = crate::kinds::PolicyDefinition::read(&definition).unwrap();
        world.observed.policies.insert("P".to_owned(), policy);
        world.apply();
        assert!(world.plan().is_empty(), "{}", world.plan().to_table());
        world.edit(key, |live| {
            live[at.trim_start_matches('/')] = by_hand.clone();
        });
        let plan = world.plan();
        assert_eq!(rows(&plan), [format!("{action} {key}")], "{config}");
        let (_, row) = plan.rows().next().unwrap();
        let changed = row
            .changes
            .read()
            .iter()
            .any(|change| change.after.is_some());
        assert!(changed, "{}", plan.to_table());
        world.apply();
        assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    }
}
