use serde_json::json;

use super::{bundle, errors};
use crate::digest::sha256;
use crate::kinds::kind;
use crate::plan::Desired;

fn with(resources: &str) -> String {
    errors(&format!(
        "bundle: {{name: d}}\ntargets: {{qa: }}\nresources: {resources}\n"
    ))
}

#[test]
fn permissions_grants_and_lifecycle_are_no_fields() {
    let qa = bundle(
        r#"bundle: {name: d}
permissions: [{level: CAN_VIEW, group_name: ops}, {level: CAN_RUN, group_name: runners}]
targets:
  qa: {resources: {schemas: {s: {grants: [{principal: a, privileges: [SELECT]}]}}}}
resources:
  secret_scopes: {x: {name: x, permissions: [{level: WRITE, user_name: u}]}}
  sql_warehouses: {w: {name: w}}
  pipelines: {p: {name: p}}
  schemas:
    s:
      name: s
      catalog_name: c
      grants: [{principal: a, privileges: [USE_SCHEMA]}, {principal: b, privileges: [SELECT]}]
      lifecycle: {prevent_destroy: true}
"#,
    );
    let of = |key: &str| &qa.resources[&key.parse().unwrap()];
    assert_eq!(
        json!(of("secret_scopes.x").permissions),
        json!([{"level": "WRITE", "user_name": "u"}, {"level": "READ", "group_name": "ops"}])
    );
    assert_eq!(
        json!(of("sql_warehouses.w").permissions),
        json!([{"level": "CAN_VIEW", "group_name": "ops"}, {"level": "CAN_MONITOR", "group_name": "runners"}])
    );
    let schema = of("schemas.s");
    assert_eq!(*schema.config, json!({"name": "s", "catalog_name": "c"}));
    assert_eq!(
        json!(schema.grants),
        json!([{"principal": "a", "privileges": ["SELECT", "USE_SCHEMA"]}, {"principal": "b", "privileges": ["SELECT"]}])
    );
    assert!(schema.lifecycle.prevent_destroy && schema.permissions.is_none());
}

#[test]
fn an_empty_list_says_that_nobody_has_any_and_none_says_nothing() {
    let qa = bundle(
        r#"bundle: {name: d}
permissions: [{level: CAN_RUN, group_name: runners}]
targets: {qa: }
resources:
  jobs: {none: {name: n, permissions: []}}
  instance_pools:
    empty: {instance_pool_name: e, node_type_id: x, permissions: []}
    silent: {instance_pool_name: s, node_type_id: x}
    open: {instance_pool_name: o, node_type_id: x, permissions: }
  schemas:
    empty: {name: e, catalog_name: c, grants: [], permissions: []}
    silent: {name: s, catalog_name: c}
"#,
    );
    let of = |key: &str| {
        let resource = &qa.resources[&key.parse().unwrap()];
        json!([resource.permissions, resource.grants])
    };
    let runners = json!([{"level": "CAN_MANAGE_RUN", "group_name": "runners"}]);
    assert_eq!(of("jobs.none"), json!([runners, null]));
    assert_eq!(of("instance_pools.empty"), json!([[], null]));
    // What is said for all is nothing that a pool has.
    assert_eq!(of("instance_pools.silent"), json!([null, null]));
    assert_eq!(of("instance_pools.open"), json!([null, null]));
    assert_eq!(of("schemas.empty"), json!([null, []]));
    assert_eq!(of("schemas.silent"), json!([null, null]));
}

#[test]
fn what_a_kind_cannot_have_is_an_error_with_its_place() {
    let cases = [
        (
            "{schemas: {s: {permissions: [{level: X, user_name: u}]}}}",
            ":3:27: `schemas` have no `permissions` (hint: objects of Unity Catalog have `grants`)",
        ),
        (
            "{jobs: {j: {grants: [{principal: a, privileges: [X]}]}}}",
            ":3:24: `jobs` have no `grants` (hint: they have `permissions`)",
        ),
        (
            "{jobs: {j: {permissions: [{level: CAN_MANGE, user_name: u}]}}}",
            ":3:46: `jobs` have no permission level `CAN_MANGE` (hint: did you mean `CAN_MANAGE`?)",
        ),
        (
            "{jobs: {j: {permissions: [{level: CAN_VIEW, user_name: u, group_name: g}]}}}",
            ":3:38: `permissions` names 2 principals, one is wanted (hint: one of `user_name`, `group_name`, `service_principal_name`)",
        ),
        (
            "{jobs: {j: {lifecycle: {started: true}}}}",
            ":3:36: `jobs` are not started or stopped",
        ),
        (
            "{apps: {a: {lifecycle: {started: false}}}}",
            ":3:36: `lifecycle.started: false` is not supported for `apps` (hint: what is deployed to it has to run: leave it out)",
        ),
        (
            "{jobs: {j: {lifecycle: {prevent_destory: true}}}}",
            ":3:36: unknown key `lifecycle.prevent_destory` (hint: did you mean `prevent_destroy`?)",
        ),
        (
            "{genie_spaces: {g: {title: t}}}",
            ":3:13: `resources.genie_spaces` is not managed here (hint: leave it to the bundle that has it now: take it out of this one)",
        ),
        (
            "{secrets: {s: {catalog_name: c}}}",
            ":3:26: `secrets.s.catalog_name`: secrets of Unity Catalog are not managed here (hint: secrets of a scope are: `scope`, `key` and where the value is)",
        ),
    ];
    for (resources, expected) in cases {
        let shown = with(resources);
        assert_eq!(shown, format!("databricks.yml{expected}"), "{resources}");
    }
}

#[test]
fn all_problems_are_said_at_once() {
    let shown = errors(
        "bundle: {name: d}\ntargets: {qa: {variables: {x: 1, y: 2}, resources: {jobs: {j: {tags: no}}}}}\nresources: {jobs: {j: {tags: {a: b}}}}\n",
    );
    assert_eq!(shown.lines().count(), 3, "{shown}");
}

#[test]
fn what_need_not_run_once_it_was_made_is_stopped() {
    let qa = bundle(
        "bundle: {name: d}\ntargets: {qa: }\nresources:\n  sql_warehouses: {w: {name: w, cluster_size: Small, lifecycle: {started: false}}}\n  clusters: {c: {cluster_name: c, spark_version: x, lifecycle: {started: true}}}\n  apps: {a: {name: a, lifecycle: {started: true}}}\n",
    );
    let desired = Desired::from_bundle(&qa, &sha256(b"")).unwrap();
    let stopped: Vec<String> = desired
        .resources
        .iter()
        .filter(|(_, wanted)| wanted.stopped)
        .map(|(key, _)| key.to_string())
        .collect();
    assert_eq!(stopped, ["sql_warehouses.w"]);
    let path = |name: &str| kind(name).and_then(|kind| Some(kind.stop("7")?.path));
    assert_eq!(
        path("sql_warehouses").as_deref(),
        Some("/api/2.0/sql/warehouses/7/stop")
    );
    assert_eq!(
        path("clusters").as_deref(),
        Some("/api/2.1/clusters/delete")
    );
    assert_eq!(path("apps"), None);
}
