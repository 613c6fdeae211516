//! What the executor promises beside the story: an object that neither tags nor a name find again is not made twice, and
//! stands in the claims before and after.

use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::{Options, Scene, Short};
use serde_json::{Value, json};

/// A saved query beside the job: queries have no tags, and any number of them may have one name.
const WITH_A_QUERY: &str = "resources:
  queries:
    revenue:
      display_name: revenue
      parent_path: /Workspace/Shared
      query_text: SELECT 1
      warehouse_id: abc
      lifecycle: {prevent_destroy: true}
  jobs:
";

const CLAIMS: &str = "/Workspace/Shared/.hodman/shop/qa/claims.json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_whose_create_was_answered_by_nothing_is_found_and_not_made_again() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let options = Options::short().edit(
        "resources/smoke.job.yml",
        "resources:\n  jobs:\n",
        WITH_A_QUERY,
    );
    let scene = Scene::start(options).await;
    let qa = scene.workspace("qa");
    qa.faults().add(
        FaultRule::drop_connection(1)
            .on("POST")
            .path_contains("/sql/queries")
            .after_effect(),
    );
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let package = short.promote("qa").await.expect("qa");
    assert!(package.starts_with("sha256:"));

    let sent = qa
        .requests()
        .iter()
        .filter(|request| request.method == "POST" && request.path.contains("/sql/queries"))
        .count();
    assert_eq!(sent, 1, "the create is not sent again");
    let listed = qa
        .call(
            "olga",
            "GET".parse().expect("a method"),
            "/api/2.0/sql/queries",
            Value::Null,
        )
        .await
        .expect("the list");
    let queries = listed["results"].as_array().expect("queries");
    assert_eq!(queries.len(), 1, "{listed}");

    let claims = qa.read_file(CLAIMS).expect("the claims");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let claim = &claims["claims"]["queries.revenue"];
    assert_eq!(
        (&claim["id"], &claim["protected"]),
        (&queries[0]["id"], &json!(true)),
        "{claims}"
    );
    daemon.stop().await;
}
