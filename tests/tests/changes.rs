//! Changes that go on after they were answered, or are refused for a while: over HTTP, by hodman's own planner and executor.

use hodman_model::plan::Action;
use hodman_sandbox::databricks::ClusterView;
use hodman_sandbox::faults::{FaultRule, RequestRecord};
use hodman_tests::kinds::{Bench, by_key};
use reqwest::Method;
use serde_json::{Value, json};

fn endpoint(base: &str) -> Value {
    let external = json!({"name": "gpt", "provider": "openai", "task": "llm/v1/chat",
        "openai_config": {"openai_api_key": "{{secrets/shop/openai}}", "openai_api_base": base}});
    json!({"name": "answers", "config": {"served_entities": [{"name": "gpt", "external_model": external}]}})
}

fn app(command: &str) -> Value {
    json!({"name": "orders-app", "source_code_path": "../src", "config": {"command": ["python", command]}})
}

async fn converge(bench: &Bench) {
    bench
        .converge()
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
}

/// Applies what is declared; gives the failure.
async fn failure(bench: &Bench) -> String {
    let plan = bench.plan().await.expect("a plan");
    let error = bench.apply(&plan).await.expect_err("it fails");
    format!("{error:#}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_fails_after_its_answer_is_told_and_done_again() {
    let bench = Bench::start().await;
    let declare = |base: &str, command: &str| {
        bench.declare(&[
            ("model_serving_endpoints", endpoint(base)),
            ("apps", app(command)),
        ]);
    };
    declare("https://first.example.com", "first.py");
    converge(&bench).await;

    let qa = bench.workspace();
    qa.fail_next_run("answers", "the container image does not start");
    qa.fail_next_run("orders-app", "no module named orders");
    declare("https://second.example.com", "second.py");
    let told = failure(&bench).await;
    for words in [
        "UPDATE_FAILED: gpt: the container image does not start",
        "FAILED no module named orders",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let left = bench.plan().await.expect("a plan");
    let left = by_key(&left);
    assert_eq!(
        (left.get("apps"), left.get("model_serving_endpoints")),
        (Some(&Action::Update), Some(&Action::Update)),
        "what failed is not done"
    );
    converge(&bench).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_waits_for_the_end_of_one_that_goes_on() {
    let bench = Bench::start().await;
    bench.declare(&[("apps", app("first.py"))]);
    converge(&bench).await;
    let conflict = json!({"error_code": "RESOURCE_CONFLICT",
        "message": "Cannot deploy app orders-app as there is an active deployment in progress."});
    bench.workspace().faults().add(
        FaultRule::status(409, 2)
            .on("POST")
            .path_contains("/deployments")
            .body(&conflict.to_string()),
    );
    bench.declare(&[("apps", app("second.py"))]);
    converge(&bench).await;
    bench.stop().await;
}

fn cluster(workers: u32, minutes: u32) -> Value {
    json!({"cluster_name": "shared", "spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large",
        "num_workers": workers, "autotermination_minutes": minutes})
}

/// How often hodman sent this.
fn sent(bench: &Bench, path: &str) -> usize {
    let requests = bench.workspace().requests();
    let of_path =
        |request: &&RequestRecord| request.method == "POST" && request.path.ends_with(path);
    requests.iter().filter(of_path).count()
}

/// Somebody asks the workspace by hand.
async fn by_hand(bench: &Bench, method: Method, path: &str, body: Value) -> Value {
    let qa = bench.workspace();
    let answer = qa.call("ana", method, path, body).await;
    answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// Waits until the only cluster is in this state; whoever looks at it lets it go on.
async fn until_state(bench: &Bench, state: &str) -> ClusterView {
    for _ in 0..20 {
        by_hand(bench, Method::GET, "/api/2.1/clusters/list", Value::Null).await;
        let found = bench.workspace().list_clusters().remove(0);
        if found.state == state {
            return found;
        }
    }
    panic!("not {state}: {:?}", bench.workspace().list_clusters());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_cluster_is_resized_and_a_stopped_one_is_edited() {
    let bench = Bench::start().await;
    bench.declare(&[("clusters", cluster(1, 20))]);
    converge(&bench).await;
    until_state(&bench, "RUNNING").await;

    bench.declare(&[("clusters", cluster(2, 20))]);
    let plan = bench.converge().await.expect("resized");
    assert_eq!(by_key(&plan).get("clusters"), Some(&Action::Resize));
    assert_eq!((sent(&bench, "/resize"), sent(&bench, "/edit")), (1, 0));
    let id = until_state(&bench, "RUNNING").await.id;

    let stop = json!({"cluster_id": id});
    by_hand(&bench, Method::POST, "/api/2.1/clusters/delete", stop).await;
    until_state(&bench, "TERMINATED").await;
    bench.declare(&[("clusters", cluster(3, 20))]);
    let plan = bench.converge().await.expect("edited");
    assert_eq!(by_key(&plan).get("clusters"), Some(&Action::Resize));
    assert_eq!((sent(&bench, "/resize"), sent(&bench, "/edit")), (2, 1));
    let found = until_state(&bench, "TERMINATED").await;
    assert_eq!((&found.spec["num_workers"], found.id), (&json!(3), id));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_on_its_way_is_waited_for() {
    let bench = Bench::start().await;
    bench.declare(&[("clusters", cluster(1, 20))]);
    converge(&bench).await;
    let refused = |state: &str, path: &str, times: u32| {
        let words = format!("Cluster 1 is in unexpected state {state}.");
        let body = json!({"error_code": "INVALID_STATE", "message": words});
        let rule = FaultRule::status(400, times).on("POST");
        rule.path_contains(path).body(&body.to_string())
    };
    let (edit, resize) = ("/clusters/edit", "/clusters/resize");
    until_state(&bench, "RUNNING").await;
    // The edit of one that restarts.
    let faults = bench.workspace().faults().clone();
    faults.add(refused("Restarting", edit, 2));
    bench.declare(&[("clusters", cluster(1, 30))]);
    converge(&bench).await;
    assert_eq!(sent(&bench, "/edit"), 3);
    // One that was stopped, and is started by somebody between two requests: the edit would restart it.
    until_state(&bench, "RUNNING").await;
    faults.add(refused("Terminated", resize, 1));
    faults.add(refused("Pending", edit, 1));
    bench.declare(&[("clusters", cluster(2, 30))]);
    converge(&bench).await;
    assert_eq!((sent(&bench, "/resize"), sent(&bench, "/edit")), (2, 4));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hodman_made_it_goes_on_managing() {
    let bench = Bench::start().await;
    let users = |level: &str| json!([{"level": level, "group_name": "users"}]);
    let with = |mut config: Value, level: &str| {
        config["permissions"] = users(level);
        config
    };
    let scope = || json!({"name": "shared"});
    bench.declare(&[
        ("clusters", with(cluster(1, 20), "CAN_ATTACH_TO")),
        ("secret_scopes", with(scope(), "READ")),
    ]);
    converge(&bench).await;
    bench.declare(&[
        ("clusters", with(cluster(1, 20), "CAN_RESTART")),
        ("secret_scopes", with(scope(), "MANAGE")),
    ]);
    converge(&bench).await;
    let ids = bench.ids(&["clusters"]).await;
    let ask = async |path: &str| {
        let answer = by_hand(&bench, Method::GET, path, Value::Null).await;
        answer.to_string()
    };
    let cluster = ask(&format!(
        "/api/2.0/permissions/clusters/{}",
        ids["clusters"]
    ))
    .await;
    let scope = ask("/api/2.0/secrets/acls/list?scope=shared").await;
    for (shown, ours) in [(cluster, "CAN_MANAGE"), (scope, "MANAGE")] {
        assert_eq!(shown.matches(&format!("\"{ours}\"")).count(), 2, "{shown}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_and_never_worked_is_no_success_the_next_time() {
    let bench = Bench::start().await;
    let index = json!({"name": "shop.sales.facts", "endpoint_name": "search", "primary_key": "id",
        "index_type": "DIRECT_ACCESS", "direct_access_index_spec": {"schema_json": "{\"id\": \"integer\"}"}});
    bench.declare(&[
        (
            "vector_search_endpoints",
            json!({"name": "search", "endpoint_type": "STANDARD"}),
        ),
        ("vector_search_indexes", index),
    ]);
    bench
        .workspace()
        .fail_next_run("shop.sales.facts", "no such column: id");
    let words = "OFFLINE_FAILED no such column: id";
    let told = failure(&bench).await;
    assert!(told.contains(words), "{told}");
    let left = bench.plan().await.expect("a plan");
    assert!(left.is_empty(), "it is as declared:\n{}", left.to_table());
    let told = failure(&bench).await;
    assert!(told.contains(words), "{told}");

    let path = "/api/2.0/vector-search/indexes/shop.sales.facts";
    by_hand(&bench, Method::DELETE, path, Value::Null).await;
    let qa = bench.workspace();
    let mut looks = 0;
    // It goes a while after it was asked to.
    while qa.call("ana", Method::GET, path, Value::Null).await.is_ok() {
        looks += 1;
        assert!(looks < 50, "it is there still");
    }
    converge(&bench).await;
    let plan = bench.plan().await.expect("a plan");
    bench.apply(&plan).await.expect("nothing to do");
    bench.stop().await;
}
