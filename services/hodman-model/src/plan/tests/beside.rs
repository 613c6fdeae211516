//! What stands beside an object's settings, and what nobody may have said.

use serde_json::{Value, json};

use super::{World, paths};
use crate::kinds::kind;

/// A job that is to run as that one, and what its workspace says: the settings do not repeat it.
fn job_as(run_as: Value, said: Option<&str>) -> World {
    let mut world = World::new().resource("jobs.a", json!({"name": "a", "run_as": run_as}));
    world.apply();
    let object = world.object("jobs.a");
    let id: u64 = object.listed.id.parse().unwrap();
    let marker = object.listed.marker.clone();
    let mut answer = json!({"job_id": id, "creator_user_name": "robot", "settings": {"name": "a"}});
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
