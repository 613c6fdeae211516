//! What holds for a whole workspace, and the kinds that clusters are made of.

use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ANA, Bench, SECRET};
use crate::calls::{call, done, read, refused};

#[tokio::test]
async fn a_setting_is_changed_by_its_etag() {
    let bench = Bench::start().await;
    let path = "/api/2.0/settings/types/default_namespace_ws/names/default";
    let before = read(&bench, path).await;
    assert_eq!(before["namespace"]["value"], "hive_metastore");
    let change = |etag: Option<&Value>| {
        let mut setting = json!({"setting_name": "default", "namespace": {"value": "main"}});
        if let Some(etag) = etag {
            setting["etag"] = etag.clone();
        }
        json!({"allow_missing": true, "field_mask": "namespace.value", "setting": setting})
    };
    let after = done(&bench, Method::PATCH, path, change(None)).await;
    for late in [None, Some(&before["etag"])] {
        let (status, answer) = call(&bench, Method::PATCH, path, change(late)).await;
        assert_eq!(status, 409);
        assert_eq!(answer["details"][0]["metadata"]["etag"], after["etag"]);
    }
    let etag = after["etag"].as_str().unwrap();
    done(
        &bench,
        Method::DELETE,
        &format!("{path}?etag={etag}"),
        json!({}),
    )
    .await;
    assert_eq!(
        read(&bench, path).await["namespace"]["value"],
        "hive_metastore"
    );
    let unknown = "/api/2.0/settings/types/none/names/default";
    assert_eq!(
        refused(&bench, Method::GET, unknown, json!({})).await.0,
        404
    );
}

#[tokio::test]
async fn a_destination_does_not_show_its_secret() {
    let bench = Bench::start().await;
    let root = "/api/2.0/notification-destinations";
    let body = json!({"display_name": "d", "config": {"pagerduty": {"integration_key": SECRET}}});
    let made = done(&bench, Method::POST, root, body).await;
    assert_eq!(
        made["config"],
        json!({"pagerduty": {"integration_key_set": true}})
    );
    assert_eq!(made["destination_type"], "PAGERDUTY");
    assert!(!format!("{}", read(&bench, root).await).contains(SECRET));
    let two = json!({"display_name": "d", "config": {"email": {}, "slack": {}}});
    assert_eq!(refused(&bench, Method::POST, root, two).await.0, 400);
}

