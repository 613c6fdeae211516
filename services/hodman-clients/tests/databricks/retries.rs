//! What is sent again, after how long, and what a caller is told when it is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hodman_clients::databricks::{
    Auth, Connections, ErrorKind, Request, Retry, Workspace, WorkspaceConfig,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::server::{Reply, Server, TestTime, ok, refuse, throttle};

const THING: &str = "/api/2.0/thing";

/// Fails the first `times` requests, then succeeds.
async fn failing(times: usize, failure: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        number if number < times => failure(),
        _ => ok(json!({ "job_id": 7 })),
    })
    .await
}

fn create() -> Request {
    Request::post(
        "/api/2.2/jobs/create",
        json!({ "name": "a" }),
        Retry::NotIdempotent,
    )
}

fn impatient(server: &Server, connections: &Connections) -> Workspace {
    let config = WorkspaceConfig {
        name: "dev".to_owned(),
        host: server.host(),
        auth: Auth::Token(SecretString::from("t")),
        // Long enough for a request to arrive on a busy machine: one that never left would prove nothing.
        timeout: Duration::from_millis(400),
        user_agent: "test/1".to_owned(),
    };
    Workspace::new(config, connections).unwrap()
}

#[tokio::test]
async fn a_throttled_call_waits_as_long_as_it_is_told() {
    let (server, time) = (failing(1, || throttle(Some(17))).await, TestTime::new());
    server
        .workspace(&time)
        .call(Request::get(THING))
        .await
        .unwrap();
    assert_eq!(time.slept(), [17]);
}

#[tokio::test]
async fn without_being_told_it_waits_twice_as_long_each_time() {
    let (server, time) = (failing(6, || throttle(None)).await, TestTime::new());
    server.workspace(&time).call(create()).await.unwrap();
    assert_eq!(time.slept(), [1, 2, 4, 8, 16, 30]);
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn throttling_without_end_is_told_to_the_caller() {
    let (server, time) = (failing(99, || throttle(Some(2))).await, TestTime::new());
    let error = server
        .workspace(&time)
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::RateLimited {
            retry_after: Some(Duration::from_secs(2))
        }
    );
    assert_eq!(server.seen().len(), 8);
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_wait_beyond_our_patience_ends_the_call_at_once() {
    let (server, time) = (failing(1, || throttle(Some(3600))).await, TestTime::new());
    let error = server
        .workspace(&time)
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::RateLimited {
            retry_after: Some(Duration::from_secs(3600))
        }
    );
    assert!(time.slept().is_empty());
}

#[tokio::test]
async fn trouble_on_the_other_side_is_waited_out_by_reads_and_overwrites() {
    for status in [500, 502, 503, 504] {
        let (server, time) = (
            failing(2, move || refuse(status, "TEMPORARILY_UNAVAILABLE", "soon")).await,
            TestTime::new(),
        );
        let reset = Request::post(
            "/api/2.2/jobs/reset",
            json!({ "job_id": 1 }),
            Retry::Idempotent,
        );
        server.workspace(&time).call(reset).await.unwrap();
        assert_eq!(time.slept(), [1, 2], "{status}");
    }
}

#[tokio::test]
async fn trouble_during_a_create_is_not_answered_by_another_create() {
    for (status, kind) in [
        (500, ErrorKind::Temporary),
        (502, ErrorKind::Temporary),
        (503, ErrorKind::Temporary),
        (504, ErrorKind::TimedOut { maybe_done: true }),
    ] {
        let server = failing(1, move || refuse(status, "INTERNAL_ERROR", "oh")).await;
        let error = server
            .workspace(&TestTime::new())
            .call(create())
            .await
            .unwrap_err();
        assert_eq!((error.kind, server.seen().len()), (kind, 1), "{status}");
        assert!(error.may_have_taken_effect(), "{status}");
    }
}

#[tokio::test]
async fn a_create_without_answer_may_be_done() {
    let (server, time) = (failing(1, || Reply::Silence).await, TestTime::new());
    let error = impatient(&server, &time.connections())
        .call(create())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut { maybe_done: true });
    assert_eq!((error.status, server.seen().len()), (None, 1));
}

#[tokio::test]
async fn a_create_whose_answer_breaks_off_may_be_done() {
    let (server, time) = (failing(1, || Reply::Broken).await, TestTime::new());
    let error = server.workspace(&time).call(create()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut { maybe_done: true });
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_read_without_answer_is_tried_again() {
    let (server, time) = (failing(1, || Reply::Silence).await, TestTime::new());
    let answer = impatient(&server, &time.connections())
        .call(Request::get(THING))
        .await
        .unwrap();
    assert_eq!(answer, json!({ "job_id": 7 }));
    let (server, time) = (failing(9, || Reply::Silence).await, TestTime::new());
    let error = impatient(&server, &time.few_attempts(2))
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut { maybe_done: false });
}

#[tokio::test]
async fn a_create_that_never_left_is_tried_again_and_leaves_no_doubt() {
    let server = failing(0, || Reply::Silence).await;
    let time = TestTime::new();
    let workspace =
        server.workspace_as(&time.few_attempts(3), Auth::Token(SecretString::from("t")));
    drop(server);
    // The server's task ends when it is next polled; until then a call may still get through.
    let mut error = None;
    while error.is_none() {
        error = workspace
            .call(create())
            .await
            .err()
            .filter(|error| error.kind == ErrorKind::Temporary);
    }
    let error = error.unwrap();
    assert!(!error.may_have_taken_effect(), "{error}");
    assert_eq!(time.slept()[time.slept().len() - 2..], [1, 2]);
}

#[tokio::test]
async fn a_login_page_is_not_an_answer() {
    let page = || {
        let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        Reply::Headed(
            200,
            headers,
            "<html><title>Sign in</title></html>".to_owned(),
        )
    };
    let server = failing(9, page).await;
    let error = server
        .workspace(&TestTime::new())
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.status, server.seen().len()),
        (ErrorKind::Html, Some(200), 1)
    );
    // A redirect to it is not followed.
    let server = failing(9, || {
        Reply::Headed(303, vec![("location", "/login".to_owned())], String::new())
    })
    .await;
    let error = server
        .workspace(&TestTime::new())
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!((error.status, server.seen().len()), (Some(303), 1));
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_told_apart() {
    let server = failing(9, || {
        Reply::Headed(200, Vec::new(), "{\"job_id\": ".to_owned())
    })
    .await;
    let error = server
        .workspace(&TestTime::new())
        .call(create())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable);
    assert!(error.may_have_taken_effect());
}

#[tokio::test]
async fn refusals_are_final() {
    for (status, code, kind) in [
        (400, "INVALID_PARAMETER_VALUE", ErrorKind::Invalid),
        (403, "PERMISSION_DENIED", ErrorKind::PermissionDenied),
        (404, "RESOURCE_DOES_NOT_EXIST", ErrorKind::NotFound),
        (409, "ABORTED", ErrorKind::Conflict),
    ] {
        let server = failing(9, move || refuse(status, code, "no")).await;
        let error = server
            .workspace(&TestTime::new())
            .call(Request::get(THING))
            .await
            .unwrap_err();
        assert_eq!((error.kind, server.seen().len()), (kind, 1), "{code}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_null() {
    let server = failing(9, || Reply::Headed(200, Vec::new(), String::new())).await;
    assert_eq!(
        server
            .workspace(&TestTime::new())
            .call(Request::get(THING))
            .await
            .unwrap(),
        Value::Null
    );
}
