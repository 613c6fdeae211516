use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::Method;
use hodman_clients::github::{Auth, GitHub, GitHubError};
use hodman_clients::retry::Retryable as _;
use serde_json::json;

use super::pull;
use crate::github_server::{Answer, FakeGitHub, TOKEN, config};

/// A server whose first answers are `first(0)`, `first(1)`, … up to `count`, then a pull request.
async fn after(
    count: usize,
    first: impl Fn(usize) -> Answer + Send + Sync + 'static,
) -> FakeGitHub {
    let asked = AtomicUsize::new(0);
    FakeGitHub::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        index if index < count => first(index),
        _ => Answer::ok(pull(4, "x", "acme/app")),
    })
    .await
}

#[tokio::test]
async fn a_limit_that_ends_soon_is_waited_for() {
    let limited = |index| match index {
        0 => Answer::error(429, "Too many requests").with("retry-after", "0"),
        _ => {
            Answer::error(403, "You have exceeded a secondary rate limit").with("retry-after", "0")
        }
    };
    let server = after(2, limited).await;
    server.client().pull("acme/app", 4).await.unwrap();
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn a_limit_also_holds_back_what_must_not_be_repeated() {
    let server = after(1, |_| {
        Answer::error(429, "Too many requests").with("retry-after", "0")
    })
    .await;
    server
        .client()
        .update_pull("acme/app", 4, Some("t"), None)
        .await
        .unwrap();
    assert_eq!(server.sent(Method::PATCH).len(), 2);
}

#[tokio::test]
async fn a_limit_that_ends_too_late_is_an_error_that_says_when() {
    let server = after(9, |_| {
        Answer::error(403, "API rate limit exceeded").with("retry-after", "3600")
    })
    .await;
    let before = chrono::Utc::now();
    let error = server.client().pull("acme/app", 4).await.unwrap_err();
    let GitHubError::RateLimited { until, .. } = &error else {
        panic!("{error:?}")
    };
    let wait = (*until - before).num_seconds();
    assert!((3600..3700).contains(&wait), "{wait}");
    assert!(error.is_retryable());
    assert_eq!(server.lines().len(), 1, "asking again would lead to a ban");
}

#[tokio::test]
async fn passing_trouble_is_outlived_when_reading() {
    let server = after(2, |index| Answer::error(502 + index as u16, "Server Error")).await;
    server.client().pull("acme/app", 4).await.unwrap();
    let server = after(99, |_| {
        Answer::error(500, "Server Error").with("x-github-request-id", "AB:12")
    })
    .await;
    let error = server.client().pull("acme/app", 4).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GitHub answered get pull request with 500: Server Error (request AB:12)"
    );
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_refusal_is_final() {
    let server = after(99, |_| {
        Answer::error(403, "Resource not accessible by personal access token")
    })
    .await;
    let error = server.client().pull("acme/app", 4).await.unwrap_err();
    assert!(matches!(&error, GitHubError::Forbidden(refusal) if refusal.documentation.is_some()));
    assert!(!error.is_retryable());
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn silence_ends_after_the_limit() {
    let server = FakeGitHub::start(|_| Answer::silence()).await;
    let mut config = config(&server.url, Auth::Token(TOKEN.into()));
    config.timeout = Duration::from_millis(500);
    let github = GitHub::new(config).unwrap();
    let error = github.pull("acme/app", 4).await.unwrap_err();
    assert!(
        matches!(error, GitHubError::TimedOut { .. }) && error.effect_unknown(),
        "{error:?}"
    );
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn no_connection_certainly_had_no_effect() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let github = GitHub::new(config(
        &format!("http://{closed}"),
        Auth::Token(TOKEN.into()),
    ))
    .unwrap();
    let error = github.pull("acme/app", 4).await.unwrap_err();
    assert!(
        matches!(error, GitHubError::Unreachable { sent: false, .. }),
        "{error:?} {:?}",
        error.verdict()
    );
    assert!(!error.effect_unknown());
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[tokio::test]
async fn another_shape_is_an_error_that_names_the_field() {
    let server = FakeGitHub::start(|_| Answer::ok(json!({"number": "four"}))).await;
    let error = server.client().pull("acme/app", 4).await.unwrap_err();
    assert!(matches!(error, GitHubError::Unreadable { .. }));
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn mutations_go_one_at_a_time_with_a_pause() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let server = FakeGitHub::start({
        let times = Arc::clone(&times);
        move |_| {
            times.lock().unwrap().push(std::time::Instant::now());
            Answer::ok(pull(4, "x", "acme/app"))
        }
    })
    .await;
    let mut config = config(&server.url, Auth::Token(TOKEN.into()));
    config.mutation_gap = Duration::from_millis(30);
    let github = Arc::new(GitHub::new(config).unwrap());
    let closing: Vec<_> = (0..3)
        .map(|number| {
            let github = Arc::clone(&github);
            tokio::spawn(async move { github.close_pull("acme/app", number).await })
        })
        .collect();
    for task in closing {
        task.await.unwrap().unwrap();
    }
    let times = times.lock().unwrap();
    for pair in times.windows(2) {
        assert!(
            pair[1] - pair[0] >= Duration::from_millis(30),
            "{:?}",
            pair[1] - pair[0]
        );
    }
}

#[tokio::test]
async fn a_renamed_repository_is_followed_but_never_to_another_host() {
    let server = FakeGitHub::start(|asked| match asked.path.as_str() {
        "/repos/acme/old/pulls/4" => {
            let status = if asked.method == Method::GET {
                301
            } else {
                307
            };
            Answer::error(status, "Moved").with("location", "/repositories/5/pulls/4")
        }
        "/repos/acme/gone/pulls/4" => {
            Answer::error(307, "Moved").with("location", "http://elsewhere.invalid/pulls/4")
        }
        _ => Answer::ok(pull(4, "x", "acme/app")),
    })
    .await;
    let github = server.client();
    github.pull("acme/old", 4).await.unwrap();
    github.close_pull("acme/old", 4).await.unwrap();
    let sent = server.sent(Method::PATCH);
    assert_eq!(
        sent,
        [json!({"state": "closed"}), json!({"state": "closed"})]
    );
    assert!(server.asked().iter().all(|asked| asked.token == TOKEN));
    let error = github.pull("acme/gone", 4).await.unwrap_err();
    assert_eq!(error.status(), Some(307));
}
