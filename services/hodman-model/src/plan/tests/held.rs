//! What is held back, and what waits with it.

use serde_json::json;

use super::{World, rows};
use crate::bundle::Grant;
use crate::plan::Sent;

/// A connection with a value that cannot be read back.
fn connection(port: &str, version: &str, grants: bool) -> World {
    let config = json!({"name": "db", "connection_type": "POSTGRESQL",
        "options": {"host": "h", "port": port, "password": {"env": "DB"}}});
    let mut world = World::new().resource("connections.db", config);
    if grants {
        let resource = world
            .bundle
            .resources
            .get_mut(&"connections.db".parse().unwrap());
        resource.unwrap().grants = Some(vec![Grant {
            principal: "users".into(),
            privileges: vec!["USE_CONNECTION".into()],
        }]);
    }
    let sent = Sent {
        version: version.into(),
        reference: Some("env:DB".into()),
    };
    world.sent.insert("connections.db".parse().unwrap(), sent);
    world
}

#[test]
fn a_new_value_is_held_back_also_where_something_else_of_the_object_changes() {
    let mut world = connection("1", "one", false);
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let next = |port: &str, grants: bool| {
        let mut next = connection(port, "two", grants);
        next.observed = world.observed.clone();
        next
    };
    // Grants are a request of their own, without the value.
    let granted = next("1", true).plan();
    assert_eq!(rows(&granted), ["update connections.db"]);
    assert_eq!(granted.parts[0].held.len(), 1);
    let row = &granted.parts[0].rows[0];
    assert!(!row.changes_object(), "{}", granted.to_table());
    // The request for the port would carry it, or take away what is there.
    let mut moved = next("2", false);
    let plan = moved.plan();
    assert_eq!(rows(&plan), Vec::<String>::new());
    let words = &plan.parts[0].held[0].reason;
    assert!(words.contains("options.port"), "{words}");
    assert!(words.contains("rotate: auto"), "{words}");
    moved.context.rotate = true;
    assert_eq!(rows(&moved.plan()), ["update connections.db"]);
}

#[test]
fn what_is_held_back_holds_what_needs_it_and_nothing_else() {
    let around = |mut world: World, comment: &str| {
        let catalog = json!({"name": "far", "comment": comment, "connection_name": "${resources.connections.db.name}"});
        world = world.resource("catalogs.far", catalog);
        let schema = json!({"name": "s", "comment": comment, "catalog_name": "${resources.catalogs.far.name}"});
        world = world.resource("schemas.s", schema);
        world.resource("jobs.other", json!({"name": comment}))
    };
    let mut world = around(connection("1", "one", false), "one");
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let mut next = around(connection("2", "two", false), "two");
    next.observed = world.observed.clone();
    let plan = next.plan();
    assert_eq!(rows(&plan), ["update jobs.other"], "{}", plan.to_table());
    let held: Vec<String> = plan.parts[0]
        .held
        .iter()
        .map(|held| format!("{}: {}", held.key, held.reason))
        .collect();
    assert_eq!(held.len(), 3, "{held:?}");
    assert_eq!(
        [&held[0], &held[2]],
        [
            "catalogs.far: waits for connections.db, which is held back",
            "schemas.s: waits for catalogs.far, which is held back"
        ]
    );
    next.context.rotate = true;
    assert_eq!(rows(&next.plan()).len(), 4);
}

#[test]
fn what_is_held_back_keeps_what_it_refers_to() {
    let app = |uses: bool, version: &str| {
        let job = json!({"name": "r", "job": {"id": "${resources.jobs.old.id}"}});
        let mut config = json!({"name": "shop", "source_code_path": "/Workspace/Shared/shop",
            "config": {"env": [{"name": "TOKEN", "value": {"env": "TOKEN"}}]}});
        let mut world = World::new();
        if uses {
            config["resources"] = json!([job]);
            world = world.resource("jobs.old", json!({"name": "old"}));
        }
        let sent = Sent {
            version: version.into(),
            reference: Some("env:TOKEN".into()),
        };
        world.sent.insert("apps.shop".parse().unwrap(), sent);
        world.resource("apps.shop", config)
    };
    let mut world = app(true, "one");
    world.apply();
    // Its deployment says what it was given, but for the value.
    world.edit("apps.shop", |config| {
        config["config"] = json!({"env": [{"name": "TOKEN"}]});
    });
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let mut next = app(false, "two");
    next.observed = world.observed.clone();
    let plan = next.plan();
    assert_eq!(rows(&plan), Vec::<String>::new(), "{}", plan.to_table());
    assert_eq!(plan.parts[0].held.len(), 2, "{}", plan.to_table());
    next.context.rotate = true;
    assert_eq!(rows(&next.plan()), ["update apps.shop", "delete jobs.old"]);
}
