//! Clusters.

use serde_json::json;

use crate::bench::{ANA, Bench};

#[tokio::test]
async fn a_cluster_lives_and_dies() {
    let bench = Bench::start().await;
    let spec = json!({"cluster_name": "c", "spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "num_workers": 1});
    let (_, made) = bench.post("/api/2.1/clusters/create", spec.clone()).await;
    let id = made["cluster_id"].as_str().unwrap();
    let get = format!("/api/2.1/clusters/get?cluster_id={id}");
    let mut edit = spec.clone();
    edit["cluster_id"] = json!(id);
    edit["num_workers"] = json!(2);
    let (status, early) = bench.post("/api/2.1/clusters/edit", edit.clone()).await;
    assert_eq!(
        (status, &early["error_code"]),
        (400, &json!("INVALID_STATE"))
    );
    let (_, running) = bench.get(&get).await;
    assert_eq!(running["state"], "RUNNING");
    assert_eq!(running["driver_node_type_id"], "m5.large");
    assert_eq!(running["default_tags"]["ClusterId"], id);
    assert_eq!(running["creator_user_name"], ANA);
    assert_eq!(
        running["spec"], spec,
        "what was asked for stays apart from what was added"
    );
    assert_eq!(bench.post("/api/2.0/clusters/edit", edit).await.0, 200);
    let (_, edited) = bench.get(&get).await;
    assert_eq!(
        (&edited["state"], &edited["num_workers"]),
        (&json!("RESTARTING"), &json!(2))
    );
    bench
        .post("/api/2.1/clusters/delete", json!({"cluster_id": id}))
        .await;
    bench.get(&get).await;
    assert_eq!(bench.get(&get).await.1["state"], "TERMINATED");
    bench
        .post(
            "/api/2.1/clusters/permanent-delete",
            json!({"cluster_id": id}),
        )
        .await;
    let (status, gone) = bench.get(&get).await;
    assert_eq!(
        (status, gone["message"].as_str().unwrap()),
        (400, format!("Cluster {id} does not exist").as_str())
    );
}

#[tokio::test]
async fn clusters_of_runs_are_listed_as_such() {
    let bench = Bench::start().await;
    let cluster =
        json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "num_workers": 1});
    let job = json!({"name": "n", "job_clusters": [{"job_cluster_key": "k", "new_cluster": cluster}], "tasks": [
        {"task_key": "a", "job_cluster_key": "k", "spark_jar_task": {"main_class_name": "M"}},
    ]});
    let id = bench.dev.create_job(job, ANA).unwrap();
    bench.dev.run_job(id, ANA).unwrap();
    for number in 0..3 {
        let mut own = cluster.clone();
        own["cluster_name"] = json!(format!("c{number}"));
        bench.dev.create_cluster(own, ANA).unwrap();
        bench.get("/api/2.2/jobs/runs/list").await;
    }
    let (_, first) = bench.get("/api/2.1/clusters/list?page_size=3").await;
    let (_, second) = bench
        .get(&format!(
            "/api/2.1/clusters/list?page_size=3&page_token={}",
            first["next_page_token"].as_str().unwrap()
        ))
        .await;
    let all = [
        first["clusters"].as_array().unwrap().clone(),
        second["clusters"].as_array().unwrap().clone(),
    ]
    .concat();
    let of_jobs = all
        .iter()
        .filter(|cluster| cluster["cluster_source"] == "JOB")
        .count();
    assert_eq!(
        (all.len(), of_jobs, second["next_page_token"].as_str()),
        (4, 1, Some(""))
    );
}
