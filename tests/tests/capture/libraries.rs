//! What is installed on all-purpose clusters.

use super::stage::Stage;
use hodman_tests::harness::Options;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_installed_on_a_cluster_is_told_in_the_pull_request() {
    let stage = Stage::start(Options::short()).await;
    let cluster = json!({"cluster_name": "etl", "spark_version": "15.4.x-scala2.12", "num_workers": 1,
        "node_type_id": "m5d.large", "autotermination_minutes": 30});
    let made = stage.post("/api/2.1/clusters/create", cluster).await;
    let pandas = json!({"pypi": {"package": "pandas==2.2.2"}});
    let old = json!({"maven": {"coordinates": "org.example:old:1.0"}});
    let installed = json!({"cluster_id": made["cluster_id"], "libraries": [pandas, old]});
    stage.post("/api/2.0/libraries/install", installed).await;
    let leaving = json!({"cluster_id": made["cluster_id"], "libraries": [old]});
    stage.post("/api/2.0/libraries/uninstall", leaving).await;
    let pull = stage.captured().await;
    assert!(
        pull.body.contains("pypi pandas==2.2.2 |") && !pull.body.contains("org.example"),
        "{}",
        pull.body
    );
    // Told, and no difference: nothing more is proposed.
    stage.capture().await;
    assert!(stage.open().is_empty(), "{:#?}", stage.open());
    stage.stop().await;
}
