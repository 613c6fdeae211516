//! Dashboards, alerts, queries, models, experiments, serving, apps and vector search: answers in, managed form out, and the
//! requests of the documentation.
//!
//! Long because every kind shows a whole answer of its API.

use serde_json::{Value, json};

use super::super::*;

fn kind_named(name: &str) -> &'static dyn Kind {
    kind(name).unwrap()
}

fn marker() -> Marker {
    Marker {
        pipeline: "p".into(),
        env: "qa".into(),
        key: "k".into(),
    }
}

fn marker_tags() -> Vec<Value> {
    ["env", "key", "pipeline"]
        .iter()
        .zip(["qa", "k", "p"])
        .map(|(name, value)| json!({"key": format!("hodman_{name}"), "value": value}))
        .collect()
}

fn tags_and(more: Value) -> Value {
    let mut tags = marker_tags();
    tags.extend(more.as_array().cloned().unwrap_or_default());
    json!(tags)
}

/// The answer is what the config asks for, and an update would send no more than a marker.
fn same(name: &str, config: &Value, answer: &Value) -> Listed {
    let kind = kind_named(name);
    let listed = kind.read(answer).unwrap().unwrap();
    let mut wanted = kind.rules().normalise(config);
    for hidden in &kind.rules().write_only {
        hidden.visit(&mut wanted, &mut |_| pattern::Keep::No);
    }
    let live = kind.rules().without_fills(&listed.config, Some(&wanted));
    assert_eq!(live, wanted, "{name}");
    listed
}

#[test]
fn a_dashboard_is_compared_as_json_and_published_after_every_change() {
    let kind = kind_named("dashboards");
    let config = json!({"display_name": "Sales", "parent_path": "/Shared/bi", "warehouse_id": "w",
                        "serialized_dashboard": {"pages": [{"name": "p", "pageType": "PAGE_TYPE_CANVAS"}], "datasets": []}});
    let create = kind.create(&config, &marker());
    assert_eq!(create.path, "/api/2.0/lakeview/dashboards");
    let body = create.body.unwrap();
    assert!(body["serialized_dashboard"].is_string(), "{body}");
    let answer = json!({"dashboard_id": "d1", "display_name": "Sales", "parent_path": "/Shared/bi", "warehouse_id": "w",
        "serialized_dashboard": "{\"datasets\": [],\n \"pages\":[{\"pageType\":\"PAGE_TYPE_CANVAS\",\"name\":\"p\"}]}\n",
        "lifecycle_state": "ACTIVE", "etag": "80611980", "path": "/Shared/bi/Sales.lvdash.json",
        "create_time": "2026-01-02T03:04:05Z", "update_time": "2026-01-02T03:04:05Z",
        "publication": {"display_name": "Sales", "warehouse_id": "w", "embed_credentials": false}});
    let listed = same("dashboards", &config, &answer);
    assert_eq!(listed.id, "d1");
    assert_eq!(
        listed.natural.as_deref(),
        Some("/Workspace/Shared/bi/Sales.lvdash.json")
    );
    assert_eq!(kind.natural(&config), listed.natural);
    let publish = &kind.after_create("d1", &config, &marker())[0];
    assert_eq!(publish.path, "/api/2.0/lakeview/dashboards/d1/published");
    assert_eq!(
        publish.body,
        Some(json!({"embed_credentials": false, "warehouse_id": "w"}))
    );
    let mut renamed = config.clone();
    renamed["display_name"] = json!("Sales 2");
    let calls = kind.update("d1", &listed.config, &renamed, &marker());
    let methods: Vec<_> = calls.iter().map(|call| call.method).collect();
    assert_eq!(methods, [Method::Patch, Method::Post]);
    let patch = calls[0].body.as_ref().unwrap();
    assert_eq!(
        (&patch["display_name"], &patch["warehouse_id"]),
        (&json!("Sales 2"), &json!("w"))
    );
    assert_eq!((patch.get("etag"), patch.get("parent_path")), (None, None));
    let mut embedding = config;
    embedding["embed_credentials"] = json!(true);
    let calls = kind.update("d1", &listed.config, &embedding, &marker());
    assert_eq!(calls.len(), 1, "only the publication changes");
    assert_eq!(calls[0].body.as_ref().unwrap()["embed_credentials"], true);
}