#[tokio::test]
async fn a_warehouse_starts_and_an_edit_leaves_nothing() {
    let bench = Bench::start().await;
    let root = "/api/2.0/sql/warehouses";
    let body = json!({"name": "w", "cluster_size": "Small", "auto_stop_mins": 10, "creator_name": "someone"});
    let made = done(&bench, Method::POST, root, body).await;
    let one = format!("{root}/{}", made["id"].as_str().unwrap());
    assert_eq!(read(&bench, &one).await["state"], "STARTING");
    let shown = read(&bench, &one).await;
    assert_eq!(
        (&shown["state"], &shown["creator_name"]),
        (&json!("RUNNING"), &json!(ANA))
    );
    for wrong in [
        json!({"cluster_size": "Huge"}),
        json!({"auto_stop_mins": 5}),
        json!({"min_num_clusters": 3, "max_num_clusters": 2}),
        json!({"enable_serverless_compute": true}),
        json!({"name": "n".repeat(100)}),
    ] {
        let (status, ..) =
            refused(&bench, Method::POST, &format!("{one}/edit"), wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
    }
    done(
        &bench,
        Method::POST,
        &format!("{one}/edit"),
        json!({"min_num_clusters": 1}),
    )
    .await;
    let shown = read(&bench, &one).await;
    assert_eq!(
        (
            &shown["name"],
            &shown["cluster_size"],
            &shown["auto_stop_mins"]
        ),
        (&json!("w"), &json!("Medium"), &json!(120))
    );
    done(&bench, Method::POST, &format!("{one}/stop"), json!({})).await;
    assert_eq!(read(&bench, &one).await["state"], "STOPPING");
    assert_eq!(read(&bench, &one).await["num_clusters"], 0);
}

#[tokio::test]
async fn a_policy_holds_for_its_clusters() {
    let bench = Bench::start().await;
    let definition = json!({
        "node_type_id": {"type": "fixed", "value": "m5.large"},
        "autotermination_minutes": {"type": "range", "maxValue": 60, "defaultValue": 30},
    });
    let policy = json!({"name": "p", "definition": definition.to_string()});
    let policy = done(
        &bench,
        Method::POST,
        "/api/2.0/policies/clusters/create",
        policy,
    )
    .await;
    let spec = |more: Value| {
        let mut spec = json!({"cluster_name": "c", "spark_version": "15.4.x", "num_workers": 1, "policy_id": policy["policy_id"]});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        spec
    };
    let create = "/api/2.1/clusters/create";
    let body = spec(json!({"apply_policy_default_values": true}));
    let made = done(&bench, Method::POST, create, body).await;
    let id = made["cluster_id"].as_str().unwrap();
    let shown = read(&bench, &format!("/api/2.1/clusters/get?cluster_id={id}")).await;
    assert_eq!(
        (&shown["node_type_id"], &shown["autotermination_minutes"]),
        (&json!("m5.large"), &json!(30))
    );
    let (status, code, text) = refused(
        &bench,
        Method::POST,
        create,
        spec(json!({"autotermination_minutes": 90})),
    )
    .await;
    assert_eq!((status, code.as_str()), (400, "INVALID_PARAMETER_VALUE"));
    assert!(
        text.contains("Validation failed for autotermination_minutes"),
        "{text}"
    );
}

#[tokio::test]
async fn a_pool_changes_only_its_few_fields() {
    let bench = Bench::start().await;
    let root = "/api/2.0/instance-pools";
    let body = json!({"instance_pool_name": "p", "node_type_id": "m5.large", "max_capacity": 3,
        "custom_tags": {"a": "b"}, "disk_spec": {"disk_count": 1}});
    let made = done(&bench, Method::POST, &format!("{root}/create"), body).await;
    let id = made["instance_pool_id"].as_str().unwrap();
    let edit = |node: &str| {
        json!({"instance_pool_id": id, "instance_pool_name": "q", "node_type_id": node,
        "min_idle_instances": 1, "disk_spec": {"disk_count": 2}})
    };
    done(
        &bench,
        Method::POST,
        &format!("{root}/edit"),
        edit("m5.large"),
    )
    .await;
    let shown = read(&bench, &format!("{root}/get?instance_pool_id={id}")).await;
    assert_eq!(shown["instance_pool_name"], "q");
    assert_eq!(shown["disk_spec"]["disk_count"], 1, "it is not among them");
    assert_eq!(
        (shown.get("max_capacity"), shown.get("custom_tags")),
        (None, None)
    );
    let (status, ..) = refused(
        &bench,
        Method::POST,
        &format!("{root}/edit"),
        edit("m5.xlarge"),
    )
    .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn init_scripts_keep_an_order_without_gaps() {
    let bench = Bench::start().await;
    let root = "/api/2.0/global-init-scripts";
    let text = base64::engine::general_purpose::STANDARD.encode("echo");
    let mut ids = Vec::new();
    for (name, position) in [("a", json!(null)), ("b", json!(0)), ("c", json!(99))] {
        let mut body = json!({"name": name, "script": text});
        if !position.is_null() {
            body["position"] = position;
        }
        let made = done(&bench, Method::POST, root, body).await;
        ids.push(made["script_id"].as_str().unwrap().to_owned());
    }
    let order = async || {
        let listed = read(&bench, root).await;
        let scripts = listed["scripts"].as_array().unwrap().clone();
        assert!(scripts.iter().all(|script| script.get("script").is_none()));
        let named = scripts
            .iter()
            .map(|script| format!("{}{}", script["position"], script["name"]));
        named.collect::<Vec<_>>().join(" ").replace('"', "")
    };
    assert_eq!(order().await, "0b 1a 2c");
    done(
        &bench,
        Method::PATCH,
        &format!("{root}/{}", ids[2]),
        json!({"name": "c", "script": text, "position": 1}),
    )
    .await;
    assert_eq!(order().await, "0b 1c 2a");
    done(
        &bench,
        Method::DELETE,
        &format!("{root}/{}", ids[1]),
        json!({}),
    )
    .await;
    assert_eq!(order().await, "0c 1a");
}

#[tokio::test]
async fn a_deleted_job_is_missing_or_forbidden() {
    let bench = Bench::start().await;
    let id = bench.dev.create_job(json!({"name": "n"}), ANA).unwrap();
    bench.dev.delete_job(id, ANA).unwrap();
    let path = format!("/api/2.2/jobs/get?job_id={id}");
    let (status, code, text) = refused(&bench, Method::GET, &path, json!({})).await;
    assert_eq!((status, code.as_str()), (400, "INVALID_PARAMETER_VALUE"));
    assert_eq!(text, format!("Job {id} does not exist."));
    bench.dev.deny_deleted_jobs(true);
    let (status, code, _) = refused(&bench, Method::GET, &path, json!({})).await;
    assert_eq!((status, code.as_str()), (403, "PERMISSION_DENIED"));
    let other = refused(&bench, Method::GET, "/api/2.2/jobs/get?job_id=1", json!({})).await;
    assert_eq!(other.0, 400, "one that never was");
}

#[tokio::test]
async fn a_person_changes_any_kind_by_hand() {
    let bench = Bench::start().await;
    let dev = &bench.dev;
    let made = dev
        .call(
            "bo@example.com",
            Method::POST,
            "/api/2.0/pipelines",
            json!({"name": "p"}),
        )
        .await
        .unwrap();
    let path = format!(
        "/api/2.0/pipelines/{}",
        made["pipeline_id"].as_str().unwrap()
    );
    assert_eq!(
        read(&bench, &path).await["creator_user_name"],
        "bo@example.com"
    );
    assert!(
        !dev.requests()
            .iter()
            .any(|request| request.method == "POST")
    );
    dev.call(ANA, Method::DELETE, &path, Value::Null)
        .await
        .unwrap();
    let refused = dev
        .call(ANA, Method::GET, &path, Value::Null)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (404, "RESOURCE_DOES_NOT_EXIST")
    );
    let unknown = dev
        .call(ANA, Method::GET, "/api/2.0/nothing", Value::Null)
        .await
        .unwrap_err();
    assert_eq!(unknown.status, 404);
}
