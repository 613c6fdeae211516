//! Fields of other kinds that the server fills and a person may have said.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;

/// An object whose config says `field` beside what every one of its kind does.
fn object(kind: &str, answer: &Value, field: &str, value: &Value) -> Project {
    let mut project = Project::new();
    project.object(kind, "1", answer.clone());
    let live = project.snapshot.resources.last_mut().unwrap();
    live.listed.id = "1".to_owned();
    let config = &mut live.listed.config;
    let (outer, inner) = field.split_once('.').unwrap_or((field, ""));
    match inner {
        "" => config[outer] = value.clone(),
        inner => config[outer][inner] = value.clone(),
    }
    project
}

/// What the first capture writes and tells; the next one has nothing to add, with the lock and without.
fn captured(project: &mut Project) -> (String, Vec<String>) {
    let captured = project.merge_capture();
    let file = captured
        .changes
        .keys()
        .find(|path| path.starts_with("resources/"));
    let text = project.text(file.unwrap());
    let notes = captured.rows.into_iter();
    let notes = notes.filter(|row| row.what == CapturedAs::Note);
    let told = notes.map(|row| row.detail).collect();
    assert_eq!(project.capture().changes, BTreeMap::new(), "{text}");
    project.lock = CapturedLock::default();
    assert_eq!(project.capture().rows, [], "{text}");
    (text, told)
}

fn answers() -> BTreeMap<&'static str, Value> {
    BTreeMap::from([
        (
            "pipelines",
            json!({"pipeline_id": "1", "name": "p", "spec": {"name": "p", "catalog": "c", "schema": "s"}}),
        ),
        (
            "experiments",
            json!({"experiment": {"experiment_id": "1", "name": "/Shared/e"}, "experiment_id": "1", "name": "/Shared/e"}),
        ),
        (
            "external_locations",
            json!({"name": "l", "url": "s3://b/l", "credential_name": "k"}),
        ),
        (
            "instance_pools",
            json!({"instance_pool_id": "1", "instance_pool_name": "pool", "node_type_id": "i3.xlarge"}),
        ),
        (
            "vector_search_endpoints",
            json!({"name": "v", "id": "1", "endpoint_type": "STANDARD"}),
        ),
        (
            "vector_search_indexes",
            json!({"name": "c.s.i", "endpoint_name": "v", "index_type": "DELTA_SYNC", "primary_key": "id",
                "delta_sync_index_spec": {"source_table": "c.s.t", "pipeline_type": "TRIGGERED"}}),
        ),
        ("apps", json!({"name": "a"})),
        (
            "global_init_scripts",
            json!({"script_id": "1", "name": "s", "script": "ZWNobw==", "enabled": true}),
        ),
        (
            "connections",
            json!({"name": "k", "connection_type": "POSTGRESQL", "options": {"host": "h"}}),
        ),
        (
            "model_serving_endpoints",
            json!({"name": "e", "config": {}}),
        ),
        (
            "registered_models",
            json!({"name": "m", "catalog_name": "c", "schema_name": "s", "full_name": "c.s.m"}),
        ),
        (
            "sql_warehouses",
            json!({"id": "1", "name": "w", "cluster_size": "Small"}),
        ),
        (
            "service_principals",
            json!({"id": "1", "displayName": "p", "active": true}),
        ),
        ("groups", json!({"id": "1", "displayName": "g"})),
    ])
}

