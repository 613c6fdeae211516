use axum::http::{Request, header::CONTENT_LENGTH};
use chrono::DateTime;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hodman_store::{EventFilter, StoreUrl};
use tower::ServiceExt as _;

use super::*;

const SECRET: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

fn sign(body: &[u8]) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    format!(
        "sha256={}",
        hex::encode(mac.chain_update(body).finalize().into_bytes())
    )
}

async fn hooks() -> Webhooks {
    let now = DateTime::UNIX_EPOCH;
    Webhooks {
        store: Store::open(&StoreUrl::SqliteMemory, now)
            .await
            .expect("a store"),
        verifier: Verifier::new(vec!["old".into(), SECRET.into()]).expect("secrets"),
        counters: Arc::default(),
        clock: Clock::from_fn(move || now),
    }
}

/// A signed delivery.
fn delivery(id: &str, event: &str, body: &'static [u8]) -> Request<Body> {
    Request::post("/webhooks/github")
        .header(SIGNATURE, sign(body))
        .header(DELIVERY, id)
        .header(EVENT, event)
        .header("content-type", "application/json")
        .header("authorization", "must not be kept")
        .body(Body::from(body))
        .expect("a request")
}

async fn send(hooks: &Webhooks, request: Request<Body>) -> (u16, String) {
    let answer = hooks
        .clone()
        .router()
        .oneshot(request)
        .await
        .expect("an answer");
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 4096).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_delivery_is_stored_as_it_came_and_once() {
    let hooks = hooks().await;
    let body = b"{\"a\" : 1}\n";
    assert_eq!(send(&hooks, delivery("d-1", "push", body)).await.0, 202);
    assert_eq!(
        send(&hooks, delivery("d-1", "push", body)).await,
        (200, "already seen".into())
    );
    let rows = hooks
        .store
        .list_events(&EventFilter::default())
        .await
        .expect("rows");
    assert_eq!(rows.len(), 1);
    let event = &rows[0].event;
    assert_eq!(
        (
            event.source.as_str(),
            event.delivery.as_str(),
            event.kind.as_str()
        ),
        ("github", "d-1", "push")
    );
    assert_eq!(event.body, body);
    assert_eq!(event.meta["content-type"], "application/json");
    assert!(event.meta.get("authorization").is_none() && event.meta.get(SIGNATURE).is_none());
    let counts = hooks.counters.counts();
    assert_eq!(
        (counts.accepted, counts.duplicate, counts.unknown),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn unknown_events_and_bodies_that_are_no_json_are_taken_too() {
    let hooks = hooks().await;
    assert_eq!(
        send(
            &hooks,
            delivery("d-1", "sponsorship_of_the_future", b"\xff\x00")
        )
        .await
        .0,
        202
    );
    assert_eq!(hooks.counters.counts().unknown, 1);
}

#[tokio::test]
async fn whatever_is_wrong_with_the_signature_the_answer_is_the_same() {
    let hooks = hooks().await;
    let body = b"{}";
    let right = sign(body);
    let mut answers = Vec::new();
    for wrong in [
        None,
        Some(""),
        Some("sha256="),
        Some(&right[7..]),
        Some(&sign(b"{ }")),
        Some(&right.replace("256", "1")),
    ] {
        let mut request = delivery("d-1", "push", body);
        request.headers_mut().remove(SIGNATURE);
        if let Some(wrong) = wrong {
            request
                .headers_mut()
                .insert(SIGNATURE, wrong.parse().expect("a header"));
        }
        answers.push(send(&hooks, request).await);
    }
    // Also when other headers are missing: who signs nothing learns nothing.
    answers.push(
        send(
            &hooks,
            Request::post("/webhooks/github")
                .body(Body::empty())
                .expect("a request"),
        )
        .await,
    );
    assert!(
        answers
            .iter()
            .all(|answer| *answer == (401, "unauthorized".to_owned())),
        "{answers:?}"
    );
    assert_eq!(hooks.counters.counts().refused, 7);
    assert!(
        hooks
            .store
            .list_events(&EventFilter::default())
            .await
            .expect("rows")
            .is_empty()
    );
}

#[tokio::test]
async fn every_delivery_has_an_id_and_a_name() {
    let hooks = hooks().await;
    for header in [DELIVERY, EVENT] {
        let mut request = delivery("d-1", "push", b"{}");
        request.headers_mut().remove(header);
        let (status, said) = send(&hooks, request).await;
        assert_eq!((status, said.contains(header)), (400, true), "{said}");
        let mut request = delivery("d-1", "push", b"{}");
        request
            .headers_mut()
            .insert(header, "x".repeat(4000).parse().expect("a header"));
        assert_eq!(send(&hooks, request).await.0, 400);
    }
    assert_eq!(hooks.counters.counts().malformed, 4);
}

#[tokio::test]
async fn bodies_over_25_mib_are_turned_away() {
    let hooks = hooks().await;
    let announced = Request::post("/webhooks/github")
        .header(SIGNATURE, sign(b"something else"))
        .header(CONTENT_LENGTH, (LARGEST_BODY + 1).to_string())
        .body(Body::empty())
        .expect("a request");
    assert_eq!(send(&hooks, announced).await.0, 413);
    let part = Bytes::from(vec![b' '; 1024 * 1024]);
    let parts = futures::stream::iter((0..26).map(move |_| Ok::<_, std::io::Error>(part.clone())));
    let streamed = Request::post("/webhooks/github")
        .header(SIGNATURE, sign(b"something else"))
        .body(Body::from_stream(parts))
        .expect("a request");
    assert_eq!(send(&hooks, streamed).await.0, 413);
    // Just small enough: read whole, and refused for its signature.
    let most = Request::post("/webhooks/github")
        .header(SIGNATURE, sign(b"something else"))
        .body(Body::from(vec![b' '; LARGEST_BODY]))
        .expect("a request");
    assert_eq!(send(&hooks, most).await.0, 401);
    assert_eq!(hooks.counters.counts().too_large, 2);
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let hooks = hooks().await;
    tokio::time::pause();
    assert_eq!(send(&hooks, endless(Some("25"))).await.0, 408);
    assert_eq!(send(&hooks, endless(None)).await.0, 408);
}

/// A request with the form of a signature, and a body that is announced and never comes.
fn endless(length: Option<&str>) -> Request<Body> {
    let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let mut request = Request::post("/webhooks/github")
        .header(SIGNATURE, sign(b"something else"))
        .body(Body::from_stream(never))
        .expect("a request");
    if let Some(length) = length {
        let length = length.parse().expect("a header");
        request.headers_mut().insert(CONTENT_LENGTH, length);
    }
    request
}

#[tokio::test]
async fn what_cannot_be_signed_is_answered_before_its_body_comes() {
    let hooks = hooks().await;
    for header in [None, Some("sha256="), Some("sha1=00"), Some("sha256=zz")] {
        let mut request = endless(Some("1000"));
        request.headers_mut().remove(SIGNATURE);
        if let Some(header) = header {
            let header = header.parse().expect("a header");
            request.headers_mut().insert(SIGNATURE, header);
        }
        assert_eq!(send(&hooks, request).await.0, 401, "{header:?}");
    }
    assert_eq!(hooks.counters.counts().refused, 4);
}

#[tokio::test]
async fn small_deliveries_pass_beside_large_ones_that_hang() {
    let hooks = hooks().await;
    let router = hooks.clone().router();
    let length = LARGEST_BODY.to_string();
    let mut hanging: Vec<_> = (0..300)
        .map(|number| {
            let length = (number % 2 == 0).then_some(length.as_str());
            Box::pin(router.clone().oneshot(endless(length)))
        })
        .collect();
    // Each comes as far as it can: to its body, or to where it waits for room.
    std::future::poll_fn(|context| {
        for one in &mut hanging {
            assert!(one.as_mut().poll(context).is_pending());
        }
        std::task::Poll::Ready(())
    })
    .await;
    let mut small = delivery("d-1", "push", b"{}");
    small.headers_mut().insert(CONTENT_LENGTH, 2.into());
    let answer = router.oneshot(small).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_store_that_is_gone_is_said_so_that_it_is_sent_again() {
    let hooks = hooks().await;
    hooks.store.close().await;
    assert_eq!(send(&hooks, delivery("d-1", "push", b"{}")).await.0, 503);
    assert_eq!(hooks.counters.counts().not_stored, 1);
}
