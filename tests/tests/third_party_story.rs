//! The story with the real binary where the workspaces, the queue and the bucket are servers that somebody else wrote; only
//! GitHub is ours. A relay in front of hodman takes GitHub's webhooks: half of them it passes on, the others go through the
//! queue, some of those by reference to an object in the bucket.

use aws_config::SdkConfig;
use aws_sdk_s3::primitives::ByteStream;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use hodman_store::{EventFilter, Store, StoreUrl};
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, Scene, Secrets, until};
use hodman_tests::servers::{aws_endpoint, workspaces};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const REGION: &str = "eu-central-1";

/// A queue and two buckets that nobody else uses.
struct Aws {
    sqs: aws_sdk_sqs::Client,
    s3: aws_sdk_s3::Client,
    queue: String,
    packages: String,
    bodies: String,
}

impl Aws {
    async fn start() -> Self {
        let credentials =
            aws_credential_types::Credentials::new("test", CANARY, None, None, "test");
        let sdk: SdkConfig = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(aws_endpoint())
            .credentials_provider(credentials)
            .load()
            .await;
        let own = format!("{:x}", rand::random::<u64>());
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        let made = sqs
            .create_queue()
            .queue_name(format!("story-{own}"))
            .send()
            .await
            .expect("a queue");
        let path_style = aws_sdk_s3::config::Builder::from(&sdk)
            .force_path_style(true)
            .build();
        let s3 = aws_sdk_s3::Client::from_conf(path_style);
        let (packages, bodies) = (format!("packages-{own}"), format!("bodies-{own}"));
        for bucket in [&packages, &bodies] {
            let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
                .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuCentral1)
                .build();
            let request = s3
                .create_bucket()
                .bucket(bucket)
                .create_bucket_configuration(place);
            request.send().await.expect("a bucket");
        }
        let queue = made.queue_url.expect("its URL");
        Self {
            sqs,
            s3,
            queue,
            packages,
            bodies,
        }
    }
}

/// Takes webhooks in hodman's place.
struct Relay {
    aws: Aws,
    hodman: String,
    seen: AtomicUsize,
    /// Ids of the deliveries that hodman or the queue has taken; while hodman starts it takes none.
    taken: Mutex<BTreeSet<String>>,
    client: reqwest::Client,
}

impl Relay {
    async fn pass_on(&self, headers: &HeaderMap, body: Bytes) -> StatusCode {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        if number.is_multiple_of(2) {
            let mut request = self.client.post(&self.hodman).body(body);
            for (name, value) in headers
                .iter()
                .filter(|(name, _)| *name != "host" && *name != "content-length")
            {
                request = request.header(name, value);
            }
            let answer = request.send().await.map(|answer| answer.status().as_u16());
            return StatusCode::from_u16(answer.unwrap_or(502)).expect("a status");
        }
        let headers: BTreeMap<&str, &str> = headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("x-") || *name == "content-type")
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let message = if number % 4 == 1 {
            let text = base64::engine::general_purpose::STANDARD.encode(&body);
            json!({"hodman": "github-delivery", "headers": headers, "body_base64": text})
        } else {
            let (key, digest) = (format!("body-{number}"), hex::encode(Sha256::digest(&body)));
            let put = self
                .aws
                .s3
                .put_object()
                .bucket(&self.aws.bodies)
                .key(&key)
                .body(ByteStream::from(body));
            put.send().await.expect("stored");
            let body = json!({"bucket": self.aws.bodies, "key": key, "sha256": digest});
            json!({"hodman": "github-delivery", "headers": headers, "body_s3": body})
        };
        let send = self
            .aws
            .sqs
            .send_message()
            .queue_url(&self.aws.queue)
            .message_body(message.to_string());
        send.send().await.expect("sent");
        StatusCode::ACCEPTED
    }
}

async fn take(State(relay): State<Arc<Relay>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = relay.pass_on(&headers, body).await;
    if let Some(id) = headers
        .get("x-github-delivery")
        .filter(|_| status.is_success())
    {
        let id = id.to_str().expect("text").to_owned();
        relay.taken.lock().expect("whole").insert(id);
    }
    status
}

