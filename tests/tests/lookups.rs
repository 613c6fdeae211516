//! Every word by which a variable of a bundle may look something up: an object that people made is found by its name.

use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A person of qa sends a request.
async fn ask(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    let method = method.parse().expect("a method");
    let answer = scene.workspace("qa").call("ana", method, path, body).await;
    answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What people have in qa, one object called `there` for each word, and what a lookup of it is to give. Of alerts there are those of
/// before, too, as `alert`.
async fn made_by_hand(scene: &Scene) -> BTreeMap<&'static str, (String, String)> {
    let mut found = BTreeMap::new();
    let folder = "/Workspace/Shared";
    let cluster = json!({"cluster_name": "there", "spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "num_workers": 1});
    let made = [
        ("cluster", "/api/2.1/clusters/create", cluster, "cluster_id"),
        (
            "cluster_policy",
            "/api/2.0/policies/clusters/create",
            json!({"name": "there", "definition": "{}"}),
            "policy_id",
        ),
        (
            "instance_pool",
            "/api/2.0/instance-pools/create",
            json!({"instance_pool_name": "there", "node_type_id": "m5.large"}),
            "instance_pool_id",
        ),
        (
            "job",
            "/api/2.2/jobs/create",
            json!({"name": "there", "tasks": []}),
            "job_id",
        ),
        (
            "pipeline",
            "/api/2.0/pipelines",
            json!({"name": "there", "serverless": true, "libraries": []}),
            "pipeline_id",
        ),
        (
            "warehouse",
            "/api/2.0/sql/warehouses",
            json!({"name": "there", "cluster_size": "Small"}),
            "id",
        ),
        (
            "dashboard",
            "/api/2.0/lakeview/dashboards",
            json!({"display_name": "there", "parent_path": folder, "serialized_dashboard": "{}"}),
            "dashboard_id",
        ),
        (
            "service_principal",
            "/api/2.0/preview/scim/v2/ServicePrincipals",
            json!({"displayName": "there"}),
            "applicationId",
        ),
        (
            "notification_destination",
            "/api/2.0/notification-destinations",
            json!({"display_name": "there", "config": {"email": {"addresses": ["ana@acme.example"]}}}),
            "id",
        ),
    ];
    for (word, path, body, id) in made {
        let answer = ask(scene, "POST", path, body).await;
        found.insert(word, ("there".to_owned(), text(&answer[id])));
    }
    let warehouse = found["warehouse"].1.clone();
    let query = json!({"query": {"display_name": "there", "query_text": "select 1", "warehouse_id": warehouse, "parent_path": folder}});
    let query = text(&ask(scene, "POST", "/api/2.0/sql/queries", query).await["id"]);
    let condition = json!({"op": "GREATER_THAN", "operand": {"column": {"name": "n"}}, "threshold": {"value": {"double_value": 1.0}}});
    let before = json!({"alert": {"display_name": "there", "query_id": query, "condition": condition, "parent_path": folder}});
    let before = ask(scene, "POST", "/api/2.0/sql/alerts", before).await;
    let second = json!({"display_name": "there v2", "query_text": "select 1", "warehouse_id": warehouse, "parent_path": folder,
        "evaluation": {"source": {"name": "n"}, "comparison_operator": "IS_NULL"},
        "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}});
    let second = ask(scene, "POST", "/api/2.0/alerts", second).await;
    let metastores = ask(
        scene,
        "GET",
        "/api/2.1/unity-catalog/metastores",
        Value::Null,
    )
    .await;
    let metastore = &metastores["metastores"][0];
    let there = || "there".to_owned();
    found.insert("query", (there(), query));
    found.insert("alert", (there(), text(&before["id"])));
    found.insert("alert_v2", ("there v2".to_owned(), text(&second["id"])));
    found.insert(
        "metastore",
        (text(&metastore["name"]), text(&metastore["metastore_id"])),
    );
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_word_finds_its_object_by_name() {
    let scene = Scene::start(Options::short()).await;
    let there = made_by_hand(&scene).await;
    let variables: serde_json::Map<String, Value> = there
        .iter()
        .map(|(word, (name, _))| {
            let of = word.strip_suffix("_v2").unwrap_or(word);
            ((*word).to_owned(), json!({"lookup": {of: name}}))
        })
        .collect();
    let parameters: Vec<Value> = there
        .keys()
        .map(|word| json!({"name": word, "default": format!("${{var.{word}}}")}))
        .collect();
    let job = json!({"name": "looked up", "tasks": [], "parameters": parameters});
    let bundle = json!({"variables": variables, "resources": {"jobs": {"looked": job}}});
    let bundle = bundle.to_string();
    let files = [("resources/lookups.yml", Some(bundle.as_bytes()))];
    let committed = scene
        .forge
        .commit(REPOSITORY, "main", &files, "looks around", "rita");
    committed.expect("a commit");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    let job = scene
        .workspace("qa")
        .job_by_name("looked up")
        .expect("a job");
    let parameters = job.settings["parameters"].as_array().expect("parameters");
    let found: BTreeMap<&str, String> = parameters
        .iter()
        .filter_map(|one| Some((one["name"].as_str()?, text(&one["default"]))))
        .collect();
    let wanted: BTreeMap<&str, String> = there
        .iter()
        .map(|(word, (_, id))| (*word, id.clone()))
        .collect();
    assert_eq!(found, wanted);
    daemon.stop().await;
}