#[test]
fn what_a_person_said_is_captured() {
    let cases = [
        (
            "pipelines",
            "storage",
            json!("s3://bucket/state"),
            "storage: ${var.storage_s3_bucket_state}",
        ),
        (
            "pipelines",
            "event_log.schema",
            json!("logs"),
            "schema: logs",
        ),
        (
            "experiments",
            "artifact_location",
            json!("s3://bucket/a"),
            "artifact_location: ${var.storage_s3_bucket_a}",
        ),
        (
            "external_locations",
            "file_event_queue",
            json!({"provided_sqs": {"queue_url": "https://sqs.eu-west-1.amazonaws.com/1/q"}}),
            "provided_sqs:",
        ),
        (
            "instance_pools",
            "disk_spec",
            json!({"disk_count": 1, "disk_size": 100}),
            "disk_count: 1",
        ),
        (
            "instance_pools",
            "node_type_flexibility",
            json!({"alternate_node_type_ids": ["i3.2xlarge"]}),
            "alternate_node_type_ids:",
        ),
        (
            "vector_search_endpoints",
            "target_qps",
            json!(50),
            "target_qps: 50",
        ),
        (
            "vector_search_endpoints",
            "budget_policy_id",
            json!("b-1"),
            "budget_policy_id: ",
        ),
        (
            "apps",
            "forward_user_access_token",
            json!(false),
            "forward_user_access_token: false",
        ),
        (
            "connections",
            "properties",
            json!({"purpose": "reports"}),
            "purpose: reports",
        ),
        ("connections", "read_only", json!(false), "read_only: false"),
        (
            "model_serving_endpoints",
            "telemetry_config",
            json!({"enabled_telemetry_features": ["LOGS"]}),
            "enabled_telemetry_features:",
        ),
        (
            "registered_models",
            "storage_location",
            json!("s3://bucket/models/churn"),
            "storage_location: ${var.storage_s3_bucket_models_churn}",
        ),
    ];
    for (kind, field, value, wanted) in cases {
        let mut project = object(kind, &answers()[kind], field, &value);
        let (text, _) = captured(&mut project);
        assert!(text.contains(wanted), "{kind}: {wanted} in\n{text}");
    }
}

#[test]
fn what_the_server_filled_is_not() {
    let cases = [
        ("pipelines", "storage", json!("dbfs:/pipelines/0a1b-2c")),
        ("pipelines", "event_log.schema", json!("s")),
        (
            "experiments",
            "artifact_location",
            json!("dbfs:/databricks/mlflow-tracking/77"),
        ),
        (
            "external_locations",
            "file_event_queue",
            json!({"managed_sqs": {"queue_url": "q"}}),
        ),
        ("instance_pools", "disk_spec", json!({"disk_count": 0})),
        ("vector_search_endpoints", "target_qps", json!(-1)),
        ("apps", "forward_user_access_token", json!(true)),
        ("connections", "read_only", json!(true)),
        (
            "registered_models",
            "storage_location",
            json!("s3://bucket/__unitystorage/models/0f0f0f0f-0000-4000-8000-00000000000a"),
        ),
    ];
    for (kind, field, value) in cases {
        let mut project = object(kind, &answers()[kind], field, &value);
        let (text, told) = captured(&mut project);
        let last = field.rsplit('.').next().unwrap();
        let line = format!("  {last}: ");
        let own = field.contains('.').then(|| text.matches(&line).count());
        assert!(
            own.unwrap_or(1) == 1 && (own.is_some() || !text.contains(&line)),
            "{kind}: {text}"
        );
        assert!(told.iter().all(|note| !note.contains(last)), "{told:?}");
    }
}

#[test]
fn what_nothing_tells_apart_is_told() {
    let cases = [
        (
            "vector_search_indexes",
            "delta_sync_index_spec.columns_to_sync",
            json!(["id", "text"]),
            "id, text may be all that the source has",
        ),
        (
            "apps",
            "compute_min_instances",
            json!(2),
            "`compute_min_instances` is not captured: 2",
        ),
        (
            "global_init_scripts",
            "position",
            json!(1),
            "1 is its place",
        ),
        (
            "sql_warehouses",
            "instance_profile_arn",
            json!("arn:aws:iam::1:instance-profile/p"),
            "`instance_profile_arn` is not captured: arn:aws:iam::1:instance-profile/p may be",
        ),
        (
            "pipelines",
            "serverless_compute_id",
            json!("s-1"),
            "s-1 names something of this workspace",
        ),
        (
            "service_principals",
            "applicationId",
            json!("a-1"),
            "a-1 is another one in every workspace, unless",
        ),
        (
            "groups",
            "externalId",
            json!("e-1"),
            "e-1 may be what an identity provider wrote",
        ),
    ];
    for (kind, field, value, wanted) in cases {
        let mut project = object(kind, &answers()[kind], field, &value);
        let (text, told) = captured(&mut project);
        let last = field.rsplit('.').next().unwrap();
        assert!(!text.contains(last), "{text}");
        assert!(told.iter().any(|note| note.contains(wanted)), "{told:?}");
    }
}

