//! What the server may have filled: no file has it, and the lock remembers it, so that another value is told.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;
use crate::kinds::RESTORED;

fn pool(zone: &str) -> Value {
    json!({"instance_pool_id": "p-1", "instance_pool_name": "Pool", "node_type_id": "m5.large",
           "aws_attributes": {"zone_id": zone}})
}

fn cluster(more: &Value) -> Value {
    let mut spec = json!({"spark_version": "15", "num_workers": 1, "creator_user_name": "hodman"});
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    spec
}

fn told(captured: &Captured) -> Vec<(&str, &str)> {
    let rows = captured.rows.iter();
    rows.filter(|row| row.what == CapturedAs::Note && row.detail.contains("at the last capture"))
        .map(|row| (row.key.as_str(), row.detail.split("; ").next().unwrap()))
        .collect()
}

/// The only file that is proposed.
#[track_caller]
fn only_the_lock(captured: &Captured) {
    let paths: Vec<&String> = captured.changes.keys().collect();
    assert_eq!(paths, [&lock_path("dev")], "{:#?}", captured.rows);
}

#[test]
fn another_zone_is_told_once_though_no_file_says_it() {
    let mut project = Project::new();
    project.object("instance_pools", "p-1", pool("eu-1a"));
    let spec = cluster(&json!({"aws_attributes": {"zone_id": "auto"}}));
    project.cluster("c-1", "Shared", spec);
    project.merge_capture();
    assert_eq!(project.capture().rows, []);
    project.object("instance_pools", "p-1", pool("eu-1b"));
    let spec = cluster(&json!({"aws_attributes": {"zone_id": "eu-1c"}}));
    project.cluster("c-1", "Shared", spec);
    let captured = project.merge_capture();
    only_the_lock(&captured);
    assert_eq!(
        told(&captured),
        [
            (
                "clusters.shared",
                "`aws_attributes.zone_id` was auto at the last capture and is eu-1c now"
            ),
            (
                "instance_pools.pool",
                "`aws_attributes.zone_id` was eu-1a at the last capture and is eu-1b now"
            ),
        ]
    );
    assert_eq!(project.capture().rows, [], "merged, it is known");
    // Where Git says one, the files tell it.
    project.rewrite("resources/pool.instance_pool.yml", |text| {
        format!("{text}      aws_attributes: {{zone_id: eu-1b}}\n")
    });
    project.lock = project.capture().lock;
    project.object("instance_pools", "p-1", pool("eu-1c"));
    let captured = project.merge_capture();
    assert_eq!(told(&captured), []);
    assert!(
        project
            .text("resources/pool.instance_pool.yml")
            .contains("zone_eu_1c")
    );
}

#[test]
fn another_single_user_of_what_we_restored_is_told() {
    let marked = |who: &str| {
        cluster(&json!({"single_user_name": who, "custom_tags":
            {"hodman_pipeline": "shop", "hodman_env": RESTORED, "hodman_key": "clusters.shared"}}))
    };
    let mut project = Project::new();
    project.cluster("c-1", "Shared", cluster(&json!({})));
    project.merge_capture();
    // Restored, and the lock has caught up with another change since.
    project.cluster("c-2", "Shared", marked("ada@example.com"));
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id == "c-2");
    assert_eq!(told(&project.capture()), []);
    project.lock = project.capture().lock;
    project.cluster("c-2", "Shared", marked("bob@example.com"));
    let captured = project.merge_capture();
    only_the_lock(&captured);
    assert_eq!(
        told(&captured),
        [(
            "clusters.shared",
            "`single_user_name` was ada@example.com at the last capture and is bob@example.com now"
        )]
    );
    assert_eq!(project.capture().rows, []);
    // Made anew, it is filled anew.
    project.cluster("c-3", "Shared", marked("eve@example.com"));
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id == "c-3");
    assert_eq!(told(&project.capture()), []);
}
