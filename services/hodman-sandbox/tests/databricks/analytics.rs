//! Queries and alerts, serving endpoints, apps, vector search.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{ANA, Bench};
use crate::calls::{done, read, refused};

#[tokio::test]
async fn a_query_changes_by_its_mask() {
    let bench = Bench::start().await;
    let root = "/api/2.0/sql/queries";
    let body =
        json!({"query": {"display_name": "q", "query_text": "a", "catalog": "main", "id": "mine"}});
    let made = done(&bench, Method::POST, root, body.clone()).await;
    assert_ne!(made["id"], "mine", "an id is not a caller's to give");
    assert_eq!(made["parent_path"], format!("/Workspace/Users/{ANA}"));
    let (status, code, _) = refused(&bench, Method::POST, root, body).await;
    assert_eq!((status, code.as_str()), (400, "RESOURCE_ALREADY_EXISTS"));
    let one = format!("{root}/{}", made["id"].as_str().unwrap());
    let change = |mask: &str, query: Value| json!({"update_mask": mask, "query": query});
    let changed = done(
        &bench,
        Method::PATCH,
        &one,
        change("query_text,catalog", json!({"query_text": "b"})),
    )
    .await;
    assert_eq!(
        (&changed["query_text"], changed.get("catalog")),
        (&json!("b"), None)
    );
    for wrong in ["", "id", "parent_path"] {
        let (status, ..) = refused(&bench, Method::PATCH, &one, change(wrong, json!({}))).await;
        assert_eq!(status, 400, "{wrong}");
    }
    done(&bench, Method::DELETE, &one, json!({})).await;
    assert_eq!(read(&bench, root).await, json!({}));
    assert_eq!(
        refused(&bench, Method::PATCH, &one, change("query_text", json!({})))
            .await
            .1,
        "INVALID_STATE"
    );
}

#[tokio::test]
async fn an_alert_needs_its_query() {
    let bench = Bench::start().await;
    let root = "/api/2.0/sql/alerts";
    let alert = |query: &str| json!({"alert": {"display_name": "a", "query_id": query, "condition": {"op": "EQUAL"}}});
    assert_eq!(
        refused(&bench, Method::POST, root, alert("none")).await.0,
        404
    );
    let query = json!({"query": {"display_name": "q", "query_text": "a"}});
    let query = done(&bench, Method::POST, "/api/2.0/sql/queries", query).await;
    let id = query["id"].as_str().unwrap();
    assert_eq!(
        done(&bench, Method::POST, root, alert(id)).await["state"],
        "UNKNOWN"
    );
    done(
        &bench,
        Method::DELETE,
        &format!("/api/2.0/sql/queries/{id}"),
        json!({}),
    )
    .await;
    assert_eq!(refused(&bench, Method::POST, root, alert(id)).await.0, 400);
    let (_, _, text) = refused(
        &bench,
        Method::POST,
        "/api/2.0/alerts",
        json!({"display_name": "b"}),
    )
    .await;
    assert_eq!(text, "Missing required field: query_text");
}

#[tokio::test]
async fn an_endpoint_serves_the_old_configuration_until_the_new_one_does() {
    let bench = Bench::start().await;
    let root = "/api/2.0/serving-endpoints";
    let external = json!({"name": "gpt", "external_model": {"name": "gpt", "provider": "openai", "task": "chat",
        "openai_config": {"openai_api_key_plaintext": crate::bench::SECRET, "openai_api_base": "b"}}});
    let body = json!({"name": "e", "config": {"served_entities": [external]}});
    let made = done(&bench, Method::POST, root, body).await;
    assert_eq!(
        made["state"],
        json!({"ready": "NOT_READY", "config_update": "IN_PROGRESS"})
    );
    assert!(!made.to_string().contains(crate::bench::SECRET));
    let one = format!("{root}/e");
    read(&bench, &one).await;
    let shown = read(&bench, &one).await;
    assert_eq!(
        shown["state"],
        json!({"ready": "READY", "config_update": "NOT_UPDATING"})
    );
    let config = |sum: i64| {
        json!({"served_models": [{"model_name": "m", "model_version": "1", "scale_to_zero_enabled": false}],
        "traffic_config": {"routes": [{"served_model_name": "m-1", "traffic_percentage": sum}]}})
    };
    let part = format!("{one}/config");
    assert_eq!(refused(&bench, Method::PUT, &part, config(90)).await.0, 400);
    let updating = done(&bench, Method::PUT, &part, config(100)).await;
    assert_eq!(updating["config"]["served_entities"][0]["name"], "gpt");
    assert_eq!(
        updating["pending_config"]["served_entities"][0]["entity_name"],
        "m"
    );
    let (status, code, _) = refused(&bench, Method::PUT, &part, config(100)).await;
    assert_eq!((status, code.as_str()), (409, "RESOURCE_CONFLICT"));

    // One that fails is shown beside the one that goes on serving, and the next may be asked for.
    let update = async |show: &str| {
        read(&bench, &one).await;
        assert_eq!(read(&bench, &one).await["state"]["config_update"], show);
    };
    update("NOT_UPDATING").await;
    bench.dev.fail_next_run("e", "no image");
    done(&bench, Method::PUT, &part, config(100)).await;
    update("UPDATE_FAILED").await;
    let shown = read(&bench, &one).await;
    assert_eq!(
        shown["pending_config"]["served_entities"][0]["state"],
        json!({"deployment": "DEPLOYMENT_FAILED", "deployment_state_message": "no image"})
    );
    assert_eq!(shown["config"]["config_version"], 2);
    done(&bench, Method::PUT, &part, config(100)).await;
    update("NOT_UPDATING").await;
}

