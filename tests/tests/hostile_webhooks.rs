//! Webhooks that nobody sends in good faith: malformed, huge, unsigned. None of them crashes hodman or keeps it from the good
//! ones.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hodman::daemon::Daemon;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short};
use sha2::Sha256;
use std::time::{Duration, Instant};

fn signature(body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(format!("hook-{CANARY}").as_bytes()).expect("any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(daemon: &Daemon, delivery: &str, event: &str, body: Vec<u8>, signed: &str) -> u16 {
    let answer = reqwest::Client::new()
        .post(format!("http://{}/webhooks/github", daemon.address))
        .header("content-type", "application/json")
        .header("x-github-delivery", delivery)
        .header("x-github-event", event)
        .header("x-hub-signature-256", signed)
        .body(body)
        .timeout(Duration::from_secs(60))
        .send()
        .await;
    match answer {
        Ok(answer) => answer.status().as_u16(),
        // A body that is too large is refused before all of it is read, and whoever still writes may see the closed connection
        // before the answer. A daemon that is gone refuses the connection instead, and that is no answer.
        Err(error) if error.is_request() && !error.is_connect() => 413,
        Err(error) => panic!("no answer: {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_webhooks_neither_crash_nor_stall_it() {
    let scene = Scene::start(Options::short().observing_every(3_600)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");

    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let wide = format!(
        "{{\"repository\":{{\"full_name\":\"{}\"}}}}",
        "x".repeat(3_000_000)
    )
    .into_bytes();
    let taken: Vec<(&str, &str, Vec<u8>)> = vec![
        ("nothing", "push", vec![]),
        ("half", "push", b"{\"ref\":".to_vec()),
        ("deep", "push", deep),
        ("not-utf8", "push", vec![0xff, 0xfe, b'{', 0xc3, 0x28, b'}']),
        (
            "nul",
            "push",
            b"{\"ref\":\"\\u0000\",\"repository\":{\"full_name\":\"acme/shop\"}}".to_vec(),
        ),
        (
            "wrong-types",
            "push",
            br#"{"ref":5,"before":[],"after":{},"repository":"acme/shop","commits":7}"#.to_vec(),
        ),
        ("list", "pull_request", b"[1,2,3]".to_vec()),
        ("null", "pull_request", b"null".to_vec()),
        (
            "number",
            "pull_request",
            br#"{"action":1e400,"number":-1,"repository":{"full_name":"acme/shop"}}"#.to_vec(),
        ),
        ("wide", "push", wide),
        (
            "unknown",
            "no_such_event",
            br#"{"repository":{"full_name":"acme/shop"}}"#.to_vec(),
        ),
        ("form", "push", b"payload=%7B%7D".to_vec()),
    ];
    for (name, event, body) in &taken {
        let signed = signature(body);
        let code = post(
            &daemon,
            &format!("hostile-{name}"),
            event,
            body.clone(),
            &signed,
        )
        .await;
        assert!((200..300).contains(&code) || code == 400, "{name}: {code}");
    }
    let good = br#"{"ref":"refs/heads/main","repository":{"full_name":"acme/shop"}}"#.to_vec();
    for (name, signed) in [
        ("no signature", String::new()),
        ("another secret's", signature(b"other")),
        ("cut short", signature(&good)[..20].to_owned()),
        ("not hexadecimal", format!("sha256={}", "zz".repeat(32))),
        ("SHA-1", format!("sha1={}", "00".repeat(20))),
    ] {
        assert_eq!(
            post(&daemon, "unsigned", "push", good.clone(), &signed).await,
            401,
            "{name}"
        );
    }
    let huge = vec![b' '; 26 * 1024 * 1024];
    let signed = signature(&huge);
    assert_eq!(post(&daemon, "huge", "push", huge, &signed).await, 413);

    let began = Instant::now();
    let health = reqwest::get(format!("http://{}/healthz", daemon.address))
        .await
        .expect("an answer");
    assert!(health.status().is_success(), "{}", health.status());
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "after {:?}",
        began.elapsed()
    );
    // Only a webhook can wake it within the next hour; what waits in front of it does not hold it up.
    let load = b"# Databricks notebook source\nprint(\"loading orders gently\")\n";
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("src/load.py", Some(load))],
            "gently",
            "rita",
        )
        .expect("a commit");
    short.promote("qa").await.expect("a good event is served");
    let unread = daemon
        .parts()
        .store
        .pending_events(0, 500)
        .await
        .expect("the inbox");
    assert!(
        unread
            .iter()
            .all(|row| !row.event.delivery.starts_with("hostile-")),
        "hostile events wait for ever"
    );
    daemon.stop().await;
}
