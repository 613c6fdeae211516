//! How many calls are under way at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use hodman_clients::databricks::{Auth, Request, Workspace};
use secrecy::SecretString;
use serde_json::json;

use crate::server::{Server, TestTime, ok, throttle};

const THING: &str = "/api/2.0/thing/get";
const FAMILY: &str = "/api/2.0/thing";

async fn call_at_once(workspace: &Workspace, calls: usize) {
    for answer in join_all((0..calls).map(|_| workspace.call(Request::get(THING)))).await {
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_at_once_than_allowed() {
    let (server, time) = (Server::start(|_| ok(json!({}))).await, TestTime::new());
    let workspace = server.workspace_as(&time.at_most(3, 3), Auth::Token(SecretString::from("t")));
    call_at_once(&workspace, 60).await;
    assert_eq!(server.most_at_once.load(Ordering::SeqCst), 3);
    let stats = workspace.stats();
    assert_eq!((stats.calls(), stats.throttled()), (60, 0));
    assert_eq!(
        (
            stats.families[FAMILY].in_flight,
            stats.families[FAMILY].limit
        ),
        (0, 3)
    );
}

#[tokio::test]
async fn a_refusal_halves_the_window_once_and_successes_widen_it_slowly() {
    let asked = AtomicUsize::new(0);
    // All eight of the first window are refused: that is one event, not eight.
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0..8 => throttle(Some(1)),
        _ => ok(json!({})),
    })
    .await;
    let time = TestTime::new();
    let workspace = server.workspace_as(&time.at_most(8, 32), Auth::Token(SecretString::from("t")));
    let barrier = join_all((0..8).map(|_| workspace.call(Request::get(THING))));
    assert!(barrier.await.iter().all(Result::is_ok));
    let family = workspace.stats().families[FAMILY];
    assert_eq!((family.calls, family.throttled), (16, 8));
    assert!(
        (4..=5).contains(&family.limit),
        "8 halved and then a little wider, not {}",
        family.limit
    );
    for _ in 0..5 {
        workspace.call(Request::get(THING)).await.unwrap();
    }
    let later = workspace.stats().families[FAMILY].limit;
    assert!(
        (family.limit..=family.limit + 1).contains(&later),
        "one wider per full window, not {later}"
    );
}

#[tokio::test]
async fn the_window_never_closes() {
    let server = Server::start(|_| throttle(Some(1))).await;
    let workspace = server.workspace_as(
        &TestTime::new().at_most(8, 8),
        Auth::Token(SecretString::from("t")),
    );
    workspace.call(Request::get(THING)).await.unwrap_err();
    assert_eq!(workspace.stats().families[FAMILY].limit, 1);
}

#[tokio::test]
async fn one_family_does_not_slow_another() {
    let server = Server::start(|seen| {
        if seen.path.contains("thing") {
            throttle(Some(1))
        } else {
            ok(json!({}))
        }
    })
    .await;
    let workspace = server.workspace(&TestTime::new());
    workspace.call(Request::get(THING)).await.unwrap_err();
    workspace
        .call(Request::get("/api/2.2/jobs/list"))
        .await
        .unwrap();
    let families = workspace.stats().families;
    assert_eq!(
        (families[FAMILY].limit, families["/api/2.2/jobs"].limit),
        (1, 8)
    );
}

#[tokio::test]
async fn while_a_family_is_refused_nobody_else_starts_in_it() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => throttle(Some(30)),
        _ => ok(json!({})),
    })
    .await;
    let time = TestTime::new();
    let workspace =
        server.workspace_as(&time.few_attempts(1), Auth::Token(SecretString::from("t")));
    workspace.call(Request::get(THING)).await.unwrap_err();
    assert!(time.slept().is_empty());
    workspace.call(Request::get(THING)).await.unwrap();
    assert_eq!(time.slept(), [30]);
}

#[tokio::test]
async fn a_caller_that_gives_up_waiting_does_not_keep_its_place() {
    let server = Server::start(|_| ok(json!({}))).await;
    let workspace = server.workspace_as(
        &TestTime::new().at_most(1, 1),
        Auth::Token(SecretString::from("t")),
    );
    for _ in 0..20 {
        let (waiting, holding) = (
            workspace.call(Request::get(THING)),
            workspace.call(Request::get(THING)),
        );
        tokio::select! { biased; _ = holding => {}, _ = waiting => {} }
    }
    call_at_once(&workspace, 5).await;
    assert_eq!(workspace.stats().families[FAMILY].in_flight, 0);
}
