//! Signed, in order, once; and what goes wrong with them in real life.

use hmac::{Hmac, KeyInit, Mac};
use hodman_sandbox::github::ReleaseOrder;
use serde_json::Value;
use sha2::Sha256;

use super::support::{REPO, Received, Receiver, SECRET, Town};

fn commit(town: &Town, file: &str) -> String {
    town.github
        .commit(REPO, "main", &[(file, Some(b"x"))], file, "ada")
        .expect("committed")
}

async fn hooked() -> (Town, Receiver, u64) {
    let (town, mut receiver) = (Town::start().await, Receiver::start().await);
    let id = town
        .github
        .add_hook(REPO, &receiver.url, SECRET, &["push"])
        .expect("added");
    assert_eq!(receiver.next().await.name(), "ping");
    (town, receiver, id)
}

fn after(push: &Received) -> String {
    push.json()["after"].as_str().expect("a sha").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_carries_githubs_headers_and_a_signature_over_its_raw_body() {
    let (town, mut receiver, id) = hooked().await;
    commit(&town, "a");
    let push = receiver.next().await;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(&push.body);
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(push.header("x-hub-signature-256"), expected);
    assert_eq!(push.header("x-github-hook-id"), id.to_string());
    assert_eq!(
        push.header("x-github-hook-installation-target-type"),
        "repository"
    );
    assert!(push.header("user-agent").starts_with("GitHub-Hookshot/"));
    uuid::Uuid::parse_str(push.header("x-github-delivery")).expect("a GUID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_not_retried_but_listed_and_sent_again_on_request_with_its_guid() {
    let (town, mut receiver, id) = hooked().await;
    town.github.drop_next_webhook(1);
    let (lost, seen) = (commit(&town, "a"), commit(&town, "b"));
    assert_eq!(after(&receiver.next().await), seen);

    let (_, failed) = town
        .call(
            "GET",
            &format!("/hooks/{id}/deliveries?status=failure"),
            "tok-ada",
            &Value::Null,
        )
        .await;
    assert_eq!(
        (
            failed[0]["event"].as_str(),
            failed[0]["status_code"].as_u64()
        ),
        (Some("push"), Some(0))
    );
    let again = format!("/hooks/{id}/deliveries/{}/attempts", failed[0]["id"]);
    assert_eq!(
        town.call("POST", &again, "tok-ada", &Value::Null).await.0,
        202
    );
    let push = receiver.next().await;
    assert_eq!(
        (after(&push), Some(push.header("x-github-delivery"))),
        (lost, failed[0]["guid"].as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_can_be_lost_doubled_and_out_of_order() {
    let (town, mut receiver, _) = hooked().await;
    town.github.lose_next_webhook(1);
    let lost = commit(&town, "a");
    town.github.duplicate_next_webhook(1);
    let doubled = commit(&town, "b");
    let (first, second) = (receiver.next().await, receiver.next().await);
    assert_eq!((after(&first), after(&second)), (doubled.clone(), doubled));
    assert_eq!(
        first.header("x-github-delivery"),
        second.header("x-github-delivery")
    );
    assert!(
        town.github
            .deliveries()
            .iter()
            .all(|delivery| delivery.payload["after"] != lost.as_str())
    );

    town.github.hold_webhooks();
    let (older, newer) = (commit(&town, "c"), commit(&town, "d"));
    town.github.release_webhooks(ReleaseOrder::Reversed);
    assert_eq!(
        (after(&receiver.next().await), after(&receiver.next().await)),
        (newer, older)
    );
}
