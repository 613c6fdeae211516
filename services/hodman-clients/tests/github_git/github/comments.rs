use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use hodman_clients::github::GitHubError;
use serde_json::{Value, json};

use super::SHA;
use crate::github_server::{Answer, FakeGitHub};

const MARKER: &str = "<!-- hodman: plan -->";

fn comment(id: u64, author: &str, body: &str) -> Value {
    json!({"id": id, "user": {"login": author}, "body": body, "created_at": "2026-01-01T00:00:00Z", "html_url": "https://x"})
}

#[tokio::test]
async fn our_own_comment_is_edited_and_a_quotation_of_it_is_not() {
    let server = FakeGitHub::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        (_, "/user") => Answer::ok(json!({"login": "hodman"})),
        ("PATCH", "/repos/acme/app/issues/comments/3") => Answer::ok(comment(3, "hodman", "new")),
        ("GET", _) if asked.target.contains("page=2") => {
            Answer::ok(json!([comment(3, "Hodman", "<!-- hodman: plan -->\nold")]))
        }
        ("GET", _) => {
            let first = json!([
                comment(1, "mallory", "<!-- hodman: plan -->\nfake"),
                comment(2, "hodman", "other")
            ]);
            Answer::ok(first).with(
                "link",
                "<https://x/repos/acme/app/issues/4/comments?page=2>; rel=\"next\"",
            )
        }
        _ => Answer::error(500, "unexpected"),
    })
    .await;
    let body = format!("{MARKER}\nnew");
    let comment = server
        .client()
        .upsert_sticky("acme/app", 4, MARKER, &body)
        .await
        .unwrap();
    assert_eq!(comment.id, 3);
    assert_eq!(server.sent(Method::PATCH), [json!({"body": body})]);
}

#[tokio::test]
async fn the_same_text_is_not_written_again() {
    let server = FakeGitHub::start(|asked| match asked.path.as_str() {
        // The token of Actions stands for no user; then the marker alone decides.
        "/user" => Answer::error(403, "Resource not accessible by integration"),
        _ => Answer::ok(json!([comment(
            3,
            "github-actions[bot]",
            "<!-- hodman: plan -->\r\nsame"
        )])),
    })
    .await;
    let body = format!("{MARKER}\nsame\n");
    server
        .client()
        .upsert_sticky("acme/app", 4, MARKER, &body)
        .await
        .unwrap();
    assert!(server.lines().iter().all(|line| line.starts_with("GET")));
}

#[tokio::test]
async fn a_comment_whose_answer_was_lost_is_not_written_twice() {
    let written = AtomicUsize::new(0);
    let server =
        FakeGitHub::start(
            move |asked| match (asked.method.as_str(), asked.path.as_str()) {
                (_, "/user") => Answer::ok(json!({"login": "hodman"})),
                ("POST", _) => {
                    written.fetch_add(1, Ordering::SeqCst);
                    Answer::error(504, "We couldn't respond to your request in time")
                }
                _ if written.load(Ordering::SeqCst) > 0 => {
                    Answer::ok(json!([comment(7, "hodman", MARKER)]))
                }
                _ => Answer::ok(json!([])),
            },
        )
        .await;
    let comment = server
        .client()
        .upsert_commit_comment("acme/app", SHA, MARKER, MARKER)
        .await
        .unwrap();
    assert_eq!(comment.id, 7);
    let posts: Vec<_> = server
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("POST"))
        .collect();
    assert_eq!(
        posts,
        [format!("POST /repos/acme/app/commits/{SHA}/comments")]
    );
}

#[tokio::test]
async fn a_body_without_its_marker_would_be_written_for_ever() {
    let server = FakeGitHub::start(|_| Answer::ok(json!([]))).await;
    let error = server
        .client()
        .upsert_sticky("acme/app", 4, MARKER, "text")
        .await
        .unwrap_err();
    assert!(matches!(error, GitHubError::Misconfigured(_)));
}
