//! Changes that go on after they were answered, or are refused for a while: over HTTP, by hodman's own planner and executor.

use hodman_model::plan::Action;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::kinds::{Bench, by_key};
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
