//! The queue and the objects against a server that imitates AWS, whose address is in `HODMAN_TEST_AWS_ENDPOINT`.
//!
//! Long because queue, objects and values are tried against one server with one set of helpers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_sqs::types::QueueAttributeName;
use bytes::Bytes;
use hodman_clients::aws::{
    Aws, AwsConfig, AwsCredentials, AwsErrorKind, Content, DeleteOutcome, Objects, ObjectsConfig,
    PutOutcome, Queue,
};
use secrecy::SecretString;

const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

fn endpoint() -> String {
    std::env::var("HODMAN_TEST_AWS_ENDPOINT").expect(
        "these tests need a server that imitates SQS and S3: start one (./test does) and put its address into \
         HODMAN_TEST_AWS_ENDPOINT, for example http://127.0.0.1:4566",
    )
}

/// A name no other test and no earlier run has used.
fn fresh(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{name}-{}-{number}-{:x}",
        std::process::id(),
        rand::random::<u32>()
    )
}

async fn aws_at(endpoint_url: String) -> Aws {
    let credentials = AwsCredentials::Static {
        access_key_id: "test".to_owned(),
        secret_access_key: SecretString::from(CANARY),
        session_token: None,
    };
    Aws::new(AwsConfig {
        region: "eu-central-1".to_owned(),
        endpoint_url: Some(endpoint_url),
        credentials,
    })
    .await
}

/// A client of the test server itself, to make what the crate only uses.
async fn sdk() -> aws_config::SdkConfig {
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-central-1"))
        .endpoint_url(endpoint())
        .credentials_provider(aws_credential_types::Credentials::new(
            "test", CANARY, None, None, "test",
        ))
        .load()
        .await
}

async fn queue_with(attributes: &[(QueueAttributeName, &str)]) -> Queue {
    let mut request = aws_sdk_sqs::Client::new(&sdk().await)
        .create_queue()
        .queue_name(fresh("events"));
    for (name, value) in attributes {
        request = request.attributes(name.clone(), *value);
    }
    aws_at(endpoint())
        .await
        .queue(request.send().await.unwrap().queue_url.unwrap())
}

async fn objects(prefix: &str) -> Objects {
    let bucket = fresh("packages");
    let config = aws_sdk_s3::config::Builder::from(&sdk().await)
        .force_path_style(true)
        .build();
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuCentral1)
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    s3.create_bucket()
        .bucket(&bucket)
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
    objects_of(bucket, prefix).await
}

async fn objects_of(bucket: String, prefix: &str) -> Objects {
    let config = ObjectsConfig {
        bucket,
        prefix: prefix.to_owned(),
        force_path_style: true,
    };
    aws_at(endpoint()).await.objects(config)
}

