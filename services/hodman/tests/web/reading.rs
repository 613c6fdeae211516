//! What is shown to whom.

use crate::world::{CANARY, PLAN, SCRIPT, World, package};
use axum::http::{StatusCode, header};

/// Every page and every answer that can be read.
const READABLE: [&str; 17] = [
    "/",
    "/pipelines/shop",
    "/pipelines/shop/environments/dev",
    "/pipelines/shop/environments/qa",
    "/pipelines/shop/environments/prod",
    "/pipelines/shop/environments/qa?asked=1",
    "/plans/sha256:9999999999999999999999999999999999999999999999999999999999999999",
    "/events",
    "/events?state=poison&kind=push",
    "/events/1",
    "/metrics",
    "/api/status",
    "/api/pipelines/shop/history",
    "/api/pipelines/shop/environments/qa/history",
    "/api/plans/sha256:9999999999999999999999999999999999999999999999999999999999999999",
    "/api/events",
    "/api/events/1",
];

#[tokio::test]
async fn everything_can_be_read_and_nothing_shows_a_secret_or_runs_a_script() {
    for world in [World::local().await, World::public().await] {
        for path in READABLE {
            let answer = world.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(!answer.text.contains(CANARY), "{path} shows a secret");
            let html = answer.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with("text/html");
            assert!(
                !html || !answer.text.contains("<script"),
                "{path} is not escaped"
            );
        }
    }
}

#[tokio::test]
async fn the_page_and_the_status_name_what_a_capture_found_in_conflict() {
    let world = World::local().await;
    for path in ["/pipelines/shop/environments/dev", "/api/status"] {
        let text = world.get(path).await.text;
        assert!(
            text.contains("somebody settles it: jobs.nightly, src/"),
            "{path}: {text}"
        );
    }
}

#[tokio::test]
async fn what_came_from_outside_is_there_escaped() {
    let world = World::local().await;
    for path in [
        "/",
        "/pipelines/shop/environments/dev",
        "/pipelines/shop/environments/qa",
        &format!("/plans/{PLAN}"),
        "/events",
        "/events/1",
    ] {
        let text = world.get(path).await.text;
        assert!(text.contains("alert(") && !text.contains(SCRIPT), "{path}");
    }
}

#[tokio::test]
async fn browsers_are_told_to_be_careful() {
    let world = World::local().await;
    for path in ["/", "/api/status", "/nothing", "/static/hodman.css"] {
        let headers = world.get(path).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
    }
    assert_eq!(world.get("/").await.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn the_overview_says_how_everything_stands() {
    let text = World::local().await.get("/").await.text;
    for word in [
        "free-form",
        "healthy",
        "broken",
        "2 h ago",
        "aaaaaaaaaaaa",
        "https://github.example/acme/shop/pull/7",
    ] {
        assert!(text.contains(word), "{word}");
    }
    let places =
        ["dev", "qa", "prod"].map(|env| text.find(&format!("/environments/{env}\"")).unwrap());
    assert!(places.is_sorted(), "predecessors first");
}

#[tokio::test]
async fn the_api_explains() {
    let world = World::local().await;
    let qa = world
        .get("/api/pipelines/shop/environments/qa")
        .await
        .json();
    assert_eq!(qa["standing"], "healthy");
    assert_eq!(qa["package"], package("a").as_str());
    assert_eq!(
        qa["before"].as_array().unwrap().len(),
        1,
        "what was healthy and not rolled back from"
    );
    let prod = world
        .get("/api/pipelines/shop/environments/prod")
        .await
        .json();
    assert_eq!(prod["waits"][0]["wait"], "broken");
    assert!(prod["words"][0].as_str().unwrap().contains("unknown key"));
    let status = world.get("/api/status").await.json();
    assert_eq!(status["pipelines"][0]["environments"][0]["env"], "dev");
    assert_eq!(status["health"]["inbox"]["poison"], 1);
    let event = world.get("/api/events/1").await.json();
    assert_eq!(event["state"], "poison");
    assert!(event["body"].as_str().unwrap().contains("(redacted)"));
    let history = world
        .get("/api/pipelines/shop/environments/qa/history")
        .await
        .json();
    assert_eq!(history[0]["kind"], "applied");
}

#[tokio::test]
async fn what_is_not_there_says_what_is() {
    let world = World::local().await;
    for (path, word) in [
        (
            "/api/pipelines/shop/environments/test",
            "there are: dev, prod, qa",
        ),
        ("/api/pipelines/other", "there are: shop"),
        ("/api/events/99", "no event 99"),
        ("/api/events/x", "error"),
        ("/api/plans/sha256:1", "no plan"),
        ("/api/nothing", "nothing at this address"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.json()["error"].is_string() && answer.text.contains(word),
            "{path}: {}",
            answer.text
        );
    }
    let wrong = world.get("/api/events?state=broken").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text.contains("pending, handled, ignored, poison"),
        "{}",
        wrong.text
    );
    for path in [
        "/nothing",
        "/events/x",
        "/events/99",
        "/plans/x",
        "/pipelines/other",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with("text/html"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn links_from_pull_requests_lead_on() {
    let answer = World::local().await.get("/environments/shop/qa").await;
    assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.location(), "/pipelines/shop/environments/qa");
}

#[tokio::test]
async fn health_is_asked_by_address() {
    let world = World::local().await;
    for path in ["/healthz", "/readyz"] {
        let answer = world
            .send("GET", path, &[("host", "10.0.0.9:8080")], "")
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    world.store.close().await;
    assert_eq!(world.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(
        world.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(
        world.get("/api/status").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn metrics_count_events_and_standings() {
    let text = World::local().await.get("/metrics").await.text;
    assert!(
        text.contains("hodman_inbox_events{state=\"poison\"} 1\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "hodman_environment_standing{pipeline=\"shop\",env=\"prod\",standing=\"broken\"} 1\n"
        ),
        "{text}"
    );
}
