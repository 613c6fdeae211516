//! Keys of a role that end while Terraform is at work: it asks for others, also the next daemon, and none of them is seen by anybody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, Scene, Secrets, Short};
use hodman_tests::servers::aws_endpoint;
use serde_json::Value;

use super::bench::{Bench, KEPT_MODULE};
use super::buckets::Bucket;
use super::faults::asked_for;
use super::looks::{explained, files, healthy, record};

/// What AWS's SDKs take for about to end, so that they ask again at each call.
const SHORT: chrono::TimeDelta = chrono::TimeDelta::minutes(4);

#[derive(Default)]
struct Seen {
    /// What was asked of STS, in order.
    taken: Vec<BTreeMap<String, String>>,
    /// The keys that it gave, in order; each is good for as long as nobody ends it.
    given: Vec<(String, bool)>,
    /// How many calls came with keys that had ended.
    refused: usize,
    /// Answers of STS in place of keys: code and text.
    answers: Vec<(&'static str, &'static str)>,
}

/// Passes calls on to a server that others wrote, and ends keys when it is told to.
#[derive(Clone)]
struct Relay {
    client: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
    url: String,
}

impl Relay {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let relay = Self {
            client: reqwest::Client::new(),
            seen: Arc::default(),
            url: format!("http://{}", listener.local_addr().expect("an address")),
        };
        let router = Router::new().fallback(pass).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        relay
    }

    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().expect("nobody panicked"))
    }

    /// Ends all keys that were given so far; says how many there were.
    fn end_keys(&self) -> usize {
        self.seen(|seen| {
            for (_, good) in &mut seen.given {
                *good = false;
            }
            seen.given.len()
        })
    }

    /// A stack that waits for a sign, its state in a bucket, with a role for each identity; all of AWS is here.
    fn waiting(&self, bench: &Bench, bucket: &Bucket, secrets: Secrets, more: &str) -> Options {
        let key = match secrets {
            Secrets::Inline => "{value: test}",
            Secrets::Environment => "{env: HODMAN_TEST_STACK_KEY}",
        };
        let role = |name: &str| {
            format!(
                ", aws: {{role_arn: \"arn:aws:iam::000000000000:role/{name}\", region: us-east-1, endpoint: \"{}\", access_key_id: {key}, \
                 secret_access_key: {key}{more}}}",
                self.url
            )
        };
        let mut options = bench.waiting("s3");
        let backend = bucket.backend().replace(&aws_endpoint(), &self.url);
        let settings = bench.settings_with(secrets, &backend, ["", ""], &role("writer"));
        let plan = "plan: {env: {HODMAN_WHO: ";
        let (before, after) = settings.split_once(plan).expect("who plans");
        let (who, after) = after.split_once("}}\n").expect("who plans");
        options.settings = format!("{before}{plan}{who}}}{}}}\n{after}", role("reader"));
        options
    }
}

async fn pass(
    State(relay): State<Relay>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = headers.get("authorization").map(|value| value.to_str());
    let signed = signed.and_then(Result::ok).unwrap_or_default();
    let key = signed.split_once("Credential=").map(|(_, rest)| rest);
    let key = key.and_then(|rest| rest.split('/').next());
    let ended = relay.seen(|seen| {
        let given = seen.given.iter().find(|(id, _)| Some(&**id) == key);
        let ended = given.is_some_and(|(_, good)| !good);
        seen.refused += usize::from(ended);
        ended
    });
    if ended {
        let text = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    let asked = if method == Method::POST {
        form(&body)
    } else {
        BTreeMap::new()
    };
    let takes = asked.get("Action").is_some_and(|it| it == "AssumeRole");
    if takes {
        let answer = relay.seen(|seen| {
            seen.taken.push(asked);
            (!seen.answers.is_empty()).then(|| seen.answers.remove(0))
        });
        if let Some((code, text)) = answer {
            let text = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
            );
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    }
    let url = format!("{}{uri}", aws_endpoint());
    let mut request = relay.client.request(method.clone(), url).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("the server answers");
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        let of_the_way = match name.as_str() {
            "transfer-encoding" | "connection" => true,
            "content-length" => method != Method::HEAD,
            _ => false,
        };
        if !of_the_way {
            response = response.header(name, value);
        }
    }
    let mut body = answer.bytes().await.expect("a body");
    if takes {
        body = relay.give(&String::from_utf8_lossy(&body)).into();
    }
    response.body(body.into()).expect("a response")
}

impl Relay {
    /// The server's keys, which end soon and hold the canary.
    fn give(&self, answer: &str) -> String {
        let id = between(answer, "AccessKeyId");
        self.seen(|seen| seen.given.push((id.to_owned(), true)));
        let soon = (chrono::Utc::now() + SHORT).format("%Y-%m-%dT%H:%M:%SZ");
        [
            ("SecretAccessKey", CANARY.to_owned()),
            ("Expiration", soon.to_string()),
        ]
        .iter()
        .fold(answer.to_owned(), |answer, (tag, value)| {
            let old = format!("<{tag}>{}</{tag}>", between(&answer, tag));
            answer.replace(&old, &format!("<{tag}>{value}</{tag}>"))
        })
    }
}

