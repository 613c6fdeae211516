mod queue_server;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::DateTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hodman_clients::aws::{Aws, AwsConfig, AwsCredentials, ObjectsConfig};
use hodman_store::{EventFilter, InboxRow, StoreUrl};
use serde_json::json;

use super::*;
use crate::intake::normalise::normalise;
use queue_server::QueueServer;

const SECRET: &str = "hodman-canary-5ecret-DO-NOT-LEAK";
const DELIVERY: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn sign(body: &[u8]) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    format!(
        "sha256={}",
        hex::encode(mac.chain_update(body).finalize().into_bytes())
    )
}

fn forwarded(body: &[u8], signature: &str) -> String {
    json!({
        "hodman": "github-delivery",
        "headers": {"X-GitHub-Event": "push", "X-GitHub-Delivery": DELIVERY, "X-Hub-Signature-256": signature},
        "body_base64": BASE64_STANDARD.encode(body),
    })
    .to_string()
}

/// Source, kind and delivery of what a message becomes, or why it is refused.
fn sorted(body: &str) -> Result<(String, String, String), String> {
    let sent_at = DateTime::from_timestamp_millis(1_700_000_000_123);
    match classify(body, sent_at, DateTime::UNIX_EPOCH) {
        Incoming::Delivery(_) => Ok(("a delivery".into(), String::new(), String::new())),
        Incoming::Event(event) => match event.meta.get(REFUSED) {
            None => Ok((event.source, event.kind, event.delivery)),
            Some(reason) => {
                assert_eq!(event.body, body.as_bytes(), "poison is kept whole");
                assert!(normalise(&event).is_err());
                Err(reason.as_str().unwrap_or_default().to_owned())
            }
        },
    }
}

fn triple(source: &str, kind: &str, delivery: &str) -> Result<(String, String, String), String> {
    Ok((source.into(), kind.into(), delivery.into()))
}

#[test]
fn messages_are_told_apart() {
    let command = json!({"hodman": "command", "id": "c-1", "ask": "capture", "env": "dev"});
    assert_eq!(
        sorted(&command.to_string()),
        triple("command", "capture", "c-1")
    );
    let event = json!({"version": "0", "id": "e-1", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}});
    assert_eq!(
        sorted(&event.to_string()),
        triple("eventbridge", "Scheduled Event", "e-1")
    );
    let scheduled =
        json!({"id": "e-2", "detail-type": "x", "detail": {"hodman": "command", "ask": "observe"}});
    assert_eq!(
        sorted(&scheduled.to_string()),
        triple("command", "observe", "e-2")
    );
    assert_eq!(
        sorted(&forwarded(b"{}", "x")).expect("a delivery").0,
        "a delivery"
    );

    let changed = json!({"hodman": "workspace-changed", "workspace": "dev"});
    let (source, kind, _) = sorted(&changed.to_string()).expect("news");
    assert_eq!(
        (source.as_str(), kind.as_str()),
        ("eventbridge", "workspace-changed")
    );
    let wrapped = json!({"id": "e-3", "detail-type": "audit", "detail": changed});
    assert_eq!(
        sorted(&wrapped.to_string()),
        triple("eventbridge", "workspace-changed", "e-3")
    );
    let nameless = json!({"hodman": "workspace-changed"});
    let reason = sorted(&nameless.to_string()).expect_err("kept as poison");
    assert!(reason.contains("`workspace`"), "{reason}");

    let s3 = json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]})
        .to_string();
    let (source, kind, delivery) = sorted(&s3).expect("a notification");
    assert_eq!(
        (source.as_str(), kind.as_str(), delivery.len()),
        ("s3", "ObjectCreated:Put", 71)
    );
    let wrapped = json!({"Type": "Notification", "MessageId": "m", "Message": s3}).to_string();
    assert_eq!(
        sorted(&wrapped).expect("a notification").1,
        "ObjectCreated:Put"
    );
    assert_eq!(
        sorted(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#)
            .expect("a test")
            .1,
        "TestEvent"
    );
}

#[test]
fn a_command_without_id_is_one_command_each_time_it_is_sent() {
    let body = json!({"hodman": "command", "ask": "capture", "env": "dev"}).to_string();
    let of = |ms| match classify(
        &body,
        DateTime::from_timestamp_millis(ms),
        DateTime::UNIX_EPOCH,
    ) {
        Incoming::Event(event) => event.delivery,
        Incoming::Delivery(_) => panic!("a command"),
    };
    assert_eq!(of(1), of(1), "received again");
    assert_ne!(of(1), of(2), "sent again");
}

#[test]
fn what_is_not_understood_is_kept_with_the_reason() {
    let table = [
        ("", "the message is not JSON"),
        ("[1", "the message is not JSON"),
        ("7", "the message is of no kind that hodman knows"),
        (
            r#"{"hodman":"x"}"#,
            "`hodman` is neither `command`, `github-delivery` nor `workspace-changed`",
        ),
        (
            r#"{"hodman":"command","ask":"destroy"}"#,
            "not a command: a field is missing, or nothing of this name can be asked for",
        ),
        (
            r#"{"hodman":"command","by":"a\u0000","ask":"observe"}"#,
            "a text of the command holds a NUL character",
        ),
        (
            r#"{"hodman":"github-delivery"}"#,
            "not a forwarded delivery: a field is missing, unknown or of another type",
        ),
        (
            r#"{"Type":"Notification"}"#,
            "an SNS notification without `Message`",
        ),
        (
            r#"{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}"#,
            "the message is of no kind that hodman knows",
        ),
        (
            r#"{"Records":[]}"#,
            "the message is of no kind that hodman knows",
        ),
    ];
    for (body, reason) in table {
        assert_eq!(sorted(body), Err(reason.to_owned()), "{body}");
    }
}

