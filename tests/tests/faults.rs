//! GitHub and the workspaces answer badly, once at every operation of the story: each is tried again as it allows, and the
//! story ends as if nothing had happened.

use anyhow::Context as _;
use axum::http::Method;
use axum::http::request::Parts;
use hodman_core::ids::EnvName;
use hodman_core::state::Environment;
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_sandbox::github::PullView;
use hodman_store::EffectFilter;
use hodman_tests::harness::{Ending, Options, REPOSITORY, Scene, Short, checks};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

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
) -> anyhow::Result<(Ending, Vec<String>)> {
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
    let ending = short.play().await;
    daemon.stop().await;
    let struck: Vec<String> = struck.lock().expect("whole").iter().cloned().collect();
    let ending = ending.with_context(|| format!("after faults at {struck:#?}"))?;
    Ok((ending, struck))
}

fn fault(rule: FaultRule) -> Option<Direction> {
    Some(Direction::Fault(rule))
}

/// What a kind of fault makes of an operation's first request.
type Bad = fn(&Parts) -> Option<Direction>;

/// Every kind of fault, and how many operations it meets at least.
const KINDS: [(&str, usize, Bad); 8] = [
    ("429 with Retry-After", 30, |_| {
        fault(FaultRule::status(429, 1).header("retry-after", "1"))
    }),
    // GitHub's rule for an answer that names no time is to wait a minute: it gives that answer at one write only.
    ("429 without Retry-After", 10, |request| {
        let path = request.uri.path();
        let opening = request.method == Method::POST && path.ends_with("/pulls");
        (opening || path.starts_with("/api/2")).then(|| Direction::Fault(FaultRule::status(429, 1)))
    }),
    ("500", 30, |_| fault(FaultRule::status(500, 1))),
    ("503", 30, |_| fault(FaultRule::status(503, 1))),
    ("the connection breaks before anything is done", 30, |_| {
        fault(FaultRule::drop_connection(1))
    }),
    ("the connection breaks after it was done", 15, |request| {
        is_write(request).then(|| Direction::After(Box::new(|| {})))
    }),
    ("a gateway gives up after it was done", 15, |request| {
        is_write(request).then(|| Direction::Fault(FaultRule::status(504, 1).after_effect()))
    }),
    ("a workspace knows the token no more", 10, |request| {
        let workspace = request.uri.path().starts_with("/api/2");
        workspace.then(|| Direction::Fault(FaultRule::status(401, 1)))
    }),
];

/// All kinds at once: what takes time is waiting between tries.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_goes_wrong_once_at_every_operation_it_ends_the_same() {
    let (expected, none) = told(Options::short(), |_| None)
        .await
        .expect("the story without a fault");
    assert!(none.is_empty());
    let tellings =
        KINDS.map(async |(name, least, bad)| (name, least, told(Options::short(), bad).await));
    for (name, least, telling) in futures::future::join_all(tellings).await {
        let (ending, struck) = telling.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        println!(
            "{name}: {} operations failed once: {struck:#?}",
            struck.len()
        );
        assert!(
            struck.len() >= least,
            "{name}: only {} operations: {struck:#?}",
            struck.len()
        );
        assert_eq!(ending, expected, "{name}, at {struck:#?}");
    }
}

/// An installation's token is not known everywhere at once: the first request with it may be told that there is nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_found_right_after_a_token_was_minted() {
    let app = Options {
        app: true,
        ..Options::short()
    };
    let (expected, _) = told(app.clone(), |_| None)
        .await
        .expect("the story without a fault");
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
    .await
    .expect("the story");
    println!("not found: {struck:?}");
    assert!(!struck.is_empty(), "no token was minted");
    assert_eq!(ending, expected);
}

/// A report that comes late must not look like a judgement of now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_on_the_head_of_a_pull_request_that_was_closed_meanwhile() {
    let scene = Scene::start(Options::short()).await;
    let faults = scene.forge.faults();
    for path in ["/check-runs", "/statuses/"] {
        faults.add(FaultRule::status(502, 1_000).on("POST").path_contains(path));
    }
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let of_qa = |pull: &PullView| pull.open && pull.head_ref.starts_with("hodman/promote/qa/");
    let pull = short
        .wait("the pull request, and a report that fails", async || {
            let rows = short.store().list_effects(&EffectFilter::default()).await;
            let mut rows = rows.ok()?.into_iter();
            let failed = rows.any(|row| row.kind == "say" && row.last_error.is_some());
            let pull = scene.forge.pulls(REPOSITORY).into_iter().find(of_qa);
            pull.filter(|_| failed)
        })
        .await
        .expect("a promotion");
    scene
        .forge
        .close(REPOSITORY, pull.number, "rita")
        .unwrap_or_else(|error| panic!("{}", error.message));
    short
        .wait("knowing that it was closed", async || {
            let state = short.state().await.ok()?;
            state.environments[&EnvName::from("qa")]
                .promotion
                .is_none()
                .then_some(())
        })
        .await
        .expect("known");
    faults.clear();
    short
        .wait("the end of all reports", async || {
            let state = short.state().await.ok()?;
            let said = |env: &Environment| env.saying.is_empty();
            state.environments.values().all(said).then_some(())
        })
        .await
        .expect("said");
    let said = checks(&scene, &pull.head_sha).await.expect("its checks");
    assert!(said.is_empty(), "{said:?}");
    daemon.stop().await;
}
