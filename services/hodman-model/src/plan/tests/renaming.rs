//! Objects that are to have another name.

use serde_json::json;

use super::guards::{refusals, schema, secret};
use super::{World, rows};
use crate::kinds::Marker;
use crate::plan::*;

/// A schema of ours that Git now calls otherwise.
fn renamed_schema() -> World {
    let mut world = schema("schemas.s");
    world.apply();
    world.resource(
        "schemas.s",
        json!({"name": "orders", "catalog_name": "main"}),
    )
}

#[test]
fn a_new_name_that_somebody_elses_object_has_is_refused_before_ours_goes() {
    let mut world = renamed_schema();
    assert_eq!(rows(&world.plan()), ["replace schemas.s"]);
    let theirs = json!({"name": "orders", "catalog_name": "main"});
    world.add_foreign("schemas", "main.orders", theirs, None);
    assert!(matches!(
        &refusals(&world)[..],
        [Refused::NameTaken { natural, .. }] if natural == "main.orders"
    ));
    // What was renamed half-way is there under its new name, and ours.
    let mut renamed = renamed_schema();
    renamed.apply();
    assert!(renamed.plan().is_empty(), "{}", renamed.plan().to_table());
}

#[test]
fn a_new_name_that_another_environment_claims_is_refused_whether_there_is_an_object_or_not() {
    let mut world = renamed_schema();
    let other = Marker {
        pipeline: "billing".into(),
        env: "prod".into(),
        key: "orders".into(),
    };
    let name = ("schemas".to_owned(), "main.orders".to_owned());
    world.observed.claimed_elsewhere.insert(name, other.clone());
    let claimed = |world: &World, there: bool| {
        matches!(
            &refusals(world)[..],
            [Refused::Claimed { owner, id, .. }] if *owner == other && id.is_some() == there
        )
    };
    assert!(claimed(&world, false));
    let theirs = json!({"name": "orders", "catalog_name": "main"});
    world.add_foreign("schemas", "main.orders", theirs, None);
    let orders = world.observed.objects.last_mut().unwrap();
    orders.listed.marker = Some(other.clone());
    assert!(claimed(&world, true));
}

#[test]
fn a_secret_under_another_key_is_not_put_over_somebody_elses() {
    let mut world = secret();
    world.apply();
    let mut world = world.resource(
        "secrets.k",
        json!({"scope": "s", "key": "taken", "value": "reference"}),
    );
    assert_eq!(rows(&world.plan()), ["replace secrets.k"]);
    let theirs = json!({"scope": "s", "key": "taken", "last_updated_timestamp": 3});
    world.add_foreign("secrets", "taken", theirs, None);
    assert!(matches!(
        &refusals(&world)[..],
        [Refused::NameTaken { natural, .. }] if natural == "s/taken"
    ));
}

#[test]
fn a_folder_or_an_experiment_is_not_moved_onto_somebody_elses() {
    for (key, field) in [("directories.d", "path"), ("experiments.e", "name")] {
        let mut world = World::new().resource(key, json!({field: "/Shared/ours"}));
        world.apply();
        let mut world = world.resource(key, json!({field: "/Shared/theirs"}));
        assert_eq!(world.plan().parts[0].rows.len(), 1);
        let kind = key.split('.').next().unwrap();
        let mut theirs =
            json!({field: "/Workspace/Shared/theirs", "object_type": "DIRECTORY", "object_id": 9});
        theirs["experiment_id"] = json!("900");
        world.add_foreign(kind, "900", theirs, None);
        assert!(
            matches!(&refusals(&world)[..], [Refused::NameTaken { .. }]),
            "{key}"
        );
    }
}
