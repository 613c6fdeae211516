//! Ids of captured objects inside of texts.

use serde_json::{Value, json};

use super::project::Project;
use crate::bundle::{ResourceKey, resolve};
use crate::capture::*;
use crate::files::CaptureFormat;
use crate::hcl::tests::parses_and_is_formatted;

const POOL: &str = "0101-120000-brick1-pool-000f4244";
const WAREHOUSE: &str = "000f424100000001";

fn started() -> Project {
    let mut project = Project::new();
    project.object(
        "instance_pools",
        POOL,
        json!({"instance_pool_id": POOL, "instance_pool_name": "Small pool", "node_type_id": "m5.large"}),
    );
    project.object(
        "sql_warehouses",
        WAREHOUSE,
        json!({"id": WAREHOUSE, "name": "Small", "cluster_size": "Small"}),
    );
    let definition = json!({"instance_pool_id": {"type": "fixed", "value": POOL, "hidden": true},
        "driver_instance_pool_id": {"type": "allowlist", "values": [POOL, "other"], "defaultValue": POOL},
        "custom_tags.pool": {"type": "fixed", "value": POOL}});
    project.object(
        "cluster_policies",
        "0001111122223333",
        json!({"policy_id": "0001111122223333", "name": "Small", "definition": definition.to_string()}),
    );
    project.job(
        11,
        "Nightly",
        json!({"parameters": [{"name": "warehouse", "default": WAREHOUSE}, {"name": "url", "default": format!("/sql/1.0/warehouses/{WAREHOUSE}")}],
               "tasks": [{"task_key": "t", "notebook_task": {"notebook_path": "/Workspace/Shared/x", "base_parameters": {"w": WAREHOUSE, "me": "11", "day": "20240101"}}}]}),
    );
    project
}

#[test]
fn a_whole_value_that_is_an_id_becomes_a_reference() {
    let mut project = started();
    let captured = project.merge_capture();
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
    project.lock = CapturedLock::default();
    let unlocked = project.capture();
    assert_eq!(unlocked.changes, BTreeMap::new(), "{:#?}", unlocked.rows);
    let bundle =
        resolve(&project.tree, "dev", &BTreeMap::new()).unwrap_or_else(|found| panic!("{found}"));
    let config = |kind: &str, key: &str| {
        bundle.resources[&ResourceKey::new(kind, key)]
            .config
            .clone()
    };
    let policy = config("cluster_policies", "small");
    let policy: Value = serde_json::from_str(policy["definition"].as_str().unwrap()).unwrap();
    let pool = "${resources.instance_pools.small_pool.id}";
    assert_eq!(
        policy,
        json!({"instance_pool_id": {"type": "fixed", "value": pool, "hidden": true},
               "driver_instance_pool_id": {"type": "allowlist", "values": [pool, "other"], "defaultValue": pool},
               "custom_tags.pool": {"type": "fixed", "value": POOL}})
    );
    let job = config("jobs", "nightly");
    let warehouse = "${resources.sql_warehouses.small.id}";
    assert_eq!(
        job["tasks"][0]["notebook_task"]["base_parameters"],
        json!({"w": warehouse, "me": "11", "day": "20240101"})
    );
    let parameters: Vec<&Value> = job["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["default"])
        .collect();
    assert!(parameters.contains(&&json!(warehouse)), "{parameters:?}");
    // What only holds an id is told as before.
    let told: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.detail.contains("stands here as it is"))
        .map(|row| row.key.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "resources/nightly.job.yml",
            "resources/small.cluster_policy.yml"
        ],
        "{:#?}",
        captured.rows
    );
}

#[test]
fn the_same_as_terraform() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.merge_capture();
    let policy = project.text("terraform/small.cluster_policy.tf");
    assert_eq!(
        policy
            .matches("${databricks_instance_pool.small_pool.id}")
            .count(),
        3,
        "{policy}"
    );
    let job = project.text("terraform/nightly.job.tf");
    assert_eq!(
        job.matches("= databricks_sql_endpoint.small.id").count(),
        2,
        "{job}"
    );
    for text in [policy, job] {
        parses_and_is_formatted(&text);
    }
}
