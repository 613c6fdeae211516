//! `kill -9` of the real binary right after each write to AWS while a role, a bucket and a stack are made, so that its answer is lost. It
//! ends complete without anybody being asked, and nothing is there twice. (A change set that was not executed goes in AWS when another of the
//! stack is executed; the server here keeps it.) (Killed before a write it is where it was after
//! the one before.) The server that imitates AWS is behind a relay that counts and kills.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Hodman, Killer, Options, Scene, Secrets, Short};
use hodman_tests::servers::{aws_endpoint, python};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const REGION: &str = "eu-west-1";

/// Tellings at once.
const AT_ONCE: usize = 4;

const CALLS: &str = "\
aws: main
modules:
  role:
    module: cross-account-role
    inputs: {name: shop, account_id: 0f0f0f0f-0000-0000-0000-000000000001}
  bucket:
    module: root-bucket
    inputs: {name: \"BUCKET\", account_id: 0f0f0f0f-0000-0000-0000-000000000001}
  key:
    module: kms-key
    inputs: {account_id: 0f0f0f0f-0000-0000-0000-000000000001, alias: alias/shop, cross_account_role: \"${modules.role.outputs.role_arn}\"}
workspaces:
";

/// Passes everything on, and kills at one of the writes.
struct Relay {
    client: reqwest::Client,
    writes: AtomicUsize,
    /// The write that is killed at.
    at: Option<usize>,
    killer: Killer,
}

fn is_write(method: &Method, body: &[u8]) -> bool {
    // IAM and CloudFormation say in the form what is asked for.
    let text = std::str::from_utf8(body).unwrap_or_default();
    let action = text
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    match action {
        Some(action) => !["Get", "Describe", "List", "Assume"]
            .iter()
            .any(|read| action.starts_with(read)),
        None => *method != Method::GET && *method != Method::HEAD,
    }
}

async fn pass(
    State(relay): State<Arc<Relay>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let number = is_write(&method, &body).then(|| relay.writes.fetch_add(1, Ordering::SeqCst));
    let url = format!("{}{uri}", aws_endpoint());
    let mut request = relay.client.request(method, url).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("the server answers");
    if number.is_some() && number == relay.at {
        relay.killer.kill();
    }
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        let of_the_way = ["transfer-encoding", "connection", "content-length"];
        if !of_the_way.contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.expect("a body");
    response.body(body.into()).expect("a response")
}

async fn account(key: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/aws_hand.py");
    let ended = python(&script, &[&aws_endpoint(), REGION, "account", key], &[]).await;
    assert!(ended.ok, "{}", ended.said);
    serde_json::from_str(&ended.said).expect("JSON")
}

/// Tells it, killed or not; how many writes there were.
async fn told(at: Option<usize>) -> anyhow::Result<usize> {
    let killer = Killer::default();
    let relay = Arc::new(Relay {
        client: reqwest::Client::new(),
        writes: AtomicUsize::new(0),
        at,
        killer: killer.clone(),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(pass).with_state(Arc::clone(&relay));
    tokio::spawn(async move { axum::serve(listener, router).await });

    // A key of twelve digits is an account of its own; buckets have one name space all the same.
    let key = rand::random_range(100_000_000_000_u64..1_000_000_000_000).to_string();
    let bucket = format!("shop-root-{key}");
    let calls: &'static str = CALLS.replace("BUCKET", &bucket).leak();
    let mut options = Options::short()
        .file(
            "modules/cross-account-role/module.yaml",
            include_str!("../../examples/foundation/modules/cross-account-role/module.yaml"),
        )
        .file(
            "modules/root-bucket/module.yaml",
            include_str!("../../examples/foundation/modules/root-bucket/module.yaml"),
        )
        .file(
            "modules/kms-key/module.yaml",
            include_str!("../../examples/foundation/modules/kms-key/module.yaml"),
        )
        .edit("environments/qa/environment.yaml", "workspaces:\n", calls);
    options.settings = format!(
        "aws:\n  main: {{region: {REGION}, endpoint: \"{endpoint}\", access_key_id: {{env: HODMAN_TEST_AWS_ID}}, secret_access_key: {{env: HODMAN_TEST_AWS_ID}}, environments: [qa]}}"
    );
    let scene = Scene::start(options).await;
    let short = Short::beside(&scene).await?;
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let variables = vec![("HODMAN_TEST_AWS_ID".to_owned(), key.clone())];
    let config = scene.config(Secrets::Environment, scene.port);
    let hodman = Hodman::with_config(&scene, killer.clone(), &config, variables)?;
    let ended = hodman.during(async {
        short.promote("qa").await?;
        as_it_should_be(&short).await
    });
    ended.await.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })?;
    anyhow::ensure!(
        at.is_none() || killer.kills() == 1,
        "{} kills",
        killer.kills()
    );
    let there = account(&key).await;
    let of = |what: &str| there[what].as_object().map_or(0, serde_json::Map::len);
    anyhow::ensure!(
        (of("roles"), of("buckets"), of("stacks")) == (1, 1, 1),
        "{there}"
    );
    anyhow::ensure!(!there["buckets"][&bucket].is_null(), "{there}");
    anyhow::ensure!(
        there["roles"]["shop"].as_array().map(Vec::len) == Some(1),
        "{there}"
    );
    anyhow::ensure!(
        there["stacks"]["hodman-shop-qa-key"] == "CREATE_COMPLETE",
        "{there}"
    );
    Ok(relay.writes.load(Ordering::SeqCst))
}

/// A comparison finds nothing.
async fn as_it_should_be(short: &Short<'_>) -> anyhow::Result<()> {
    let qa = EnvName::from("qa");
    let drift = async || {
        let mut state = short.state().await.ok()?;
        Some(state.environments.remove(&qa)?.drift)
    };
    let last = drift().await.and_then(|drift| drift.last);
    short
        .ask("olga", Ask::Reconcile { env: qa.clone() })
        .await?;
    let drift = short
        .wait("a comparison", async || {
            let drift = drift().await?;
            (drift.last != last && !drift.wanted && drift.comparing.is_none()).then_some(drift)
        })
        .await?;
    anyhow::ensure!(drift.error.is_none(), "{:?}", drift.error);
    anyhow::ensure!(drift.found.is_none(), "{:?}", drift.found);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_each_write_to_aws_it_ends_complete_and_nothing_twice() {
    use futures::StreamExt as _;
    let writes = told(None).await.expect("undisturbed");
    assert!(
        writes >= 8,
        "role, policy, bucket with its settings, change set: {writes}"
    );
    println!("{writes} writes");
    let ended: Vec<(usize, anyhow::Result<usize>)> = futures::stream::iter(0..writes)
        .map(|at| async move { (at, told(Some(at)).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let bad: Vec<String> = ended
        .into_iter()
        .filter_map(|(at, result)| Some(format!("after write {at}: {:#}", result.err()?)))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