fn between<'a>(text: &'a str, tag: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("<{tag}>")).expect("it is there");
    rest.split('<').next().unwrap_or_default()
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let open = |text: &str| text.replace("%3A", ":").replace("%2F", "/");
    pairs
        .map(|(name, value)| (open(name), open(value)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_end_in_the_middle_of_an_apply_are_followed_by_others() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let relay = Relay::start().await;
    let scene = Scene::start(relay.waiting(&bench, &bucket, Secrets::Inline, "")).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    bench.sign(&short).await;
    let before = relay.end_keys();
    bench.go_on();
    healthy(&short).await;
    assert_eq!(
        bucket.keys().await,
        ["hodman-shop-qa-one.tfstate"],
        "no lock is left"
    );
    assert_eq!(
        bucket.resources("hodman-shop-qa-one").await,
        ["first", "waits"]
    );
    let (taken, refused) = relay.seen(|seen| (seen.taken.clone(), seen.refused));
    assert!(taken.len() > before, "{taken:?}");
    assert_eq!(refused, 0, "nobody came with keys that had ended");
    // Who it is stays the same all the time.
    let mut sessions: Vec<(&str, &str)> = taken
        .iter()
        .map(|asked| (&*asked["RoleArn"], &*asked["RoleSessionName"]))
        .collect();
    sessions.sort_unstable();
    sessions.dedup();
    assert_eq!(
        sessions,
        [
            (
                "arn:aws:iam::000000000000:role/reader",
                "hodman-qa-plan-one"
            ),
            (
                "arn:aws:iam::000000000000:role/writer",
                "hodman-qa-apply-one"
            ),
        ]
    );
    for asked in &taken {
        assert_eq!(asked["Tags.member.1.Key"], "hodman_env", "{asked:?}");
        assert_eq!(asked["Tags.member.1.Value"], "qa", "{asked:?}");
        assert_eq!(asked["DurationSeconds"], "3600", "{asked:?}");
    }
    let names = std::fs::read_to_string(bench.path("runs.names")).expect("names");
    assert!(
        names.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        "{names}"
    );
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        assert!(!names.contains(name), "{name}");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_daemon_left_at_work_gets_keys_of_the_next_one_and_no_key_is_anywhere() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let relay = Relay::start().await;
    let options = relay.waiting(&bench, &bucket, Secrets::Environment, "");
    let scene = Scene::start(options).await;
    let killer = Killer::default();
    let config = scene.config(Secrets::Environment, scene.port).replace(
        "info,hodman=debug",
        "trace,h2=debug,hyper_util=debug,mio=info",
    );
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let hodman = Hodman::with_config(&scene, killer.clone(), &config, bench.variables());
    let hodman = hodman.expect("hodman starts");
    hodman.ready().await.expect("ready");
    let short = Short::beside(&scene).await.expect("the database");
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    bench.sign(&short).await;
    killer.kill();
    relay.end_keys();
    hodman.keep_alive().expect("started again");
    hodman.ready().await.expect("ready");

    // Where the run asks is open again.
    let place = scene.data().join("terraform/hodman-shop-qa-one.keys");
    let place: Value =
        serde_json::from_slice(&std::fs::read(place).expect("a place")).expect("JSON");
    let url = format!("http://127.0.0.1:{}/", place["port"]);
    let answer = short
        .wait("somebody answers", async || reqwest::get(&url).await.ok())
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 403, "who has no token gets nothing");
    bench.go_on();
    hodman
        .during(async {
            healthy(&short).await;
            Ok(())
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", hodman.end_of_log()));
    assert_eq!(
        bucket.keys().await,
        ["hodman-shop-qa-one.tfstate"],
        "no lock is left"
    );
    assert_eq!(
        bucket.resources("hodman-shop-qa-one").await,
        ["first", "waits"]
    );
    assert!(!bench.path("pid").exists(), "it was not made twice");
    assert_eq!(asked_for(&scene), 1);
    assert_eq!(record(&scene, "one").await["unsaved"], Value::Null);
    assert_eq!(relay.seen(|seen| seen.refused), 0);

    let log = hodman.log();
    drop(hodman);
    assert!(log.contains("keys are given to a run that was left at work"));
    let leaks: Vec<&str> = log.lines().filter(|line| line.contains(CANARY)).collect();
    assert_eq!(leaks, [""; 0]);
    for path in files(&scene.data()) {
        let bytes = std::fs::read(&path).expect("a file");
        let found = bytes
            .windows(CANARY.len())
            .any(|it| it == CANARY.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_too_long_is_told_and_a_busy_sts_is_asked_again() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let relay = Relay::start().await;
    let too_long = (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
    relay.seen(|seen| seen.answers = vec![too_long]);
    let scene =
        Scene::start(relay.waiting(&bench, &bucket, Secrets::Inline, ", session: 4h")).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let told = explained(&short, &scene, "raise its maximum session duration").await;
    assert!(told.contains("session: 4h"), "{told}");
    assert_eq!(
        relay.seen(|seen| seen.taken[0]["DurationSeconds"].clone()),
        "14400"
    );

    // More often than the SDK tries by itself.
    let busy = ("Throttling", "Rate exceeded");
    relay.seen(|seen| seen.answers = vec![busy; 4]);
    super::looks::commit(
        &scene,
        &[("modules/kept/module.yaml", &format!("{KEPT_MODULE}\n"))],
    );
    let pull = short.proposed("qa").await.expect("a plan");
    assert!(pull.body.contains("terraform_data.waits"), "{}", pull.body);
    assert_eq!(relay.seen(|seen| seen.answers.len()), 0);
    daemon.stop().await;
}
