//! Who deploys: hodman's own principal in each workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::World;
use crate::bundle::{Lookup, resolve};
use crate::files::SourceBytes;

const OF_WHO_DEPLOYS: &str = r#"bundle: {name: d}
targets: {qa: }
resources:
  jobs:
    j:
      name: "of ${workspace.current_user.short_name}"
      run_as: {user_name: "${workspace.current_user.userName}"}
      permissions: [{level: CAN_MANAGE, user_name: "${workspace.current_user.userName}"}]
  experiments:
    e: {name: "/Users/${workspace.current_user.userName}/e"}
"#;

/// The bundle in a workspace where hodman's principal is this one.
fn deployed_by(told: &[(&str, &str)]) -> World {
    let file = SourceBytes::plain(OF_WHO_DEPLOYS.as_bytes());
    let tree = BTreeMap::from([("databricks.yml".to_owned(), file)]);
    let mut world = World::new();
    world.bundle = resolve(&tree, "qa", &BTreeMap::new()).unwrap();
    world.observed.others = told
        .iter()
        .map(|(field, told)| {
            let asked = (Lookup::CURRENT_USER.to_owned(), (*field).to_owned());
            (asked, BTreeSet::from([(*told).to_owned()]))
        })
        .collect();
    world
}

#[test]
fn who_deploys_is_symbolic_in_the_plan_and_each_workspace_s_own_when_applied() {
    let (me, other) = (
        "9f2d5c1e-0d3b-4f8a-8a53-1c0f5b7e2a11",
        "00000000-0d3b-4f8a-8a53-1c0f5b7e2a11",
    );
    let mut one = deployed_by(&[("userName", me), ("short_name", "hodman_qa")]);
    let two = deployed_by(&[("userName", other), ("short_name", "hodman_prod")]);
    assert_eq!(one.plan().digest(), two.plan().digest());
    one.apply();
    let job = &one.object("jobs.j").listed.config;
    assert_eq!(job["name"], "of hodman_qa");
    assert_eq!(job["run_as"], json!({"service_principal_name": me}));
    let managed = format!("service_principal:{me}");
    assert_eq!(job["permissions"][&managed], "CAN_MANAGE");
    let experiment = &one.object("experiments.e").listed.config;
    assert_eq!(experiment["name"], format!("/Workspace/Users/{me}/e"));
    assert!(one.plan().is_empty(), "{}", one.plan().to_table());
}

#[test]
fn what_is_not_known_of_who_deploys_is_an_error_with_a_place() {
    let nameless = deployed_by(&[("userName", "a-b-c")]);
    assert_eq!(
        nameless.try_plan().unwrap_err().to_string(),
        "databricks.yml:6:17: `${workspace.current_user.short_name}` is not known of hodman's own principal in the workspace qa-eu (hint: use a variable, with its value in environment.yaml)"
    );
}
