//! Every payload that GitHub's own collection of examples has is understood, and taken by the real route.

use std::collections::BTreeMap;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use hodman::clock::Clock;
use hodman::intake::signature::Verifier;
use hodman::intake::webhook::{Counters, Webhooks};
use hodman::intake::{EventKind, normalise, source};
use hodman_store::{EventFilter, NewEvent, Store, StoreUrl};
use hodman_tests::servers::node_package;
use serde::Deserialize;
use serde_json::Value;

const SECRET: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// How many examples the pinned version has.
const EXAMPLES: usize = 329;

#[derive(Deserialize)]
struct Event {
    name: String,
    examples: Vec<Value>,
}

fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::UNIX_EPOCH
}

/// Each example as a delivery: a number that is its id, the event's name, the body.
fn deliveries() -> Vec<NewEvent> {
    let file = node_package("@octokit/webhooks-examples").join("api.github.com/index.json");
    let text = std::fs::read(&file).expect("the examples");
    let events: Vec<Event> = serde_json::from_slice(&text).expect("the examples");
    let all: Vec<NewEvent> = events
        .into_iter()
        .flat_map(|event| {
            event
                .examples
                .into_iter()
                .map(move |body| (event.name.clone(), body))
        })
        .enumerate()
        .map(|(number, (kind, body))| NewEvent {
            source: source::GITHUB.to_owned(),
            delivery: format!("example-{number}"),
            kind,
            pipeline: None,
            meta: serde_json::json!({}),
            body: serde_json::to_vec(&body).expect("JSON"),
            received_at: now(),
        })
        .collect();
    assert_eq!(all.len(), EXAMPLES);
    all
}

#[test]
fn every_example_is_understood() {
    let mut kinds: BTreeMap<EventKind, usize> = BTreeMap::new();
    for delivery in deliveries() {
        let event = normalise(&delivery)
            .unwrap_or_else(|poison| panic!("{} {}: {poison}", delivery.kind, delivery.delivery));
        let body: Value = serde_json::from_slice(&delivery.body).expect("JSON");
        let said = |pointer| {
            body.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let place = format!("{} {}", delivery.kind, delivery.delivery);
        assert_eq!(event.delivery, delivery.delivery);
        assert_eq!(event.repository, said("/repository/full_name"), "{place}");
        assert_eq!(event.sender, said("/sender/login"), "{place}");
        if delivery.kind == "pull_request" {
            assert_eq!(event.number, body["number"].as_u64(), "{place}");
            let head = event.head.as_ref().map(|head| head.sha.clone());
            assert_eq!(head, said("/pull_request/head/sha"), "{place}");
        }
        *kinds.entry(event.kind).or_default() += 1;
    }
    for kind in [
        EventKind::Push,
        EventKind::PullRequest,
        EventKind::Review,
        EventKind::Check,
        EventKind::Comment,
        EventKind::Status,
        EventKind::Ping,
    ] {
        assert!(
            kinds.contains_key(&kind),
            "no example is a {kind}: {kinds:?}"
        );
    }
}

#[test]
fn an_example_cut_short_anywhere_is_refused_and_never_a_panic() {
    for delivery in deliveries() {
        for part in 1..8 {
            let mut cut = delivery.clone();
            cut.body.truncate(delivery.body.len() * part / 8);
            assert!(normalise(&cut).is_err(), "{} {part}/8", delivery.kind);
        }
    }
}

#[tokio::test]
async fn every_example_goes_through_the_signed_route_once() {
    let store = Store::open(&StoreUrl::SqliteMemory, now())
        .await
        .expect("a store");
    let hooks = Webhooks {
        store: store.clone(),
        verifier: Verifier::new(vec![SECRET.into()]).expect("a secret"),
        counters: Arc::default(),
        clock: Clock::from_fn(now),
    };
    let counters: Arc<Counters> = hooks.counters.clone();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let url = format!(
        "http://{}/webhooks/github",
        listener.local_addr().expect("an address")
    );
    let server = tokio::spawn(async move { axum::serve(listener, hooks.router()).await });
    let client = reqwest::Client::new();
    for expected in [202, 200] {
        for delivery in deliveries() {
            let request = client
                .post(&url)
                .header("content-type", "application/json")
                .header("x-github-event", &delivery.kind)
                .header("x-github-delivery", &delivery.delivery)
                .header("x-hub-signature-256", sign(&delivery.body))
                .body(delivery.body);
            let status = request.send().await.expect("an answer").status().as_u16();
            assert_eq!(status, expected, "{} {}", delivery.kind, delivery.delivery);
        }
    }
    server.abort();
    let counts = counters.counts();
    assert_eq!((counts.accepted, counts.duplicate), (329, 329));
    let filter = EventFilter {
        limit: Some(1000),
        ..EventFilter::default()
    };
    let rows = store.list_events(&filter).await.expect("rows");
    assert_eq!(rows.len(), EXAMPLES);
}

fn sign(body: &[u8]) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    format!(
        "sha256={}",
        hex::encode(mac.chain_update(body).finalize().into_bytes())
    )
}
