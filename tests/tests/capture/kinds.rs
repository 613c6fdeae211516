//! A whole workspace in one pull request, and from there to qa.

use super::stage::Stage;
use hodman_tests::harness::Options;
use serde_json::{Value, json};

/// One of many kinds, as people make them. Gives the ids that jobs refer to.
pub async fn a_team_at_work(stage: &Stage) -> Value {
    let id = |made: Value, field: &str| made[field].as_str().expect("an id").to_owned();
    let policy =
        json!({"name": "team", "definition": "{\"spark_version\":{\"type\":\"unlimited\"}}"});
    let policy = id(
        stage
            .post("/api/2.0/policies/clusters/create", policy)
            .await,
        "policy_id",
    );
    let pool = json!({"instance_pool_name": "small", "node_type_id": "m5d.large", "min_idle_instances": 0});
    let pool = id(
        stage.post("/api/2.0/instance-pools/create", pool).await,
        "instance_pool_id",
    );
    let cluster = json!({"cluster_name": "etl", "spark_version": "15.4.x-scala2.12", "num_workers": 1,
        "instance_pool_id": pool, "policy_id": policy, "autotermination_minutes": 30});
    let cluster = id(
        stage.post("/api/2.1/clusters/create", cluster).await,
        "cluster_id",
    );
    let warehouse = json!({"name": "bi", "cluster_size": "Small", "auto_stop_mins": 10, "max_num_clusters": 1,
        "warehouse_type": "PRO", "enable_serverless_compute": false});
    let warehouse = id(stage.post("/api/2.0/sql/warehouses", warehouse).await, "id");
    let scope = json!({"scope": "shop"});
    stage.post("/api/2.0/secrets/scopes/create", scope).await;
    let secret =
        json!({"scope": "shop", "key": "token", "string_value": hodman_tests::harness::CANARY});
    stage.post("/api/2.0/secrets/put", secret).await;
    let catalog = json!({"name": "lake", "comment": "of the shop"});
    stage.post("/api/2.1/unity-catalog/catalogs", catalog).await;
    let schema = json!({"name": "orders", "catalog_name": "lake"});
    stage.post("/api/2.1/unity-catalog/schemas", schema).await;
    let volume = json!({"name": "raw", "catalog_name": "lake", "schema_name": "orders", "volume_type": "MANAGED"});
    stage.post("/api/2.1/unity-catalog/volumes", volume).await;
    let grant =
        json!({"changes": [{"principal": "account users", "add": ["USE_SCHEMA", "SELECT"]}]});
    let path = "/api/2.1/unity-catalog/permissions/schema/lake.orders";
    stage.call("dev", "PATCH", path, grant).await;
    let pipeline = json!({"name": "flow", "catalog": "lake", "schema": "orders", "serverless": true,
        "libraries": [{"notebook": {"path": "/Shared/shop/load"}}]});
    let pipeline = id(
        stage.post("/api/2.0/pipelines", pipeline).await,
        "pipeline_id",
    );
    let folder = json!({"path": "/Shared/shop/bi"});
    stage.post("/api/2.0/workspace/mkdirs", folder).await;
    let dashboard = json!({"display_name": "sales", "parent_path": "/Shared/shop/bi", "warehouse_id": warehouse,
        "serialized_dashboard": "{\"pages\":[{\"name\":\"p\",\"displayName\":\"Sales\"}]}"});
    stage.post("/api/2.0/lakeview/dashboards", dashboard).await;
    let query = json!({"query": {"display_name": "orders today", "warehouse_id": warehouse, "parent_path": "/Shared/shop/bi",
        "query_text": "select 1"}});
    stage.post("/api/2.0/sql/queries", query).await;
    let experiment = json!({"name": "/Shared/shop/bi/forecast"});
    stage
        .post("/api/2.0/mlflow/experiments/create", experiment)
        .await;
    let job = json!({"name": "report", "email_notifications": {"on_failure": ["ana@acme.example"]},
        "tags": {"team": "shop"},
        "tasks": [
            {"task_key": "flow", "pipeline_task": {"pipeline_id": pipeline}},
            {"task_key": "build", "depends_on": [{"task_key": "flow"}], "existing_cluster_id": cluster,
             "notebook_task": {"notebook_path": "/Shared/shop/load"}},
            {"task_key": "look", "sql_task": {"warehouse_id": warehouse, "file": {"path": "/Shared/shop/look.sql"}}}]});
    stage
        .scene
        .workspace("dev")
        .put_file("/Shared/shop/look.sql", b"select 1\n", "ana@acme.example")
        .expect("a file");
    let made = stage.post("/api/2.2/jobs/create", job).await;
    let job = made["job_id"].as_i64().expect("an id");
    let access =
        json!({"access_control_list": [{"group_name": "users", "permission_level": "CAN_VIEW"}]});
    let path = format!("/api/2.0/permissions/jobs/{job}");
    stage.call("dev", "PATCH", &path, access).await;
    json!({"cluster": cluster, "pool": pool, "policy": policy, "warehouse": warehouse, "pipeline": pipeline, "job": job})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_kinds_become_files_and_are_promoted_when_each_value_has_a_counterpart() {
    let stage = Stage::start(Options::short()).await;
    let ids = a_team_at_work(&stage).await;
    let pull = stage.captured().await;
    let paths: Vec<String> = stage
        .scene
        .forge
        .changed_files(hodman_tests::harness::REPOSITORY, pull.number)
        .expect("files");
    for file in [
        "etl.cluster.yml",
        "team.cluster_policy.yml",
        "small.instance_pool.yml",
        "bi.sql_warehouse.yml",
        "shop.secret_scope.yml",
        "lake.catalog.yml",
        "orders.schema.yml",
        "raw.volume.yml",
        "flow.pipeline.yml",
        "sales.dashboard.yml",
        "orders_today.query.yml",
        "report.job.yml",
    ] {
        let wanted = format!("resources/{file}");
        assert!(
            paths.contains(&wanted),
            "{wanted} is not in {paths:#?}\n{}",
            pull.body
        );
    }
    assert!(
        paths.iter().any(|path| path.ends_with(".experiment.yml")),
        "{paths:#?}"
    );
    let job = stage.main("resources/report.job.yml").expect("the job");
    for text in [
        "${resources.pipelines.flow.id}",
        "${resources.clusters.etl.id}",
        "${resources.sql_warehouses.bi.id}",
        "../src/load.py",
        "level: CAN_VIEW",
        "group_name: users",
    ] {
        assert!(job.contains(text), "{text} is not in\n{job}");
    }
    let schema = stage.main("resources/orders.schema.yml").expect("a schema");
    assert!(
        schema.contains("account users") && schema.contains("USE_SCHEMA"),
        "{schema}"
    );
    for path in &paths {
        let text = stage.main(path).unwrap_or_default();
        assert!(
            !text.contains(hodman_tests::harness::CANARY),
            "{path}:\n{text}"
        );
        if path.starts_with("resources/") {
            for id in ids.as_object().expect("ids").values() {
                let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                assert!(!text.contains(&id), "{path} has an id of dev:\n{text}");
            }
        }
    }
    assert!(!pull.body.contains(hodman_tests::harness::CANARY));
    assert!(
        pull.body.contains("shop/token"),
        "named only: {}",
        pull.body
    );

    // Again: nothing.
    stage.capture().await;
    assert!(stage.open().is_empty(), "{:#?}", stage.open());

    // qa says nothing of the address and the catalog: refused, by name.
    let short = stage.short();
    let why = short
        .wait("a refusal that names what is missing", async || {
            let state = short.state().await.ok()?;
            let told = hodman_core::explain::explain(
                &state,
                &hodman_core::ids::EnvName::from("qa"),
                stage.scene.clock.now(),
            )?;
            let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
            let words = words.join("; ");
            words.contains("counterpart").then_some(words)
        })
        .await
        .expect("refused");
    assert!(why.contains("identity."), "{why}");
    let path = "environments/qa/environment.yaml";
    let text = stage.main(path).expect("qa");
    let every = "identity:\n  notifications: {\"*\": \"*\"}\n  catalogs: {\"*\": \"*\"}\n  principals: {\"*\": \"*\"}\n  storage: {\"*\": \"*\"}\n  instance_profiles: {\"*\": \"*\"}\n";
    stage.commit("main", path, Some(&text.replace("identity:\n", every)));
    short.promote("qa").await.expect("promoted");
    let there = stage
        .get("qa", "/api/2.2/jobs/list?expand_tasks=true")
        .await;
    let report = there["jobs"]
        .as_array()
        .expect("jobs")
        .iter()
        .find(|job| job["settings"]["name"] == "report")
        .expect("report is in qa")
        .clone();
    let pipelines = stage.get("qa", "/api/2.0/pipelines").await;
    let flow = &pipelines["statuses"][0]["pipeline_id"];
    let tasks = report["settings"]["tasks"].as_array().expect("tasks");
    let task = tasks
        .iter()
        .find(|task| task["task_key"] == "flow")
        .expect("a task");
    assert_eq!(&task["pipeline_task"]["pipeline_id"], flow, "qa's own");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_fold_bundles_are_said_renames_and_removals_are_known_also_without_the_database() {
    let mut stage = Stage::start(Options::short()).await;
    let dev = &stage.scene.people["dev"];
    stage.job("[dev ana] nightly").await;
    let deployed = json!({"name": "deployed", "deployment": {"kind": "BUNDLE", "metadata_file_path": "/x/metadata.json"},
        "edit_mode": "UI_LOCKED",
        "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/Shared/shop/load"}}]});
    stage.post("/api/2.2/jobs/create", deployed).await;
    let flow = json!({"name": "flow", "catalog": "main", "schema": "s", "serverless": true,
        "deployment": {"kind": "BUNDLE", "metadata_file_path": "/x/metadata.json"},
        "libraries": [{"notebook": {"path": "/Shared/shop/load"}}]});
    stage.post("/api/2.0/pipelines", flow).await;
    stage.job("kept").await;
    let gone = stage.job("gone").await;
    let pull = stage.captured().await;
    let said = |key: &str, words: &str| {
        let row = pull
            .body
            .lines()
            .any(|line| line.contains(key) && line.contains(words));
        assert!(row, "{key}: {words}\n{}", pull.body);
    };
    said("jobs.deployed", "deployed by a bundle");
    said("pipelines.flow", "deployed by a bundle");
    said("[dev ana] nightly", "a development copy of `nightly`");
    let job = stage.main("resources/deployed.job.yml").expect("captured");
    assert!(
        !job.contains("deployment") && !job.contains("UI_LOCKED"),
        "{job}"
    );

    // Without the database, and meanwhile one is renamed and one deleted.
    stage.daemon.take().expect("a daemon").stop().await;
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(stage.scene.data().join(format!("hodman.db{end}"))).ok();
    }
    dev.edit_job("kept", |settings| {
        settings["name"] = json!("well kept");
    })
    .await
    .expect("renamed");
    dev.delete_job(gone).await.expect("deleted");
    let daemon = stage.scene.daemon().await;
    stage.store = daemon.parts().store.clone();
    stage.daemon = Some(daemon);
    stage.capture().await;
    let pull = stage.pull();
    let files = stage
        .scene
        .forge
        .changed_files(hodman_tests::harness::REPOSITORY, pull.number)
        .expect("files");
    assert_eq!(
        files,
        [
            "environments/dev/captured.lock",
            "resources/gone.job.yml",
            "resources/kept.job.yml"
        ]
    );
    assert!(
        stage
            .file(&pull.head_sha, "resources/gone.job.yml")
            .is_none()
    );
    let text = stage
        .file(&pull.head_sha, "resources/kept.job.yml")
        .expect("the same file");
    assert!(
        text.contains("    kept:\n      name: well kept\n"),
        "{text}"
    );
    assert!(
        pull.body.contains("| renamed |") && pull.body.contains("| removed |"),
        "{}",
        pull.body
    );
    stage.stop().await;
}
