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

#[tokio::test]
async fn a_director_sees_every_request_and_can_do_something_before_or_after_its_effect() {
    let (server, faults, count) = counting_server().await;
    let url = format!("{}/work", server.url());
    let client = reqwest::Client::new();
    let (seen, done) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (arrivals, worked, acts) = (Arc::clone(&seen), Arc::clone(&count), Arc::clone(&done));
    faults.direct(Some(Director::new(move |request| {
        assert_eq!(request.uri.path(), "/work");
        let (worked, acts) = (Arc::clone(&worked), Arc::clone(&acts));
        let note = move || acts.store(10 + worked.load(Ordering::SeqCst), Ordering::SeqCst);
        match arrivals.fetch_add(1, Ordering::SeqCst) {
            0 => Direction::Before(Box::new(note)),
            1 => Direction::After(Box::new(note)),
            2 => Direction::Fault(FaultRule::status(429, 1)),
            _ => Direction::Pass,
        }
    })));
    assert!(client.post(&url).send().await.is_err());
    assert_eq!(done.load(Ordering::SeqCst), 10, "before the work");
    assert!(client.post(&url).send().await.is_err());
    assert_eq!(done.load(Ordering::SeqCst), 11, "after it");
    for expected in [429, 200] {
        let answer = client.post(&url).send().await.expect("answer");
        assert_eq!(answer.status().as_u16(), expected);
    }
    faults.direct(None);
    client.post(&url).send().await.expect("answer");
    assert_eq!(
        (seen.load(Ordering::SeqCst), count.load(Ordering::SeqCst)),
        (4, 3)
    );
}
