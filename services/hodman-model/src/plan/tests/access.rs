//! Permissions, grants, references and lookups.

use serde_json::json;

use super::{World, paths, rows};
use crate::bundle::{Grant, Lookup, Permission, Position, Principal};

fn permission(level: &str, principal: Principal) -> Permission {
    Permission {
        level: level.into(),
        principal,
    }
}

fn group(name: &str) -> Principal {
    Principal::Group(name.into())
}

/// One job with these permissions.
fn job(permissions: Vec<Permission>) -> World {
    let mut world = World::new().resource("jobs.a", json!({"name": "a"}));
    let resource = world.bundle.resources.get_mut(&"jobs.a".parse().unwrap());
    resource.unwrap().permissions = Some(permissions);
    world
}

#[test]
fn permissions_are_fields_of_the_row_and_the_owner_stays_who_it_is() {
    let mut world = job(vec![permission("CAN_VIEW", group("all"))]);
    assert_eq!(paths(&world.plan()), ["name", "permissions"]);
    world.apply();
    world.edit("jobs.a", |config| {
        config["permissions"] = json!({"group:all": "CAN_VIEW", "user:robot@x": "IS_OWNER"});
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world.edit("jobs.a", |config| {
        config["permissions"]["group:all"] = json!("CAN_MANAGE");
        config["permissions"]["user:eve@x"] = json!("CAN_MANAGE");
    });
    let plan = world.plan();
    assert_eq!(
        paths(&plan),
        ["permissions[\"group:all\"]", "permissions[\"user:eve@x\"]"]
    );
    let (_, row) = plan.rows().next().unwrap();
    assert!(row.changes_field("permissions") && !row.changes_object());
}

#[test]
fn a_resource_that_says_nothing_of_permissions_leaves_the_live_ones_alone() {
    let mut world = World::new().resource("jobs.a", json!({"name": "a"}));
    world.apply();
    world.edit("jobs.a", |config| {
        config["permissions"] = json!({"user:eve@x": "CAN_MANAGE"});
    });
    assert!(world.plan().is_empty());
}

#[test]
fn everything_that_cannot_be_applied_is_told_at_once() {
    let mut world = job(vec![
        permission("CAN_VEIW", group("all")),
        permission("IS_OWNER", Principal::User("a@x".into())),
        permission("IS_OWNER", Principal::User("b@x".into())),
    ]);
    let key = "jobs.a".parse().unwrap();
    let resource = world.bundle.resources.get_mut(&key).unwrap();
    resource.grants = Some(vec![Grant {
        principal: "eve".into(),
        privileges: vec!["SELECT".into()],
    }]);
    let world = world.resource("jobs.b", json!({"x": "${resources.jobs.zz.id}"}));
    let error = world.try_plan().unwrap_err().to_string();
    for words in [
        "resources/x.yml:3:1: resource `jobs.a`: there is no permission level `CAN_VEIW` (hint: did you mean `CAN_VIEW`?)",
        "2 principals have `IS_OWNER` (hint: a job has exactly one owner)",
        "`grants` cannot be applied",
        "`jobs.b` refers to `jobs.zz`, which is not in the bundle",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert_eq!(error.lines().count(), 4, "{error}");
}

#[test]
fn grants_have_one_spelling_and_one_order() {
    let grant = |privileges: &[&str]| Grant {
        principal: "readers".into(),
        privileges: privileges
            .iter()
            .map(|&privilege| privilege.into())
            .collect(),
    };
    let with = |grants: Vec<Grant>| {
        let mut world =
            World::new().resource("schemas.s", json!({"name": "s", "catalog_name": "main"}));
        let resource = world
            .bundle
            .resources
            .get_mut(&"schemas.s".parse().unwrap());
        resource.unwrap().grants = Some(grants);
        world
    };
    let mut world = with(vec![grant(&["USE SCHEMA", "select"])]);
    world.apply();
    assert_eq!(
        world.object("schemas.s").listed.config["grants"],
        json!({"readers": ["SELECT", "USE_SCHEMA"]})
    );
    let mut other = with(vec![grant(&["SELECT"]), grant(&["USE_SCHEMA"])]);
    other.observed = world.observed.clone();
    assert!(other.plan().is_empty(), "{}", other.plan().to_table());
    let mut less = with(vec![grant(&["SELECT"])]);
    less.observed = world.observed;
    assert_eq!(paths(&less.plan()), ["grants.readers"]);
}

#[test]
fn a_user_is_granted_the_same_in_whatever_case_the_address_is_written() {
    let with = |principals: &[&str]| {
        let mut world =
            World::new().resource("schemas.s", json!({"name": "s", "catalog_name": "main"}));
        let key = "schemas.s".parse().unwrap();
        let grant = |(principal, privilege): (&&str, &str)| Grant {
            principal: (*principal).into(),
            privileges: vec![privilege.into()],
        };
        let grants = principals.iter().zip(["SELECT", "USE_SCHEMA"]);
        let resource = world.bundle.resources.get_mut(&key).unwrap();
        resource.grants = Some(grants.map(grant).collect());
        world
    };
    let mut world = with(&["Ada@acme.com", "ADA@acme.com"]);
    world.apply();
    world.edit("schemas.s", |config| {
        config["grants"] = json!({"ada@acme.com": ["SELECT", "USE_SCHEMA"]});
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    // Groups are told apart by case.
    let mut groups = with(&["Readers", "readers"]);
    groups.apply();
    groups.edit("schemas.s", |config| {
        config["grants"] = json!({"readers": ["SELECT", "USE_SCHEMA"]});
    });
    assert_eq!(paths(&groups.plan()), ["grants.Readers", "grants.readers"]);
}

#[test]
fn fields_of_others_are_put_in_where_the_package_says_them_and_asked_where_it_does_not() {
    let world = World::new()
        .resource("catalogs.main", json!({"name": "shop"}))
        .resource(
            "schemas.s",
            json!({"name": "s", "catalog_name": "${resources.catalogs.main.name}"}),
        )
        .resource(
            "volumes.v",
            json!({"name": "v", "schema_name": "${resources.schemas.s.name}",
                   "catalog_name": "${resources.schemas.s.catalog_name}"}),
        )
        .resource(
            "jobs.a",
            json!({"name": "a", "parameters": [{"name": "p", "default": "${resources.volumes.v.volume_path}/in"}]}),
        );
    let desired = world.desired();
    assert_eq!(
        desired.resources[&"volumes.v".parse().unwrap()].config["catalog_name"],
        json!("shop")
    );
    assert_eq!(
        rows(&world.plan()),
        [
            "create catalogs.main",
            "create schemas.s",
            "create volumes.v",
            "create jobs.a"
        ]
    );
    let mut world = world;
    world.apply();
    assert_eq!(
        world.object("jobs.a").listed.config["parameters"][0]["default"],
        json!("/Volumes/shop/s/v/in")
    );
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world
        .context
        .allow_destroy
        .insert("volumes.v".parse().unwrap());
    world.bundle.resources.clear();
    assert_eq!(
        rows(&world.plan()),
        [
            "delete volumes.v",
            "delete schemas.s",
            "delete jobs.a",
            "delete catalogs.main"
        ]
    );
}

fn looking_up() -> World {
    let lookup = Lookup {
        kind: "cluster".into(),
        name: "shared v1.2".into(),
        variable: "pool".into(),
        position: Position {
            file: "databricks.yml".into(),
            line: 7,
            column: 5,
        },
    };
    let mut world = World::new().resource(
        "jobs.a",
        json!({"name": "a", "tasks": [{"task_key": "t", "existing_cluster_id": lookup.placeholder()}]}),
    );
    world.bundle.lookups = vec![lookup];
    world
}

#[test]
fn what_is_looked_up_is_symbolic_in_the_plan_and_an_id_when_applied() {
    let with_id = |id: &str| {
        let mut world = looking_up();
        world.add_foreign("clusters", id, json!({"cluster_name": "shared v1.2"}), None);
        world
    };
    let (mut one, other) = (with_id("c-1"), with_id("c-2"));
    assert_eq!(one.plan().digest(), other.plan().digest());
    one.apply();
    assert_eq!(
        one.object("jobs.a").listed.config["tasks"][0]["existing_cluster_id"],
        json!("c-1")
    );
    assert!(one.plan().is_empty());
    let gone = one
        .observed
        .objects
        .iter_mut()
        .find(|object| object.listed.id == "c-1");
    gone.unwrap().listed.id = "c-9".into();
    assert_eq!(
        paths(&one.plan()),
        ["tasks[task_key=t].existing_cluster_id"]
    );
}

#[test]
fn a_name_that_nothing_or_several_have_is_an_error_with_a_place() {
    let mut world = looking_up();
    world.add_foreign(
        "clusters",
        "c-1",
        json!({"cluster_name": "shared v1.1"}),
        None,
    );
    assert_eq!(
        world.try_plan().unwrap_err().to_string(),
        "databricks.yml:7:5: variable `pool`: the workspace qa-eu has no cluster called `shared v1.2` (hint: did you mean `shared v1.1`?)"
    );
    for id in ["c-2", "c-3"] {
        world.add_foreign("clusters", id, json!({"cluster_name": "shared v1.2"}), None);
    }
    let error = world.try_plan().unwrap_err().to_string();
    assert!(
        error.contains("c-2, c-3") && error.contains("2 objects"),
        "{error}"
    );
}

#[test]
fn a_service_principal_that_is_written_as_a_user_is_one_and_the_same() {
    let id = "0a1b2c3d-0000-4000-8000-00000000000f";
    let mut world = job(vec![permission("CAN_VIEW", Principal::User(id.into()))]);
    world.apply();
    world.edit("jobs.a", |config| {
        config["permissions"] = json!({format!("service_principal:{id}"): "CAN_VIEW"});
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}

#[test]
fn an_owner_has_whatever_else_the_package_gives_them() {
    let id = "0a1b2c3d-0000-4000-8000-00000000000f";
    let us = || Principal::ServicePrincipal(id.into());
    let mut world = job(vec![permission("CAN_MANAGE", us())]);
    world.apply();
    let owner = json!({format!("service_principal:{id}"): "IS_OWNER"});
    world.edit("jobs.a", |config| config["permissions"] = owner.clone());
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    // Where the package says who owns it, everybody else has what it says.
    let mut other = job(vec![
        permission("CAN_MANAGE", us()),
        permission("IS_OWNER", Principal::User("ada@x".into())),
    ]);
    other.observed = world.observed;
    assert_eq!(paths(&other.plan()).len(), 2, "{}", other.plan().to_table());
}

#[test]
fn capitals_in_a_mail_address_mean_nothing_and_in_the_name_of_a_group_they_do() {
    let mut world = job(vec![
        permission("CAN_VIEW", Principal::User("Ada@Example.com".into())),
        permission("CAN_VIEW", group("Data")),
    ]);
    world.apply();
    world.edit("jobs.a", |config| {
        config["permissions"] =
            json!({"user:ada@example.com": "CAN_VIEW", "group:Data": "CAN_VIEW"});
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world.edit("jobs.a", |config| {
        config["permissions"] =
            json!({"user:ada@example.com": "CAN_VIEW", "group:data": "CAN_VIEW"});
    });
    assert_eq!(paths(&world.plan()).len(), 2);
    let permissions = crate::kinds::kind("secret_scopes").unwrap().permissions();
    let read = permissions.unwrap().read(&json!({"items": [
        {"principal": "Ada@Example.com", "permission": "READ"}, {"principal": "Data", "permission": "READ"}]}));
    assert_eq!(
        read,
        json!({"user:ada@example.com": "READ", "group:Data": "READ"})
    );
}

#[test]
fn a_policy_fills_no_permissions() {
    let config =
        json!({"cluster_name": "c", "spark_version": "15", "num_workers": 1, "policy_id": "p"});
    let mut world = World::new().resource("clusters.a", config);
    let resource = world
        .bundle
        .resources
        .get_mut(&"clusters.a".parse().unwrap());
    resource.unwrap().permissions = Some(vec![permission("CAN_RESTART", group("all"))]);
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world.edit("clusters.a", |config| {
        config["permissions"]["user:eve@x"] = json!("CAN_RESTART");
    });
    assert_eq!(paths(&world.plan()), ["permissions[\"user:eve@x\"]"]);
}
