//! Workspaces of the account: which is ours, what of it never changes, and what stands still for what does.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{World, rows};
use crate::plan::*;

const KEY: &str = "account_workspaces.main";

/// One that runs and has all that it may have, by id.
fn full() -> Value {
    json!({
        "workspace_name": "w", "aws_region": "eu-central-1", "credentials_id": "c1", "storage_configuration_id": "s1",
        "network_id": "n1", "private_access_settings_id": "p1", "network_connectivity_config_id": "e1",
        "managed_services_customer_managed_key_id": "m1", "storage_customer_managed_key_id": "k1",
    })
}

fn bare() -> Value {
    json!({"workspace_name": "w", "aws_region": "eu-central-1", "credentials_id": "c1", "storage_configuration_id": "s1"})
}

fn made(config: Value) -> World {
    let mut world = World::new().resource(KEY, config);
    world.apply();
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    world
}

/// Changes what is wanted.
fn want(world: &mut World, change: impl FnOnce(&mut Value)) {
    let wanted = world.bundle.resources.get_mut(&KEY.parse().unwrap());
    change(Arc::make_mut(&mut wanted.unwrap().config));
}

/// What the plan says when the field is wanted so, or not at all.
fn wanting(mut world: World, field: &str, value: Option<&str>) -> Result<Plan, String> {
    want(&mut world, |config| match value {
        Some(value) => config[field] = json!(value),
        None => drop(config.as_object_mut().unwrap().remove(field)),
    });
    world.try_plan().map_err(|error| error.to_string())
}

fn failed(mut world: World) -> World {
    world.object(KEY).listed.config["failed"] = json!("FAILED: no way out");
    world
}

#[test]
fn what_a_running_workspace_never_takes_is_refused_before_anything_is_stopped() {
    for (config, field, value, words) in [
        (
            bare(),
            "storage_configuration_id",
            Some("s2"),
            "make another workspace",
        ),
        (
            bare(),
            "network_id",
            Some("n1"),
            "in a network that Databricks made stays there",
        ),
        (
            full(),
            "network_id",
            None,
            "never goes back to one that Databricks makes",
        ),
        (
            full(),
            "storage_customer_managed_key_id",
            Some("k2"),
            "is set once and stays",
        ),
        (
            full(),
            "storage_customer_managed_key_id",
            None,
            "is set once and stays",
        ),
        (
            full(),
            "private_access_settings_id",
            None,
            "never taken away",
        ),
        (
            full(),
            "managed_services_customer_managed_key_id",
            None,
            "never taken away",
        ),
        (
            full(),
            "network_connectivity_config_id",
            None,
            "never taken away",
        ),
    ] {
        let error = wanting(made(config), field, value).unwrap_err();
        let told = format!("`{KEY}` cannot change as asked: {field}: ");
        assert!(error.contains(&told), "{field}: {error}");
        assert!(error.contains(words), "{field}: {error}");
    }
}

#[test]
fn one_that_was_banned_is_no_repair() {
    let mut world = made(bare());
    world.object(KEY).listed.config["failed"] = json!("BANNED: unpaid");
    let error = world.try_plan().unwrap_err().to_string();
    assert!(error.contains("banned the workspace"), "{error}");
    // It goes as any other.
    world.bundle.resources.remove(&KEY.parse().unwrap());
    assert_eq!(rows(&world.plan()), [format!("delete {KEY}")]);
}

#[test]
fn what_it_takes_is_planned_and_a_failed_one_takes_more() {
    for (config, field, value) in [
        (full(), "credentials_id", "c2"),
        (full(), "network_id", "n2"),
        (full(), "private_access_settings_id", "p2"),
        (bare(), "private_access_settings_id", "p1"),
        (bare(), "storage_customer_managed_key_id", "k1"),
        (full(), "managed_services_customer_managed_key_id", "m2"),
    ] {
        let plan = wanting(made(config), field, Some(value)).unwrap();
        assert_eq!(rows(&plan), [format!("update {KEY}")], "{field}");
    }
    for (field, value) in [("storage_configuration_id", "s2"), ("network_id", "n1")] {
        let plan = wanting(failed(made(bare())), field, Some(value)).unwrap();
        assert_eq!(rows(&plan), [format!("update {KEY}")], "{field}");
    }
    // Made anew, it is asked for everything, whatever the old one would not take.
    let mut world = made(bare());
    want(&mut world, |config| {
        config["workspace_name"] = json!("other");
        config["storage_configuration_id"] = json!("s2");
    });
    assert_eq!(rows(&world.plan()), [format!("replace {KEY}")]);
}

#[test]
fn everything_stands_still_for_every_change_and_only_a_key_needs_no_wait_after_it() {
    let held = "nothing of ours starts for 20 minutes after";
    for (field, value) in [
        ("credentials_id", json!("c2")),
        ("custom_tags", json!({"team": "y"})),
        ("network_connectivity_config_id", json!("e2")),
        ("network_id", json!("n2")),
        ("private_access_settings_id", json!("p2")),
    ] {
        let mut world = made(full());
        want(&mut world, |config| config[field] = value.clone());
        let row = &world.plan().parts[0].rows[0];
        let words = row.maintenance.as_deref().unwrap_or_default();
        assert!(words.contains(held), "{field}: {words}");
    }
    let key = "managed_services_customer_managed_key_id";
    let plan = wanting(made(full()), key, Some("m2")).unwrap();
    let words = plan.parts[0].rows[0].maintenance.clone().unwrap();
    assert!(words.contains("are stopped first"), "{words}");
    assert!(!words.contains("nothing of ours starts"), "{words}");
    // Nothing runs in one that failed.
    let plan = wanting(failed(made(full())), "credentials_id", Some("c2")).unwrap();
    assert_eq!(plan.parts[0].rows[0].maintenance, None);
}

#[test]
fn one_whose_tags_were_wiped_is_not_made_a_second_time_and_is_taken_over() {
    let mut world = made(bare());
    let object = world.object(KEY);
    object.listed.marker = None;
    let id = object.listed.id.clone();
    let error = world.try_plan().unwrap_err().to_string();
    assert!(
        error.contains(&format!("wants the name `w`, which object {id}"))
            && error.contains("under `adopt`"),
        "{error}"
    );
    world.context.adopt.insert(KEY.parse().unwrap(), id);
    let plan = world.plan();
    assert_eq!(rows(&plan), [format!("adopt {KEY}")]);
    assert!(plan.parts[0].rows[0].maintenance.is_some());
}
