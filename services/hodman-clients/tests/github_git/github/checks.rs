use axum::http::Method;
use hodman_clients::github::{
    Annotation, AnnotationLevel, CheckKind, CheckRun, CheckStatus, Conclusion,
};
use serde_json::{Value, json};

use super::SHA;
use crate::github_server::{Answer, FakeGitHub};

fn run(annotations: usize) -> CheckRun {
    CheckRun {
        name: "hodman/plan".into(),
        head_sha: SHA.into(),
        external_id: "plan-1".into(),
        status: CheckStatus::Completed,
        conclusion: Some(Conclusion::ActionRequired),
        title: "2 to change".into(),
        summary: "x".repeat(70_000),
        text: None,
        details_url: Some("https://hodman.example/p/1".into()),
        annotations: (0..annotations)
            .map(|index| Annotation {
                path: format!("resources/{index}.job.yml"),
                start_line: 1,
                end_line: 1,
                level: AnnotationLevel::Warning,
                message: "will be replaced".into(),
                title: None,
            })
            .collect(),
    }
}

fn annotation_counts(bodies: &[Value]) -> Vec<usize> {
    bodies
        .iter()
        .map(|body| body["output"]["annotations"].as_array().unwrap().len())
        .collect()
}

#[tokio::test]
async fn a_new_check_run_is_made_with_all_its_annotations() {
    let server = FakeGitHub::start(|asked| match asked.method {
        Method::GET => Answer::ok(json!({"total_count": 1, "check_runs": [{"id": 1, "name": "hodman/plan", "external_id": "plan-0"}]})),
        Method::POST => Answer::json(201, json!({"id": 77, "name": "hodman/plan"})),
        _ => Answer::ok(json!({"id": 77})),
    })
    .await;
    let receipt = server
        .client()
        .put_check_run("acme/app", &run(120))
        .await
        .unwrap();
    assert_eq!(
        (receipt.id, receipt.kind, receipt.fallback_reason),
        (Some(77), CheckKind::CheckRun, None)
    );

    let made = &server.sent(Method::POST)[0];
    assert_eq!(
        (&made["head_sha"], &made["status"], &made["conclusion"]),
        (&json!(SHA), &json!("completed"), &json!("action_required"))
    );
    assert_eq!(
        made["output"]["annotations"][0]["annotation_level"],
        "warning"
    );
    let summary = made["output"]["summary"].as_str().unwrap();
    assert!(summary.len() <= 65_535 && summary.ends_with("than GitHub takes"));
    assert_eq!(annotation_counts(&server.sent(Method::POST)), [50]);
    assert_eq!(annotation_counts(&server.sent(Method::PATCH)), [50, 20]);
}

#[tokio::test]
async fn the_check_run_that_is_there_is_updated_and_annotations_are_not_doubled() {
    let server = FakeGitHub::start(|asked| match asked.method {
        Method::GET => Answer::ok(json!({"total_count": 1, "check_runs": [
            {"id": 5, "name": "hodman/plan", "external_id": "plan-1", "output": {"annotations_count": 50}},
        ]})),
        _ => Answer::ok(json!({"id": 5})),
    })
    .await;
    let receipt = server
        .client()
        .put_check_run("acme/app", &run(60))
        .await
        .unwrap();
    assert_eq!(receipt.id, Some(5));
    assert_eq!(server.lines()[1], "PATCH /repos/acme/app/check-runs/5");
    assert_eq!(annotation_counts(&server.sent(Method::PATCH)), [10]);
}

#[tokio::test]
async fn a_token_that_is_no_app_gets_a_commit_status() {
    let server = FakeGitHub::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", path) if path.ends_with("/check-runs") => {
            Answer::ok(json!({"total_count": 0, "check_runs": []}))
        }
        ("GET", _) => Answer::ok(json!({"state": "pending", "statuses": []})),
        ("POST", "/repos/acme/app/check-runs") => {
            Answer::error(403, "You must authenticate via a GitHub App.")
        }
        _ => Answer::json(201, json!({"id": 1})),
    })
    .await;
    let receipt = server
        .client()
        .put_check_run("acme/app", &run(1))
        .await
        .unwrap();
    assert_eq!((receipt.id, receipt.kind), (None, CheckKind::Status));
    assert!(
        receipt
            .fallback_reason
            .unwrap()
            .contains("must authenticate via a GitHub App")
    );
    let status = server.sent(Method::POST).pop().unwrap();
    let expected = json!({"state": "failure", "context": "hodman/plan", "description": "2 to change", "target_url": "https://hodman.example/p/1"});
    assert_eq!(status, expected);
}

