//! GitHub and the workspaces answer badly, once at every operation of the story: each is tried again as it allows, and the
//! story ends as if nothing had happened.

use axum::http::Method;
use axum::http::request::Parts;
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_tests::harness::{Ending, Options, Scene, Short};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::OnceCell;

/// Where and what, without ids: one operation.
fn operation(request: &Parts) -> String {
    let host = request
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let plain = |part: &&str| part.len() < 30 && !part.starts_with(|c: char| c.is_ascii_digit());
    let path: Vec<&str> = request
        .uri
        .path()
        .split('/')
        .map(|part| if plain(&part) { part } else { "*" })
        .collect();
    format!("{host} {} {}", request.method, path.join("/"))
}

fn is_write(request: &Parts) -> bool {
    let path = request.uri.path();
    request.method != Method::GET && !path.contains("/oidc/") && !path.contains("git-upload-pack")
}

/// Tells the story; `bad` says what becomes of an operation's first request.
async fn told(
    options: Options,
    bad: impl Fn(&Parts) -> Option<Direction> + Send + Sync + 'static,
) -> (Ending, Vec<String>) {
    let scene = Scene::start(options).await;
    let struck: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let known = Arc::clone(&struck);
    scene.direct(&Director::new(move |request| {
        let operation = operation(request);
        if known.lock().expect("whole").contains(&operation) {
            return Direction::Pass;
        }
        let Some(direction) = bad(request) else {
            return Direction::Pass;
        };
        known.lock().expect("whole").insert(operation);
        direction
    }));
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let ending = short.play().await.unwrap_or_else(|error| {
        panic!(
            "{error:#}\nafter faults at {:#?}",
            struck.lock().expect("whole")
        )
    });
    daemon.stop().await;
    let struck = struck.lock().expect("whole").iter().cloned().collect();
    (ending, struck)
}

async fn ends_the_same(
    least: usize,
    bad: impl Fn(&Parts) -> Option<Direction> + Send + Sync + 'static,
) {
    static EXPECTED: OnceCell<Ending> = OnceCell::const_new();
    let expected = EXPECTED
        .get_or_init(async || told(Options::short(), |_| None).await.0)
        .await;
    let began = Instant::now();
    let (ending, struck) = told(Options::short(), bad).await;
    println!(
        "{} operations failed once, {:?}: {struck:#?}",
        struck.len(),
        began.elapsed()
    );
    assert!(
        struck.len() >= least,
        "only {} operations: {struck:#?}",
        struck.len()
    );
    assert_eq!(&ending, expected, "after faults at {struck:#?}");
}

fn fault(rule: FaultRule) -> Option<Direction> {
    Some(Direction::Fault(rule))
}

const EVERY: usize = 30;
const WRITES: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_with_a_time_to_wait() {
    ends_the_same(EVERY, |_| {
        fault(FaultRule::status(429, 1).header("retry-after", "1"))
    })
    .await;
}

/// GitHub's rule for an answer that names no time is to wait a minute, so it gives that answer at one write only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_without_a_time_to_wait() {
    ends_the_same(10, |request| {
        let path = request.uri.path();
        let here = path.starts_with("/api/2")
            || (request.method == Method::POST && path.ends_with("/pulls"));
        here.then(|| Direction::Fault(FaultRule::status(429, 1)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_fails() {
    ends_the_same(EVERY, |_| fault(FaultRule::status(500, 1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_away() {
    ends_the_same(EVERY, |_| fault(FaultRule::status(503, 1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_breaks_before_anything_is_done() {
    ends_the_same(EVERY, |_| fault(FaultRule::drop_connection(1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_breaks_after_it_was_done() {
    ends_the_same(WRITES, |request| {
        is_write(request).then(|| Direction::After(Box::new(|| {})))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_gives_up_after_it_was_done() {
    ends_the_same(WRITES, |request| {
        is_write(request).then(|| Direction::Fault(FaultRule::status(504, 1).after_effect()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_knows_the_token_no_more() {
    ends_the_same(10, |request| {
        let workspace = request.uri.path().starts_with("/api/2");
        workspace.then(|| Direction::Fault(FaultRule::status(401, 1)))
    })
    .await;
}

/// An installation's token is not known everywhere at once: the first request with it may be told that there is nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_found_right_after_a_token_was_minted() {
    let app = Options {
        app: true,
        ..Options::short()
    };
    let (expected, _) = told(app.clone(), |_| None).await;
    let minted = AtomicBool::new(false);
    let (ending, struck) = told(app, move |request| {
        if request.uri.path().ends_with("/access_tokens") {
            minted.store(true, Ordering::SeqCst);
            return None;
        }
        minted
            .swap(false, Ordering::SeqCst)
            .then(|| Direction::Fault(FaultRule::status(404, 1).body(r#"{"message":"Not Found"}"#)))
    })
    .await;
    println!("not found: {struck:?}");
    assert!(!struck.is_empty(), "no token was minted");
    assert_eq!(ending, expected);
}