#[test]
fn columns_that_git_says_follow_the_workspace() {
    let kind = "vector_search_indexes";
    let field = "delta_sync_index_spec.columns_to_sync";
    let mut project = object(kind, &answers()[kind], field, &json!(["id", "text"]));
    let captured = project.merge_capture();
    let file = captured
        .changes
        .keys()
        .find(|path| path.starts_with("resources/"));
    let file = file.unwrap().clone();
    project.rewrite(&file, |text| {
        text.replace(
            "source_table: ",
            "columns_to_sync: [id, text]\n        source_table: ",
        )
    });
    assert_eq!(project.capture().changes, BTreeMap::new());
    // The lock catches up with the next change.
    project.job(12, "Any", json!({}));
    project.merge_capture();
    project.live("1").config["delta_sync_index_spec"]["columns_to_sync"] =
        json!(["id", "text", "title"]);
    project.merge_capture();
    assert!(
        project.text(&file).contains("title"),
        "{}",
        project.text(&file)
    );
}

#[test]
fn values_of_an_app_that_no_answer_has_are_told() {
    let env = json!([{"name": "MODE"}, {"name": "KEY", "value_from": "secret"}]);
    let mut project = object("apps", &answers()["apps"], "config.env", &env);
    let (_, told) = captured(&mut project);
    assert_eq!(
        told,
        [
            "the values of the variables MODE are not captured: no answer has them; write them into Git"
        ]
    );
}

#[test]
fn a_key_that_was_given_in_clear_is_told() {
    let model = |more: Value| {
        let mut model = json!({"name": "gpt", "provider": "openai", "task": "llm/v1/chat"});
        model["openai_config"] = more;
        json!([{"external_model": model}])
    };
    let secret = json!({"openai_api_key": "{{secrets/models/openai}}"});
    for (config, told_of) in [(json!({}), true), (secret, false)] {
        let mut project = object(
            "model_serving_endpoints",
            &answers()["model_serving_endpoints"],
            "config.served_entities",
            &model(config),
        );
        let (_, told) = captured(&mut project);
        let words = "the key to `gpt` is not captured: one that was given in clear is in no answer; write `{{secrets/…}}` into Git";
        assert_eq!(told.contains(&words.to_owned()), told_of, "{told:?}");
    }
}

#[test]
fn names_of_served_entities_that_routes_name_are_captured() {
    let served = |name: &str, version: &str| {
        json!({"name": name, "entity_name": "c.s.m", "entity_version": version, "workload_size": "Small",
            "scale_to_zero_enabled": true})
    };
    let mut project = Project::new();
    project.object(
        "model_serving_endpoints",
        "e",
        json!({"name": "e", "config": {
            "served_entities": [served("champion", "1"), served("m-2", "2")],
            "traffic_config": {"routes": [
                {"served_model_name": "champion", "traffic_percentage": 90},
                {"served_model_name": "m-2", "traffic_percentage": 10}]}}}),
    );
    let (text, _) = captured(&mut project);
    assert!(text.contains("name: champion\n"), "{text}");
    assert!(!text.contains(" name: m-2\n"), "the server's own: {text}");
    let path = "resources/e.model_serving_endpoint.yml";
    // One that Git says, though the server would give it.
    project.merge_capture();
    project.rewrite(path, |text| {
        text.replace(
            "entity_version: \"2\"",
            "entity_version: \"2\"\n            name: m-2",
        )
    });
    assert!(
        project.text(path).contains("name: m-2\n"),
        "{}",
        project.text(path)
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
}