#[tokio::test]
async fn a_message_comes_with_its_attributes_and_goes_when_deleted() {
    let queue = queue_with(&[]).await;
    let attributes = BTreeMap::from([("delivery".to_owned(), "d-1".to_owned())]);
    let id = queue.send(r#"{"zen":"ü"}"#, &attributes).await.unwrap();
    let messages = queue.receive(10, 20, 60).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(
        (&messages[0].id, messages[0].body.as_str()),
        (&id, r#"{"zen":"ü"}"#)
    );
    assert_eq!(
        (&messages[0].attributes, messages[0].receive_count),
        (&attributes, 1)
    );
    assert!(messages[0].sent_at.is_some());
    assert!(!format!("{:?}", messages[0]).contains("zen"));
    assert_eq!(queue.attributes().await.unwrap().in_flight, 1);
    assert_eq!(
        queue
            .delete_batch(&[messages[0].receipt.clone()])
            .await
            .unwrap(),
        [DeleteOutcome::Deleted]
    );
    let report = queue.attributes().await.unwrap();
    assert_eq!((report.visible, report.in_flight), (0, 0));
}

#[tokio::test]
async fn a_message_given_back_is_received_again() {
    let queue = queue_with(&[]).await;
    queue.send("again", &BTreeMap::new()).await.unwrap();
    let first = queue.receive(1, 20, 600).await.unwrap();
    assert_eq!(queue.receive(1, 0, 600).await.unwrap(), []);
    queue.change_visibility(&first[0].receipt, 0).await.unwrap();
    let second = queue.receive(1, 20, 600).await.unwrap();
    assert_eq!(
        (second[0].body.as_str(), second[0].receive_count),
        ("again", 2)
    );
}

#[tokio::test]
async fn a_batch_of_any_length_says_for_each_receipt_what_became_of_it() {
    let queue = queue_with(&[]).await;
    let mut receipts = Vec::new();
    for number in 0..12 {
        queue
            .send(&number.to_string(), &BTreeMap::new())
            .await
            .unwrap();
    }
    while receipts.len() < 12 {
        receipts.extend(
            queue
                .receive(10, 20, 600)
                .await
                .unwrap()
                .into_iter()
                .map(|message| message.receipt),
        );
    }
    receipts.insert(3, "no such receipt".to_owned());
    let outcomes = queue.delete_batch(&receipts).await.unwrap();
    assert_eq!(outcomes.len(), 13);
    let failed: Vec<usize> = (0..13)
        .filter(|place| {
            matches!(
                outcomes[*place],
                DeleteOutcome::Failed {
                    our_fault: true,
                    ..
                }
            )
        })
        .collect();
    assert_eq!(failed, [3], "{outcomes:?}");
    assert_eq!(queue.attributes().await.unwrap().in_flight, 0);
    assert_eq!(queue.delete_batch(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn a_queue_tells_how_it_is_set_up() {
    let dead = queue_with(&[]).await.attributes().await.unwrap();
    assert_eq!((dead.redrive, dead.fifo), (None, false));
    let policy = format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"5"}}"#,
        dead.arn
    );
    let settings = [
        (QueueAttributeName::RedrivePolicy, policy.as_str()),
        (QueueAttributeName::VisibilityTimeout, "120"),
    ];
    let queue = queue_with(&settings).await;
    queue.send("one", &BTreeMap::new()).await.unwrap();
    let report = queue.attributes().await.unwrap();
    let redrive = report.redrive.unwrap();
    assert_eq!(
        (redrive.dead_letter_arn, redrive.max_receive_count),
        (dead.arn, 5)
    );
    assert_eq!((report.visible, report.visibility_timeout_s), (1, 120));
    assert!(report.retention_s > 0);
}

#[tokio::test]
async fn a_missing_queue_is_named_with_a_hint() {
    let queue =
        aws_at(endpoint())
            .await
            .queue(format!("{}/000000000000/{}", endpoint(), fresh("none")));
    for error in [
        queue.receive(1, 0, 30).await.unwrap_err(),
        queue.attributes().await.unwrap_err(),
        queue.send("x", &BTreeMap::new()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, AwsErrorKind::NoSuchQueue, "{error}");
        assert!(
            error.to_string().contains(queue.url()) && error.hint().contains("URL"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_queue_that_is_away_is_worth_another_try() {
    // Bound and dropped: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nowhere = format!("http://127.0.0.1:{port}");
    let aws = aws_at(nowhere.clone()).await;
    let error = aws
        .queue(format!("{nowhere}/0/q"))
        .send("x", &BTreeMap::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.is_transient()),
        (AwsErrorKind::Unreachable, true)
    );
    assert!(!format!("{aws:?} {error:?}").contains(CANARY));
}

#[tokio::test]
async fn an_object_is_written_once_and_read_back() {
    let objects = objects("store/").await;
    let content = || Content::Bytes(Bytes::from_static(b"package"));
    assert_eq!(
        objects.put("sha256/aa", content(), true).await.unwrap(),
        PutOutcome::Created
    );
    let other = Content::Bytes(Bytes::from_static(b"another"));
    assert_eq!(
        objects.put("sha256/aa", other.clone(), true).await.unwrap(),
        PutOutcome::Existed
    );
    assert_eq!(objects.get("sha256/aa").await.unwrap().unwrap(), "package");
    assert_eq!(
        objects.put("sha256/aa", other, false).await.unwrap(),
        PutOutcome::Created
    );
    assert_eq!(objects.get("sha256/aa").await.unwrap().unwrap(), "another");
    assert_eq!(objects.get("sha256/none").await.unwrap(), None);
    assert_eq!(objects.head("sha256/aa").await.unwrap().unwrap().size, 7);
    assert_eq!(objects.head("sha256/none").await.unwrap(), None);
}

#[tokio::test]
async fn of_many_writers_one_creates() {
    let objects = objects("").await;
    let puts = (0..8).map(|number| {
        let objects = objects.clone();
        async move {
            objects
                .put("same", Content::Bytes(vec![number; 1000].into()), true)
                .await
                .unwrap()
        }
    });
    let outcomes = futures::future::join_all(puts).await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == PutOutcome::Created)
            .count(),
        1,
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn files_are_streamed_both_ways() {
    let objects = objects("p/").await;
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (
        directory.path().join("source"),
        directory.path().join("target"),
    );
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    std::fs::write(&source, &bytes).unwrap();
    assert_eq!(
        objects
            .put("large", Content::File(source), true)
            .await
            .unwrap(),
        PutOutcome::Created
    );
    assert_eq!(
        objects.get_to_file("large", &target).await.unwrap(),
        Some(bytes.len() as u64)
    );
    assert!(std::fs::read(&target).unwrap() == bytes);
    let absent = directory.path().join("absent");
    assert_eq!(objects.get_to_file("none", &absent).await.unwrap(), None);
    let left: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    let error = objects
        .put("x", Content::File(absent), true)
        .await
        .unwrap_err();
    assert_eq!(error.kind, AwsErrorKind::LocalFile);
}

#[tokio::test]
async fn a_list_names_what_is_below_the_prefix() {
    let objects = objects("store/").await;
    for key in ["b/2", "a/1", "b/1"] {
        objects
            .put(key, Content::Bytes(Bytes::from_static(b"x")), true)
            .await
            .unwrap();
    }
    let keys = |found: Vec<hodman_clients::aws::ObjectInfo>| {
        found
            .into_iter()
            .map(|object| object.key)
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(objects.list("").await.unwrap()), ["a/1", "b/1", "b/2"]);
    assert_eq!(keys(objects.list("b/").await.unwrap()), ["b/1", "b/2"]);
    assert!(objects.list("a/").await.unwrap()[0].modified_at.is_some());
    assert!(objects.check().await.unwrap().has_objects);
}

#[tokio::test]
async fn a_missing_bucket_is_never_a_missing_object() {
    let objects = objects_of(fresh("none"), "").await;
    for error in [
        objects.check().await.unwrap_err(),
        objects.get("x").await.unwrap_err(),
        objects.head("x").await.unwrap_err(),
        objects.list("").await.unwrap_err(),
        objects
            .put("x", Content::Bytes(Bytes::new()), true)
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind, AwsErrorKind::NoSuchBucket, "{error}");
        assert!(error.hint().contains("bucket"));
    }
}

/// Makes something with one call that the crate itself never makes.
async fn ask(service: &'static str, target: &str, body: serde_json::Value) {
    let credential = format!("Credential=test/20260101/eu-central-1/{service}/aws4_request");
    let answer = reqwest::Client::new()
        .post(endpoint())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"),
        )
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    assert!(
        answer.status().is_success(),
        "{}",
        answer.text().await.unwrap()
    );
}

#[tokio::test]
async fn values_are_read_from_secrets_manager_and_parameter_store() {
    use secrecy::ExposeSecret as _;
    let (secret, parameter) = (fresh("qa/db"), fresh("/qa/db"));
    ask(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        serde_json::json!({"Name": secret, "SecretString": CANARY}),
    )
    .await;
    ask(
        "ssm",
        "AmazonSSM.PutParameter",
        serde_json::json!({"Name": parameter, "Value": CANARY, "Type": "SecureString"}),
    )
    .await;
    let values = aws_at(endpoint()).await.values().unwrap();
    let read = values.secret(&secret).await.unwrap().expect("a secret");
    assert_eq!(read.expose_secret(), CANARY);
    let read = values
        .parameter(&parameter)
        .await
        .unwrap()
        .expect("a value");
    assert_eq!(read.expose_secret(), CANARY);
    // What is not there is an answer and no failure.
    assert!(values.secret(&fresh("qa/no")).await.unwrap().is_none());
    assert!(values.parameter(&fresh("/qa/no")).await.unwrap().is_none());
    assert!(!format!("{values:?}").contains(CANARY));
}

#[tokio::test]
async fn nobody_who_answers_is_said_so_without_the_credentials() {
    let values = aws_at("http://127.0.0.1:9".to_owned())
        .await
        .values()
        .unwrap();
    let error = values.secret("qa/db").await.expect_err("nobody answers");
    assert_eq!(error.kind, AwsErrorKind::Unreachable);
    assert!(error.is_transient());
    assert!(!format!("{error} {error:?}").contains(CANARY));
}