/// A poller at work on a server that imitates SQS and S3.
struct Work {
    store: Store,
    status: watch::Receiver<QueueStatus>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn work(server: &QueueServer) -> Work {
    let now = DateTime::UNIX_EPOCH;
    let store = Store::open(&StoreUrl::SqliteMemory, now)
        .await
        .expect("a store");
    let aws = Aws::new(AwsConfig {
        region: "eu-central-1".into(),
        endpoint_url: Some(server.url()),
        credentials: AwsCredentials::Static {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
        },
    })
    .await;
    let bucket = ObjectsConfig {
        bucket: "bodies".into(),
        prefix: String::new(),
        force_path_style: true,
    };
    let poller = Poller {
        label: "events".into(),
        queue: aws.queue(format!("{}/1/events", server.url())),
        bodies: BTreeMap::from([("bodies".to_owned(), aws.objects(bucket))]),
        verifier: Verifier::new(vec![SECRET.into()]).expect("a secret"),
        store: store.clone(),
        clock: Clock::from_fn(move || now),
    };
    let (told, status) = watch::channel(QueueStatus::default());
    let stop = CancellationToken::new();
    let task = tokio::spawn(poller.run(told, stop.clone()));
    Work {
        store,
        status,
        stop,
        task,
    }
}

impl Work {
    async fn until(&mut self, reached: impl FnMut(&QueueStatus) -> bool) -> QueueStatus {
        let seen = self.status.clone();
        match tokio::time::timeout(Duration::from_secs(30), self.status.wait_for(reached)).await {
            Ok(status) => status.expect("the poller lives").clone(),
            Err(_) => panic!("not in time: {:?}", *seen.borrow()),
        }
    }

    async fn end(self) -> Vec<InboxRow> {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), self.task)
            .await
            .expect("in time")
            .expect("no panic");
        self.store
            .list_events(&EventFilter::default())
            .await
            .expect("rows")
    }
}

#[tokio::test]
async fn messages_are_stored_then_deleted_and_a_failed_delete_doubles_nothing() {
    let server = QueueServer::start().await;
    let body = br#"{"ref":"refs/heads/main","before":"a","after":"b","repository":{"full_name":"acme/shop"}}"#;
    server.send(&forwarded(body, &sign(body)));
    server.send(&forwarded(body, &sign(b"something else")));
    server.send("not JSON");
    server.fail_next_delete();
    let mut work = work(&server).await;
    // One entry of the first batch is not deleted; it comes again and is a duplicate.
    let status = work.until(|status| status.stored >= 4).await;
    assert_eq!(
        (status.duplicates, status.poison, status.not_deleted),
        (1, 2, 1)
    );
    assert_eq!(status.state, QueueState::Reading);
    server.until_empty().await;
    let rows = work.end().await;
    assert_eq!(rows.len(), 3);
    let delivery = rows
        .iter()
        .find(|row| row.event.source == "github")
        .expect("the delivery");
    assert_eq!(
        (
            delivery.event.delivery.as_str(),
            delivery.event.body.as_slice()
        ),
        (DELIVERY, &body[..])
    );
    assert_eq!(
        normalise(&delivery.event)
            .expect("a push")
            .ref_name
            .as_deref(),
        Some("refs/heads/main")
    );
    let reasons: Vec<String> = rows
        .iter()
        .filter_map(|row| normalise(&row.event).err())
        .map(|poison| poison.to_string())
        .collect();
    assert!(
        reasons.contains(&"the forwarded delivery is not signed by one of our secrets".to_owned()),
        "{reasons:?}"
    );
    assert!(!format!("{rows:?}").contains(SECRET));
}

#[tokio::test]
async fn large_bodies_come_from_the_bucket_that_is_named_in_the_settings() {
    let server = QueueServer::start().await;
    let body = b"{\"large\":true}";
    server.put("/bodies/k", body);
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(body));
    let message = |bucket: &str, key: &str, digest: &str| {
        json!({
            "hodman": "github-delivery",
            "headers": {"x-github-event": "push", "x-github-delivery": DELIVERY, "x-hub-signature-256": sign(body)},
            "body_s3": {"bucket": bucket, "key": key, "sha256": digest},
        })
        .to_string()
    };
    server.send(&message("bodies", "k", &digest));
    server.send(&message("elsewhere", "k", &digest));
    server.send(&message("bodies", "missing", &digest));
    server.send(&message("bodies", "k", "00"));
    let mut work = work(&server).await;
    assert_eq!(work.until(|status| status.stored >= 4).await.poison, 3);
    let rows = work.end().await;
    let whole = rows
        .iter()
        .find(|row| row.event.source == "github")
        .expect("the delivery");
    assert_eq!(whole.event.body, body);
    let reasons: String = rows.iter().map(|row| row.event.meta.to_string()).collect();
    for expected in ["\\\"elsewhere\\\"", "there is no object", "SHA-256 differs"] {
        assert!(reasons.contains(expected), "{reasons}");
    }
}

#[tokio::test]
async fn a_queue_that_is_away_is_said_and_waited_for() {
    let server = QueueServer::start().await;
    server.refuse(true);
    let mut work = work(&server).await;
    let status = work
        .until(|status| matches!(status.state, QueueState::Away { .. }))
        .await;
    let QueueState::Away { why, .. } = &status.state else {
        panic!("{status:?}")
    };
    assert!(
        why.starts_with("the queue does not answer: ReceiveMessage"),
        "{why}"
    );
    server.refuse(false);
    server.send(&json!({"hodman": "command", "id": "c-1", "ask": "observe"}).to_string());
    assert_eq!(work.until(|status| status.stored == 1).await.poison, 0);
    work.until(|status| status.state == QueueState::Reading)
        .await;
    assert_eq!(work.end().await.len(), 1);
}
