use axum::http::Method;
use chrono::DateTime;
use hodman_clients::github::DeliveryScope;
use serde_json::{Value, json};

use crate::github_server::{Answer, FakeGitHub};

fn delivery(id: u64, at: &str, status_code: u16) -> Value {
    json!({
        "id": id, "guid": format!("guid-{id}"), "delivered_at": at, "redelivery": false, "duration": 0.03,
        "status": if status_code == 200 { "OK" } else { "timed out" }, "status_code": status_code,
        "event": "push", "action": null, "installation_id": null, "repository_id": 5,
    })
}

#[tokio::test]
async fn deliveries_are_read_back_to_the_given_moment_and_sent_again() {
    let server = FakeGitHub::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/repos/acme/app/hooks") => Answer::ok(json!([{
            "id": 12, "active": true, "events": ["push"], "config": {"url": "https://hodman.example/hooks/github", "secret": "********"},
        }])),
        ("POST", _) => Answer::json(202, json!({})),
        _ if asked.target.contains("cursor=b") => {
            let page = json!([delivery(2, "2026-01-02T00:00:00Z", 0), delivery(1, "2026-01-01T00:00:00Z", 200)]);
            Answer::ok(page).with("link", "<https://x/repos/acme/app/hooks/12/deliveries?cursor=c>; rel=\"next\"")
        }
        _ => Answer::ok(json!([delivery(3, "2026-01-03T00:00:00Z", 200)]))
            .with("link", "<https://x/repos/acme/app/hooks/12/deliveries?cursor=b>; rel=\"next\""),
    })
    .await;
    let github = server.client();
    let hook = &github.hooks("acme/app").await.unwrap()[0];
    assert_eq!(
        (hook.active, hook.url.as_deref()),
        (true, Some("https://hodman.example/hooks/github"))
    );
    let scope = DeliveryScope::Repo {
        repo: "acme/app".into(),
        hook_id: hook.id,
    };
    let since = DateTime::parse_from_rfc3339("2026-01-01T12:00:00Z")
        .unwrap()
        .to_utc();
    let found = github.deliveries(&scope, since).await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|delivery| (delivery.id, delivery.succeeded()))
            .collect::<Vec<_>>(),
        [(3, true), (2, false)]
    );
    assert_eq!(found[1].guid, "guid-2");
    assert_eq!(server.lines().len(), 3, "older pages are not asked for");

    github.redeliver(&scope, 2).await.unwrap();
    assert_eq!(server.sent(Method::POST).len(), 1);
    assert_eq!(
        server.lines()[3],
        "POST /repos/acme/app/hooks/12/deliveries/2/attempts"
    );
}