fn config(scene: &Scene, aws: &Aws) -> String {
    let mut text = scene.base_config(Secrets::Environment, scene.port);
    let endpoint = aws_endpoint();
    let _ = writeln!(
        text,
        "packages: {{s3: {{bucket: {}, prefix: shop/, endpoint: \"{endpoint}\", region: {REGION}}}}}\n\
         sqs: [{{name: relay, url: \"{}\", endpoint: \"{endpoint}\", region: {REGION}, body_buckets: [{}]}}]\n\
         insecure: {{user_credentials: true}}\n\
         workspaces:",
        aws.packages, aws.queue, aws.bodies,
    );
    for (name, url) in &scene.hosts {
        let _ = writeln!(
            text,
            "  {name}: {{host: \"{url}\", token: {{env: HODMAN_TEST_PAT}}}}"
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_holds_on_servers_of_others() {
    let hosts: Vec<(String, String)> = ["dev", "qa", "prod"]
        .map(str::to_owned)
        .into_iter()
        .zip(workspaces())
        .collect();
    for (name, url) in &hosts {
        let reset = reqwest::Client::new()
            .post(format!("{url}/_minilake/reset"))
            .send()
            .await;
        let status = reset.expect("a workspace server").status();
        assert!(status.is_success(), "{name} cannot be emptied: {status}");
    }
    let aws = Aws::start().await;
    let scene = Scene::with_workspaces(Options::default(), hosts, "dapi-test").await;
    let config = config(&scene, &aws);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    scene.hook(&format!(
        "http://{}/hook",
        listener.local_addr().expect("an address")
    ));
    let relay = Arc::new(Relay {
        aws,
        hodman: format!("http://127.0.0.1:{}/webhooks/github", scene.port),
        seen: AtomicUsize::new(0),
        taken: Mutex::default(),
        client: reqwest::Client::new(),
    });
    let router = Router::new()
        .route("/hook", post(take))
        .with_state(Arc::clone(&relay));
    tokio::spawn(async move { axum::serve(listener, router).await });

    std::fs::create_dir_all(scene.data()).expect("a folder");
    let url = StoreUrl::sqlite(scene.data().join("hodman.db"));
    let store = Store::open(&url, chrono::Utc::now())
        .await
        .expect("the database");
    let variables = [
        ("HODMAN_TEST_PAT", "dapi-test"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", CANARY),
    ];
    let variables = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let hodman =
        Hodman::with_config(&scene, Killer::default(), &config, variables).expect("hodman starts");
    let story = scene.story(store.clone(), false);
    let report = hodman
        .during(async { Ok(story.play().await) })
        .await
        .expect("hodman stays");
    for step in &report.steps {
        println!(
            "{} {} ({} ms): {}",
            if step.ok { "ok " } else { "BAD" },
            step.name,
            step.ms,
            step.detail
        );
    }
    for step in &report.steps {
        assert!(
            step.ok,
            "step {}: {}\n{}",
            step.name,
            step.detail,
            hodman.end_of_log()
        );
    }
    // Each webhook is there once, whichever way it came.
    let filter = EventFilter {
        source: Some("github".to_owned()),
        limit: Some(100_000),
        ..EventFilter::default()
    };
    let arrived = until(
        "every webhook in the inbox",
        async || {
            let arrived = store.list_events(&filter).await.ok()?.len();
            (arrived == relay.taken.lock().expect("whole").len()).then_some(arrived)
        },
        async || format!("{} were taken", relay.taken.lock().expect("whole").len()),
    )
    .await
    .expect("nothing is lost");
    println!("{arrived} webhooks, half of them through the queue");
    assert!(arrived > 40, "the story has more webhooks than {arrived}");
    let counts = store.event_counts().await.expect("counts");
    let list = relay
        .aws
        .s3
        .list_objects_v2()
        .bucket(&relay.aws.packages)
        .prefix("shop/")
        .send()
        .await
        .expect("a list");
    let packages = list
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .filter(|key| key.ends_with(".tar.zst"))
        .count();
    assert!(
        packages >= 4,
        "the packages are in the bucket, {packages} of them"
    );
    assert!(
        !scene.data().join("packages").exists(),
        "and not in a folder"
    );
    let poison = counts
        .iter()
        .any(|count| count.state == hodman_store::EventState::Poison && count.count > 0);
    assert!(
        !poison,
        "a forwarded delivery was not understood: {counts:?}"
    );
}