#[test]
fn a_dashboard_whose_publication_was_lost_differs() {
    let kind = kind_named("dashboards");
    let draft = json!({"dashboard_id": "d1", "display_name": "Sales"});
    let live = kind.read(&draft).unwrap().unwrap().config;
    assert_eq!(live["published"], false);
    assert_eq!(
        kind.details("d1")[0].call.path,
        "/api/2.0/lakeview/dashboards/d1/published"
    );
    let calls = kind.update("d1", &json!({"display_name": "Sales"}), &live, &marker());
    assert_eq!(calls[0].method, Method::Delete);
    let trashed = json!({"dashboard_id": "d1", "lifecycle_state": "TRASHED"});
    assert_eq!(kind.read(&trashed).unwrap(), None);
}

#[test]
fn an_alert_keeps_its_state_to_itself() {
    let kind = kind_named("alerts");
    let config = json!({"display_name": "late", "query_text": "select 1", "warehouse_id": "w", "parent_path": "/Shared",
        "evaluation": {"source": {"name": "n"}, "comparison_operator": "GREATER_THAN", "threshold": {"value": {"double_value": 1.0}}},
        "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}});
    let mut answer = config.clone();
    for (path, value) in [
        ("id", json!("a1")),
        ("lifecycle_state", json!("ACTIVE")),
        ("owner_user_name", json!("x")),
        ("run_as_user_name", json!("x")),
        ("run_as", json!({"service_principal_name": "x"})),
        ("effective_run_as", json!({"service_principal_name": "x"})),
        ("parent_path", json!("/Workspace/Shared")),
    ] {
        answer[path] = value;
    }
    answer["evaluation"]["state"] = json!("OK");
    answer["evaluation"]["last_evaluated_at"] = json!("2026-01-01T00:00:00Z");
    answer["evaluation"]["notification"] = json!({"notify_on_ok": false});
    answer["schedule"]["pause_status"] = json!("UNPAUSED");
    let listed = same("alerts", &config, &answer);
    assert_eq!(
        listed.natural.as_deref(),
        Some("/Workspace/Shared/late.dbalert.json")
    );
    assert_eq!(
        kind.update("a1", &listed.config, &config, &marker()),
        [],
        "nothing differs"
    );
    let mut next = config.clone();
    next["query_text"] = json!("select 2");
    let update = &kind.update("a1", &listed.config, &next, &marker())[0];
    assert_eq!(
        (update.method, update.path.as_str()),
        (Method::Patch, "/api/2.0/alerts/a1")
    );
    assert_eq!(update.query["update_mask"], "query_text");
    assert_eq!(update.body, Some(json!({"query_text": "select 2"})));
    assert_eq!(kind.create(&config, &marker()).body, Some(config));
    assert_eq!(
        kind.delete("a1", &Value::Null)[0].query.get("purge"),
        None,
        "it goes to the trash"
    );
    assert_eq!(
        kind.read(&json!({"id": "a", "lifecycle_state": "DELETED"}))
            .unwrap(),
        None
    );
}

#[test]
fn a_query_is_changed_through_a_mask() {
    let kind = kind_named("queries");
    let config = json!({"display_name": "q", "query_text": "select 1", "tags": ["b", "a"], "warehouse_id": "w"});
    let answer = json!({"id": "q1", "display_name": "q", "query_text": "select 1", "tags": ["a", "b"], "warehouse_id": "w",
        "owner_user_name": "hodman", "run_as_mode": "OWNER", "apply_auto_limit": false, "parent_path": "/Workspace/Users/hodman",
        "lifecycle_state": "ACTIVE", "last_modifier_user_name": "x", "create_time": "2026-01-02T03:04:05Z"});
    let listed = same("queries", &config, &answer);
    assert_eq!(
        kind.update("q1", &listed.config, &config, &marker()),
        Vec::new()
    );
    assert_eq!(
        kind.create(&config, &marker()).body,
        Some(json!({ "query": config }))
    );
    let mut changed = config;
    changed["query_text"] = json!("select 2");
    changed["owner_user_name"] = json!("platform");
    let update = &kind.update("q1", &listed.config, &changed, &marker())[0];
    assert_eq!(
        update.body,
        Some(
            json!({"query": {"query_text": "select 2", "owner_user_name": "platform"}, "update_mask": "owner_user_name,query_text"})
        )
    );
    assert_eq!(
        kind.create(&changed, &marker()).body.unwrap()["query"].get("owner_user_name"),
        None
    );
    assert_eq!(kind.after_create("q1", &changed, &marker()).len(), 1);
}

#[test]
fn a_model_is_found_by_its_tags_and_permitted_by_its_number() {
    let kind = kind_named("models");
    let config =
        json!({"name": "churn", "description": "x", "tags": [{"key": "team", "value": "a"}]});
    let create = kind.create(&config, &marker());
    assert_eq!(create.path, "/api/2.0/mlflow/registered-models/create");
    assert_eq!(
        create.body.unwrap()["tags"],
        tags_and(config["tags"].clone())
    );
    let answer = json!({"name": "churn", "description": "x", "user_id": "ada", "tags": tags_and(config["tags"].clone()), "latest_versions": [],
        "details": {"registered_model_databricks": {"id": "77", "name": "churn", "permission_level": "CAN_MANAGE"}}});
    let listed = same("models", &config, &answer);
    assert_eq!(listed.marker, Some(marker()));
    assert_eq!(listed.outputs["model_id"], "77");
    let got = json!({"registered_model_databricks": {"id": "77", "name": "churn"}});
    assert_eq!(kind.read(&got).unwrap().unwrap().outputs["model_id"], "77");
    assert_eq!(kind.permissions().unwrap().id_output, Some("model_id"));
    let calls = kind.update(
        "churn",
        &listed.config,
        &json!({"name": "churn", "description": "y"}),
        &marker(),
    );
    assert_eq!(
        calls[0].body,
        Some(json!({"name": "churn", "description": "y"}))
    );
    let gone = calls.last().unwrap();
    assert_eq!(
        (gone.method, gone.query["key"].as_str()),
        (Method::Delete, "team")
    );
    assert_eq!(
        kind.created_id(&json!({"registered_model": {"name": "churn"}}), &config)
            .as_deref(),
        Some("churn")
    );
}

#[test]
fn an_experiment_keeps_what_mlflow_writes_for_itself() {
    let kind = kind_named("experiments");
    let config = json!({"name": "/Shared/churn", "tags": [{"key": "team", "value": "a"}]});
    let own = json!([{"key": "mlflow.ownerEmail", "value": "ada@example.com"}, {"key": "gone", "value": ""}, {"key": "team", "value": "a"}]);
    let answer = json!({"experiment": {"experiment_id": "7", "name": "/Shared/churn", "artifact_location": "dbfs:/databricks/mlflow-tracking/7",
        "lifecycle_stage": "active", "creation_time": 1_700_000_000_000_i64, "tags": tags_and(own)}});
    let listed = same("experiments", &config, &answer);
    assert_eq!(
        (listed.marker.clone(), listed.creator.as_deref()),
        (Some(marker()), Some("ada@example.com"))
    );
    assert_eq!(listed.natural.as_deref(), Some("/Workspace/Shared/churn"));
    let calls = kind.update(
        "7",
        &listed.config,
        &json!({"name": "/Workspace/Shared/other"}),
        &marker(),
    );
    assert_eq!(
        calls[0].body,
        Some(json!({"experiment_id": "7", "new_name": "/Workspace/Shared/other"}))
    );
    assert_eq!(
        calls.last().unwrap().body,
        Some(json!({"experiment_id": "7", "key": "team", "value": ""}))
    );
    for (field, value) in [
        ("lifecycle_stage", json!("deleted")),
        (
            "tags",
            json!([{"key": "mlflow.experimentType", "value": "NOTEBOOK"}]),
        ),
    ] {
        let mut other = answer.clone();
        other["experiment"][field] = value;
        assert_eq!(kind.read(&other).unwrap(), None);
    }
}

#[test]
fn served_entities_without_names_are_those_of_the_same_model_and_version() {
    let kind = kind_named("model_serving_endpoints");
    let entity = |version: &str, size: &str| json!({"entity_name": "c.s.m", "entity_version": version, "workload_size": size});
    let routes = json!({"routes": [{"served_model_name": "m-9", "traffic_percentage": 100}]});
    let config = |entities: Value| json!({"name": "e", "config": {"served_entities": entities, "traffic_config": routes}});
    let live = |entities: &[(&str, Value)]| {
        let named = entities.iter().map(|(name, entity)| {
            let mut entity = entity.clone();
            (entity["name"], entity["workload_type"]) = (json!(name), json!("CPU"));
            entity
        });
        let mut answer = config(named.collect());
        answer["state"] = json!({"config_update": "NOT_UPDATING"});
        kind.read(&answer).unwrap().unwrap().config
    };
    let seen = |wanted: &Value, live: &Value| {
        let calls = kind.update("e", live, wanted, &marker());
        calls.iter().any(|call| call.path.ends_with("/config"))
    };
    let (nine, ten) = (entity("9", "Small"), entity("10", "Large"));
    let wanted = config(json!([nine, ten]));
    // By name the tenth is the first.
    let there = live(&[("m-9", nine.clone()), ("m-10", ten.clone())]);
    assert!(!seen(&wanted, &there));
    assert!(!seen(&config(json!([ten, nine])), &there));
    // Whatever they are called: the server's rule for names is not all that counts.
    assert!(!seen(
        &wanted,
        &live(&[("one", nine.clone()), ("a", ten.clone())])
    ));
    // A size that somebody changed is theirs, and so is one that the server may fill and the package says.
    assert!(seen(
        &wanted,
        &live(&[("m-9", entity("9", "Large")), ("m-10", ten.clone())])
    ));
    let mut gpu = wanted.clone();
    gpu["config"]["served_entities"][0]["workload_type"] = json!("GPU_SMALL");
    assert!(seen(&gpu, &there));
    // Another version, and one more.
    let eleven = json!({"entity_name": "c.s.m", "entity_version": "11"});
    assert!(seen(&config(json!([nine, eleven])), &there));
    assert!(seen(&config(json!([nine, ten, eleven])), &there));
    // A model that is made with it: what is left is the one.
    let mut made = wanted.clone();
    let reference = json!("${resources.registered_models.m.id}");
    made["config"]["served_entities"][1]["entity_name"] = reference.clone();
    let named = kind.rules().normalise_over(&made, &there);
    assert_eq!(named["config"]["served_entities"][0]["name"], "m-10");
    assert_eq!(
        named["config"]["served_entities"][0]["entity_name"],
        reference
    );
}

#[test]
fn a_serving_endpoint_changes_part_by_part() {
    let kind = kind_named("model_serving_endpoints");
    let config = json!({"name": "churn", "config": {"served_entities": [{"entity_name": "c.s.churn", "entity_version": "1",
        "workload_size": "Small", "scale_to_zero_enabled": true, "environment_vars": {"TOKEN": "{{secrets/s/k}}"}}]}});
    let entity = json!({"entity_name": "c.s.churn", "entity_version": "1", "workload_size": "Small", "scale_to_zero_enabled": true,
        "environment_vars": {"TOKEN": "{{secrets/s/k}}"}, "name": "churn-1", "workload_type": "CPU", "creator": "x", "state": {"deployment": "READY"}});
    let answer = json!({"name": "churn", "id": "abc", "creator": "hodman", "tags": marker_tags(), "route_optimized": false,
        "state": {"ready": "READY", "config_update": "NOT_UPDATING"}, "permission_level": "CAN_MANAGE",
        "config": {"config_version": 1, "served_entities": [entity.clone()], "served_models": [{"name": "churn-1"}],
                   "traffic_config": {"routes": [{"served_model_name": "churn-1", "traffic_percentage": 100}]}}});
    let listed = same("model_serving_endpoints", &config, &answer);
    assert_eq!(
        (listed.id.as_str(), &listed.outputs["endpoint_id"]),
        ("churn", &json!("abc"))
    );
    assert_eq!(listed.marker, Some(marker()));
    assert_eq!(
        kind.create(&config, &marker()).body.unwrap()["tags"],
        json!(marker_tags())
    );
    assert_eq!(
        kind.needs(&config),
        [("registered_models", "c.s.churn".to_owned())]
    );
    let mut changed = config.clone();
    changed["config"]["served_entities"][0]["entity_version"] = json!("2");
    changed["ai_gateway"] = json!({"usage_tracking_config": {"enabled": true}});
    let calls = kind.update("churn", &listed.config, &changed, &marker());
    let paths: Vec<_> = calls
        .iter()
        .map(|call| (call.method, call.path.as_str()))
        .collect();
    assert_eq!(
        paths,
        [
            (Method::Patch, "/api/2.0/serving-endpoints/churn/tags"),
            (Method::Put, "/api/2.0/serving-endpoints/churn/config"),
            (Method::Put, "/api/2.0/serving-endpoints/churn/ai-gateway"),
        ]
    );
    assert_eq!(calls[1].body, Some(changed["config"].clone()));
    // While the update runs, what was asked for is what counts.
    let mut running = answer.clone();
    let mut coming = entity;
    coming["entity_version"] = json!("2");
    running["state"]["config_update"] = json!("IN_PROGRESS");
    running["pending_config"] =
        json!({"config_version": 2, "start_time": 1, "served_entities": [coming]});
    changed.as_object_mut().unwrap().remove("ai_gateway");
    same("model_serving_endpoints", &changed, &running);
    assert_eq!(
        kind.readiness(&running),
        Readiness::Pending("IN_PROGRESS".into())
    );
    assert_eq!(kind.readiness(&answer), Readiness::Ready);
    running["state"]["config_update"] = json!("UPDATE_FAILED");
    assert_eq!(
        kind.readiness(&running),
        Readiness::Failed("UPDATE_FAILED".into())
    );
    running["pending_config"]["served_entities"][0]["state"] =
        json!({"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": "no image"});
    assert_eq!(
        kind.readiness(&running),
        Readiness::Failed("UPDATE_FAILED: churn-1: no image".into())
    );
    let follows = |call| kind.follow("churn", call, &answer);
    assert_eq!(
        [&calls[0], &calls[1], &calls[2]].map(follows),
        [None, Some(kind.get("churn")), None],
        "only a config takes a while"
    );
    assert_eq!(
        kind.read(&json!({"name": "databricks-llama"})).unwrap(),
        None
    );
}

#[test]
fn an_app_is_deployed_after_it_was_made() {
    let kind = kind_named("apps");
    let config = json!({"name": "shop", "description": "x", "source_code_path": "/Workspace/Shared/shop",
        "config": {"command": ["python", "app.py"], "env": [{"name": "A", "value": "1"}, {"name": "B", "value_from": "secret"}]}});
    assert_eq!(
        kind.create(&config, &marker()).body,
        Some(json!({"name": "shop", "description": "x"}))
    );
    let deployment = &kind.after_create("shop", &config, &marker())[0];
    assert_eq!(deployment.path, "/api/2.0/apps/shop/deployments");
    assert_eq!(
        deployment.body,
        Some(
            json!({"mode": "SNAPSHOT", "source_code_path": "/Workspace/Shared/shop", "command": ["python", "app.py"],
                    "env_vars": [{"name": "A", "value": "1"}, {"name": "B", "value_from": "secret"}]})
        )
    );
    let answer = json!({"name": "shop", "description": "x", "id": "1", "url": "https://shop.example.com", "compute_size": "MEDIUM",
        "service_principal_client_id": "sp", "create_time": "2026-01-02T03:04:05Z", "creator": "hodman",
        "default_source_code_path": "/Workspace/Shared/shop", "compute_status": {"state": "ACTIVE"}, "app_status": {"state": "RUNNING"},
        "active_deployment": {"deployment_id": "d", "mode": "SNAPSHOT", "source_code_path": "/Workspace/Users/x/src/d", "command": ["python", "app.py"],
            "env_vars": [{"name": "A"}, {"name": "B", "value_from": "secret"}], "status": {"state": "SUCCEEDED"}}});
    let listed = same("apps", &config, &answer);
    assert_eq!(listed.outputs["url"], "https://shop.example.com");
    assert_eq!(kind.readiness(&answer), Readiness::Ready);
    let mut changed = config.clone();
    changed["description"] = json!("y");
    changed["source_code_path"] = json!("/Workspace/Shared/shop2");
    let calls = kind.update("shop", &listed.config, &changed, &marker());
    assert_eq!(calls[0].path, "/api/2.0/apps/shop/update");
    assert_eq!(
        calls[0].body,
        Some(json!({"app": {"description": "y"}, "update_mask": "description"}))
    );
    assert_eq!(calls[1].path, "/api/2.0/apps/shop/deployments");
    // Each is asked about by itself: an app says nothing of a deployment that failed.
    let asked = |call, answer| {
        kind.follow("shop", call, &answer)
            .map(|follow| (follow.method, follow.path))
    };
    assert_eq!(
        asked(&calls[0], json!({"status": {"state": "IN_PROGRESS"}})),
        Some((Method::Get, "/api/2.0/apps/shop/update".to_owned()))
    );
    assert_eq!(
        asked(&calls[1], json!({"deployment_id": "d2"})),
        Some((Method::Get, "/api/2.0/apps/shop/deployments/d2".to_owned()))
    );
    let says = |state: &str| json!({"deployment_id": "d2", "status": {"state": state, "message": "no app.py"}});
    assert_eq!(
        [says("IN_PROGRESS"), says("FAILED"), says("SUCCEEDED")].map(|said| kind.readiness(&said)),
        [
            Readiness::Pending("IN_PROGRESS".into()),
            Readiness::Failed("FAILED no app.py".into()),
            Readiness::Ready,
        ]
    );
    // While it is on its way, what was asked for is what counts; once it failed, what runs.
    let mut rolling = answer.clone();
    rolling["description"] = json!("y");
    rolling["pending_deployment"] = answer["active_deployment"].clone();
    rolling["pending_deployment"]["source_code_path"] = json!("/Workspace/Shared/shop2");
    rolling["pending_deployment"]["status"]["state"] = json!("IN_PROGRESS");
    same("apps", &changed, &rolling);
    rolling["pending_deployment"]["status"]["state"] = json!("FAILED");
    changed["source_code_path"] = config["source_code_path"].clone();
    same("apps", &changed, &rolling);
    // One that says nothing of itself is described by an empty text.
    let mut silent = config.clone();
    silent.as_object_mut().unwrap().remove("description");
    let mut described = answer.clone();
    described["description"] = json!("");
    same("apps", &silent, &described);
    let stopped = json!({"name": "shop", "compute_status": {"state": "STOPPED"}});
    assert_eq!(kind.readiness(&stopped), Readiness::Ready, "by somebody");
    let starting = json!({"name": "shop", "compute_status": {"state": "STARTING"}});
    assert_eq!(
        kind.readiness(&starting),
        Readiness::Pending("STARTING".into())
    );
    let broken = json!({"compute_status": {"state": "ERROR", "message": "no quota"}});
    assert_eq!(
        kind.readiness(&broken),
        Readiness::Failed("ERROR no quota".into())
    );
}

#[test]
fn a_vector_search_endpoint_is_permitted_by_its_uuid() {
    let kind = kind_named("vector_search_endpoints");
    let config = json!({"name": "search", "endpoint_type": "STANDARD", "target_qps": 10});
    let answer = json!({"name": "search", "id": "u-1", "endpoint_type": "STANDARD", "endpoint_status": {"state": "ONLINE"}, "num_indexes": 0,
        "creator": "hodman", "creation_timestamp": 1_700_000_000_000_i64, "scaling_info": {"requested_target_qps": 10}});
    let listed = same("vector_search_endpoints", &config, &answer);
    assert_eq!(
        (listed.id.as_str(), &listed.outputs["endpoint_uuid"]),
        ("search", &json!("u-1"))
    );
    assert_eq!(kind.create(&config, &marker()).body, Some(config.clone()));
    let calls = kind.update(
        "search",
        &listed.config,
        &json!({"name": "search", "target_qps": 20, "budget_policy_id": "b"}),
        &marker(),
    );
    let sent: Vec<_> = calls
        .iter()
        .map(|call| (call.path.as_str(), call.body.clone().unwrap()))
        .collect();
    assert_eq!(
        sent,
        [
            (
                "/api/2.0/vector-search/endpoints/search/budget-policy",
                json!({"budget_policy_id": "b"})
            ),
            (
                "/api/2.0/vector-search/endpoints/search",
                json!({"target_qps": 20})
            ),
        ]
    );
    let pending = json!({"endpoint_status": {"state": "PROVISIONING"}});
    assert_eq!(
        kind.readiness(&pending),
        Readiness::Pending("PROVISIONING".into())
    );
    assert_eq!(kind.readiness(&answer), Readiness::Ready);
    let down = json!({"endpoint_status": {"state": "OFFLINE"}});
    assert_eq!(kind.readiness(&down), Readiness::Failed("OFFLINE".into()));
}

#[test]
fn an_index_is_replaced_by_any_change() {
    let kind = kind_named("vector_search_indexes");
    let config = json!({"name": "c.s.docs", "endpoint_name": "search", "index_type": "DELTA_SYNC", "primary_key": "id",
        "delta_sync_index_spec": {"source_table": "c.s.t", "pipeline_type": "TRIGGERED",
            "embedding_source_columns": [{"name": "text", "embedding_model_endpoint_name": "embed"}]}});
    let mut answer = config.clone();
    answer["delta_sync_index_spec"]["pipeline_id"] = json!("p-1");
    answer["delta_sync_index_spec"]["columns_to_sync"] = json!(["id", "text"]);
    answer["status"] = json!({"ready": false, "message": "building", "index_url": "https://x"});
    answer["index_subtype"] = json!("HYBRID");
    let listed = same("vector_search_indexes", &config, &answer);
    assert_eq!(listed.natural.as_deref(), Some("c.s.docs"));
    assert_eq!(kind.create(&config, &marker()).body, Some(config.clone()));
    assert_eq!(
        kind.readiness(&answer),
        Readiness::Ready,
        "its data comes by itself, for hours"
    );
    answer["status"]["detailed_state"] = json!("OFFLINE_FAILED");
    assert_eq!(
        kind.readiness(&answer),
        Readiness::Failed("OFFLINE_FAILED building".into())
    );
    let mut written = answer.clone();
    written
        .as_object_mut()
        .unwrap()
        .remove("delta_sync_index_spec");
    written["status"]["detailed_state"] = json!("PROVISIONING");
    assert_eq!(
        kind.readiness(&written),
        Readiness::Pending("building".into())
    );
    written["status"]["ready"] = json!(true);
    assert_eq!(kind.readiness(&written), Readiness::Ready);
    assert_eq!(
        kind.needs(&config),
        [
            ("vector_search_endpoints", "search".to_owned()),
            ("schemas", "c.s".to_owned()),
            ("model_serving_endpoints", "embed".to_owned()),
        ]
    );
    for field in kind.rules().settable {
        let path = crate::field_path::FieldPath::default().key((*field).to_owned());
        assert!(
            kind.rules().replace_on.iter().any(|at| at.covers(&path)),
            "{field}"
        );
    }
    let direct = json!({"direct_access_index_spec": {}});
    assert!(matches!(
        kind.reversibility(Change::Delete, &direct),
        Reversibility::Irreversible { .. }
    ));
    assert!(matches!(
        kind.reversibility(Change::Delete, &config),
        Reversibility::Compensable { .. }
    ));
}