#[tokio::test]
async fn a_commit_status_that_says_the_same_is_not_repeated() {
    let server = FakeGitHub::start(|asked| match asked.path.as_str() {
        path if path.ends_with("/check-runs") => Answer::error(404, "Not Found"),
        _ => Answer::ok(json!({"state": "failure", "statuses": [{
            "context": "hodman/plan", "state": "failure", "description": "2 to change", "target_url": "https://hodman.example/p/1",
        }]})),
    })
    .await;
    server
        .client()
        .put_check_run("acme/app", &run(0))
        .await
        .unwrap();
    assert!(server.lines().iter().all(|line| line.starts_with("GET")));
}

#[tokio::test]
async fn check_runs_and_statuses_are_one_list() {
    let server = FakeGitHub::start(|asked| {
        if asked.path.ends_with("/status") {
            return Answer::ok(json!({"state": "failure", "statuses": [
                {"context": "ci/old", "state": "error", "creator": {"login": "jenkins"}},
                {"context": "ci/new", "state": "pending"},
            ]}));
        }
        if asked.target.contains("page=2") {
            return Answer::ok(json!({"total_count": 2, "check_runs": [{"name": "lint", "status": "waiting", "conclusion": null}]}));
        }
        let link = format!("<https://x/repos/acme/app/commits/{SHA}/check-runs?page=2>; rel=\"next\"");
        Answer::ok(json!({"total_count": 2, "check_runs": [
            {"name": "test", "status": "completed", "conclusion": "success", "app": {"slug": "github-actions"}},
        ]}))
        .with("link", link)
    })
    .await;
    let checks = server.client().checks_of("acme/app", SHA).await.unwrap();
    let shown: Vec<_> = checks
        .iter()
        .map(|check| {
            (
                check.name.as_str(),
                &check.status,
                &check.conclusion,
                check.app.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (
                "test",
                &CheckStatus::Completed,
                &Some(Conclusion::Success),
                Some("github-actions")
            ),
            ("lint", &CheckStatus::Other("waiting".into()), &None, None),
            (
                "ci/old",
                &CheckStatus::Completed,
                &Some(Conclusion::Failure),
                Some("jenkins")
            ),
            ("ci/new", &CheckStatus::InProgress, &None, None),
        ]
    );
}

/// Three checks on two pages; `version` is the tag of each page.
fn tagged(asked: &crate::github_server::Asked, version: &str) -> Answer {
    if asked.path.ends_with("/status") {
        return Answer::ok(json!({"statuses": []}));
    }
    if asked.has == version {
        return Answer::json(304, Value::Null);
    }
    let run = |name: &str| json!({"name": name, "status": "completed", "conclusion": "success"});
    let second = asked.target.contains("page=2");
    let runs = match second {
        true => vec![run("c")],
        false => vec![run("a"), run("b")],
    };
    let page = Answer::ok(json!({"check_runs": runs})).with("etag", version);
    match second {
        true => page,
        false => page.with(
            "link",
            format!("<http://x{}?per_page=100&page=2>; rel=\"next\"", asked.path),
        ),
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let changed = std::sync::Arc::new(AtomicBool::new(false));
    let now = changed.clone();
    let server = FakeGitHub::start(move |asked| {
        tagged(
            asked,
            match now.load(Ordering::SeqCst) {
                true => "W/\"2\"",
                false => "W/\"1\"",
            },
        )
    })
    .await;
    let client = server.client();
    let names = async || {
        let found = client.checks_of("acme/app", SHA).await.unwrap();
        found
            .into_iter()
            .map(|check| check.name)
            .collect::<Vec<_>>()
    };
    let tags = || {
        let asked = server.asked().into_iter();
        let runs = asked.filter(|asked| asked.path.ends_with("/check-runs"));
        runs.map(|asked| asked.has).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(
            names().await,
            ["a", "b", "c"],
            "every page, also the second time"
        );
    }
    assert_eq!(tags(), ["", "", "W/\"1\"", "W/\"1\""]);
    changed.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(names().await, ["a", "b", "c"]);
    }
    assert_eq!(tags()[4..], ["W/\"1\"", "W/\"1\"", "W/\"2\"", "W/\"2\""]);
}