#[tokio::test]
async fn an_app_keeps_its_name_until_it_is_gone() {
    let bench = Bench::start().await;
    let (root, one) = ("/api/2.0/apps", "/api/2.0/apps/my-app");
    let made = done(
        &bench,
        Method::POST,
        "/api/2.0/apps?no_compute=true",
        json!({"name": "my-app"}),
    )
    .await;
    assert_eq!(made["compute_status"]["state"], "STOPPED");
    done(&bench, Method::POST, &format!("{one}/start"), json!({})).await;
    assert_eq!(
        read(&bench, one).await["compute_status"]["state"],
        "STARTING"
    );
    assert_eq!(read(&bench, one).await["compute_status"]["state"], "ACTIVE");
    let deploy = json!({"source_code_path": "/Shared/none"});
    let deployments = format!("{one}/deployments");
    let first = done(&bench, Method::POST, &deployments, deploy.clone()).await;
    assert_eq!(first["status"]["state"], "IN_PROGRESS");
    assert_eq!(
        refused(&bench, Method::POST, &deployments, deploy).await.0,
        409
    );
    read(&bench, one).await;
    let all = read(&bench, &deployments).await;
    assert_eq!(
        all["app_deployments"][0]["status"]["state"], "FAILED",
        "{all}"
    );
    let mask = json!({"update_mask": "description", "app": {"description": "d", "resources": []}});
    done(&bench, Method::POST, &format!("{one}/update"), mask).await;
    assert!(read(&bench, one).await.get("resources").is_none());
    done(&bench, Method::DELETE, one, json!({})).await;
    let (status, code, _) = refused(&bench, Method::POST, root, json!({"name": "my-app"})).await;
    assert_eq!((status, code.as_str()), (409, "ALREADY_EXISTS"));
    done(&bench, Method::POST, root, json!({"name": "my-app"})).await;
}

#[tokio::test]
async fn an_endpoint_with_indexes_stays() {
    let bench = Bench::start().await;
    let (endpoints, indexes) = (
        "/api/2.0/vector-search/endpoints",
        "/api/2.0/vector-search/indexes",
    );
    done(
        &bench,
        Method::POST,
        endpoints,
        json!({"name": "e", "endpoint_type": "STANDARD"}),
    )
    .await;
    let index = |name: &str| {
        json!({"name": name, "endpoint_name": "e", "primary_key": "id", "index_type": "DIRECT_ACCESS",
        "direct_access_index_spec": {"schema_json": "{}"}})
    };
    assert_eq!(
        refused(&bench, Method::POST, indexes, index("short"))
            .await
            .0,
        400
    );
    done(&bench, Method::POST, indexes, index("a.b.c")).await;
    let one = format!("{endpoints}/e");
    assert_eq!(read(&bench, &one).await["num_indexes"], 1);
    assert_eq!(
        refused(&bench, Method::DELETE, &one, json!({})).await.0,
        400
    );
    let sync = format!("{indexes}/a.b.c/sync");
    assert_eq!(refused(&bench, Method::POST, &sync, json!({})).await.0, 400);
    done(
        &bench,
        Method::DELETE,
        &format!("{indexes}/a.b.c"),
        json!({}),
    )
    .await;
    done(&bench, Method::DELETE, &one, json!({})).await;
}

#[tokio::test]
async fn the_name_of_an_index_is_taken_for_a_while_after_it_went() {
    let bench = Bench::start().await;
    let (endpoints, indexes) = (
        "/api/2.0/vector-search/endpoints",
        "/api/2.0/vector-search/indexes",
    );
    let endpoint = json!({"name": "e", "endpoint_type": "STANDARD"});
    done(&bench, Method::POST, endpoints, endpoint).await;
    let index = || {
        json!({"name": "a.b.c", "endpoint_name": "e", "primary_key": "id", "index_type": "DIRECT_ACCESS",
        "direct_access_index_spec": {"schema_json": "{\"n\": \"long\", \"id\": \"integer\"}"}})
    };
    let made = done(&bench, Method::POST, indexes, index()).await;
    let schema = &made["direct_access_index_spec"]["schema_json"];
    assert_eq!(*schema, "{\"id\":\"int\",\"n\":\"bigint\"}");
    let one = format!("{indexes}/a.b.c");
    done(&bench, Method::DELETE, &one, json!({})).await;
    read(&bench, &one).await;
    assert_eq!(refused(&bench, Method::GET, &one, json!({})).await.0, 404);
    let (status, _, text) = refused(&bench, Method::POST, indexes, index()).await;
    assert_eq!(
        (status, text.as_str()),
        (400, "Index a.b.c is currently pending deletion.")
    );
    done(&bench, Method::POST, indexes, index()).await;
}
