//! Who puts an event in again or lets it go.

use crate::acting::{ORIGIN, enter};
use crate::world::{CANARY, World};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn poison_is_dismissed_by_who_may_act() {
    let world = World::local().await;
    let poison = world.get("/api/events?state=poison").await.json();
    let seq = poison[0]["seq"].as_i64().expect("there is some");
    let path = format!("/api/events/{seq}/dismiss");
    let answer = world.post(&path, "wrong", &json!({})).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let (cookie, csrf) = enter(&world).await;
    let show = format!("/events/{seq}");
    let headers = [("cookie", cookie.as_str())];
    let offered = async || {
        let page = world.send("GET", &show, &headers, "").await;
        page.text.contains("/dismiss\"")
    };
    assert!(offered().await);
    let answer = world.post(&path, CANARY, &json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let answer = world.post(&path, CANARY, &json!({})).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert!(!offered().await);
    let event = world.get(&format!("/api/events/{seq}")).await.json();
    assert_eq!(event["state"], "ignored");
    let form = format!("csrf={csrf}");
    let answer = world
        .form(&format!("{show}/dismiss"), &cookie, ORIGIN, &form)
        .await;
    assert_eq!(answer.location(), show);
}

#[tokio::test]
async fn a_replay_puts_the_event_in_again() {
    let world = World::local().await;
    let copy = world.post("/api/events/1/replay", CANARY, &json!({})).await;
    assert_eq!(copy.status, StatusCode::ACCEPTED);
    let event = world
        .get(&format!("/api/events/{}", copy.json()["seq"]))
        .await
        .json();
    assert_eq!(
        (&event["source"], &event["state"]),
        (&json!("replay"), &json!("pending"))
    );
    assert_eq!(
        world
            .post("/api/events/99/replay", CANARY, &json!({}))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let (cookie, csrf) = enter(&world).await;
    let answer = world
        .form("/events/1/replay", &cookie, ORIGIN, &format!("csrf={csrf}"))
        .await;
    assert!(
        answer.location().starts_with("/events/"),
        "{}",
        answer.location()
    );
}
