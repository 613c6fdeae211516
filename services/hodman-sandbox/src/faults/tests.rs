use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::routing::post;

use super::*;

async fn counting_server() -> (Server, Faults, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let router = Router::new().route(
        "/work",
        post(move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            "done"
        }),
    );
    let faults = Faults::new();
    let server = serve(([127, 0, 0, 1], 0).into(), router, &faults)
        .await
        .expect("bound");
    (server, faults, count)
}

#[tokio::test]
async fn a_fault_before_the_handler_means_not_done_and_after_it_done_without_an_answer() {
    let (server, faults, count) = counting_server().await;
    let url = format!("{}/work", server.url());
    let client = reqwest::Client::new();
    faults.add(
        FaultRule::status(503, 1)
            .on("POST")
            .header("retry-after", "7"),
    );
    faults.add(
        FaultRule::drop_connection(1)
            .path_contains("/work")
            .after_effect(),
    );
    faults.add(FaultRule::drop_connection(1));

    let answer = client.post(&url).send().await.expect("answer");
    assert_eq!(
        (answer.status().as_u16(), count.load(Ordering::SeqCst)),
        (503, 0)
    );
    assert_eq!(answer.headers()["retry-after"], "7");
    assert!(
        client.post(&url).send().await.is_err(),
        "the connection is cut"
    );
    assert_eq!(count.load(Ordering::SeqCst), 1, "but the work was done");
    assert!(client.post(&url).send().await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(
        client.post(&url).send().await.expect("answer").status(),
        200
    );
    let statuses: Vec<u16> = faults
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [503, 0, 0, 200]);
}

#[tokio::test]
async fn rules_come_over_http_and_count_down() {
    let (server, faults, _) = counting_server().await;
    let client = reqwest::Client::new();
    let rules = serde_json::json!([
        {"path": {"suffix": "/work"}, "skip": 1, "times": 1, "action": {"status": {"code": 429}}}
    ]);
    let put = client
        .put(format!("{}/__sandbox/faults", server.url()))
        .json(&rules)
        .send()
        .await
        .expect("answer");
    assert_eq!(put.status(), 204);
    let url = format!("{}/work?x=1", server.url());
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(
            client
                .post(&url)
                .send()
                .await
                .expect("answer")
                .status()
                .as_u16(),
        );
    }
    assert_eq!(statuses, [200, 429, 200]);
    assert!(faults.rules().is_empty());
}
