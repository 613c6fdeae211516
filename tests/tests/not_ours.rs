//! A bucket that people made under the name of one that we were about to make is theirs: whether ours was refused or they were
//! faster. The server that imitates AWS is behind a relay that refuses, and that is faster.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hodman_core::event::Ask;
use hodman_core::explain;
use hodman_core::ids::EnvName;
use hodman_tests::checkout::root;
use hodman_tests::harness::{Options, Scene, Short};
use hodman_tests::servers::{aws_endpoint, forward, python};
use std::sync::{Arc, Mutex};

const REGION: &str = "eu-west-1";
const FILE: &str = "environments/qa/environment.yaml";

const CALL: &str = "\
aws: main
modules:
  bucket:
    module: root-bucket
    inputs: {name: \"BUCKET\", account_id: 0f0f0f0f-0000-0000-0000-000000000001}
";

/// What becomes of the next request that makes a bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Luck {
    Passes,
    Refused,
    /// Somebody else's comes first.
    Late,
}

struct Relay {
    client: reqwest::Client,
    luck: Mutex<Luck>,
}

async fn pass(
    State(relay): State<Arc<Relay>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let whole = uri.query().is_none_or(|query| query.starts_with("x-id"));
    let bucket = uri.path().trim_matches('/');
    let makes = method == Method::PUT && whole && !bucket.is_empty() && !bucket.contains('/');
    let luck = match makes {
        true => std::mem::replace(&mut *relay.luck.lock().expect("luck"), Luck::Passes),
        false => Luck::Passes,
    };
    if luck == Luck::Refused {
        let refusal = "<Error><Code>AccessDenied</Code><Message>not today</Message></Error>";
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    let aws = aws_endpoint();
    let send = || {
        let asked = (method.clone(), &uri);
        forward(&relay.client, &aws, asked, &headers, body.clone())
    };
    if luck == Luck::Late {
        send().await;
    }
    send().await.map(Into::into)
}

async fn by_hand(what: &str, bucket: &str) {
    let script = root().join("tests/probes/aws_hand.py");
    let ended = python(&script, &[&aws_endpoint(), REGION, what, bucket], &[]).await;
    assert!(ended.ok, "{}", ended.said);
}

/// Waits until explain says so of qa.
async fn says(scene: &Scene, short: &Short<'_>, wanted: &str) {
    let said = async || {
        let state = short.state().await.ok()?;
        let told = explain::explain(&state, &EnvName::from("qa"), scene.clock.now())?;
        let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
        words.join("; ").contains(wanted).then_some(())
    };
    short.wait(wanted, said).await.expect("said");
}

async fn retry(short: &Short<'_>) {
    let retry = Ask::Retry { env: "qa".into() };
    short.ask("olga", retry).await.expect("asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_made_under_our_name_is_never_taken_for_the_rest_of_ours() {
    let relay = Arc::new(Relay {
        client: reqwest::Client::new(),
        luck: Mutex::new(Luck::Passes),
    });
    let next = |luck| *relay.luck.lock().expect("luck") = luck;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(pass).with_state(Arc::clone(&relay));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let bucket = format!("not-ours-{}", rand::random_range(100_000..1_000_000));
    let calls: &'static str = CALL.replace("BUCKET", &bucket).leak();
    let with: &'static str = format!("{calls}workspaces:\n").leak();
    let mut options = Options::short()
        .file(
            "modules/root-bucket/module.yaml",
            include_str!("../../examples/foundation/modules/root-bucket/module.yaml"),
        )
        .edit(FILE, "workspaces:\n", with);
    options.settings = format!(
        "aws:\n  main: {{region: {REGION}, endpoint: \"{endpoint}\", access_key_id: {{value: test}}, secret_access_key: {{value: test}}, environments: [qa]}}"
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let theirs = format!("wants the name `{bucket}`, which object {bucket}");

    // Refused for certain; then somebody makes one.
    next(Luck::Refused);
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(&scene, &short, "not today").await;
    by_hand("make-bucket", &bucket).await;
    retry(&short).await;
    says(&scene, &short, &theirs).await;

    // Somebody makes one between the plan and ours.
    by_hand("remove-bucket", &bucket).await;
    next(Luck::Late);
    retry(&short).await;
    says(
        &scene,
        &short,
        "there is one of that name that hodman did not make",
    )
    .await;
    retry(&short).await;
    says(&scene, &short, &theirs).await;
    by_hand("remove-bucket", &bucket).await;
    retry(&short).await;
    let healthy = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short.wait("ours", healthy).await.expect("made");
    daemon.stop().await;
}
