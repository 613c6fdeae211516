//! Who gets which token, when, and how often the token endpoint is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use futures::future::join_all;
use hodman_clients::databricks::{
    Account, AccountConfig, Auth, ErrorKind, Request, Workspace, WorkspaceConfig,
};
use secrecy::SecretString;
use serde_json::json;

use crate::server::{CANARY, Reply, Seen, Server, TestTime, oauth, ok, refuse, throttle};

pub const THING: &str = "/api/2.0/thing";

/// Hands out `token-1`, `token-2`, … for an hour each.
pub fn tokens() -> impl Fn(&Seen) -> Reply + Send + Sync {
    let issued = AtomicUsize::new(0);
    move |_| {
        let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
        ok(
            json!({ "access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 3600 }),
        )
    }
}

/// A host without discovery, whose API takes any token.
pub async fn plain_host() -> Server {
    let tokens = tokens();
    Server::start(move |seen| match seen.path.as_str() {
        "/oidc/v1/token" => tokens(seen),
        THING => ok(json!({ "ok": true })),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await
}

fn bearers(server: &Server) -> Vec<String> {
    let calls = server.seen().into_iter().filter(|seen| seen.path == THING);
    calls
        .map(|seen| seen.header("authorization").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_calls_at_once_fetch_one_token() {
    let (server, time) = (plain_host().await, TestTime::new());
    let workspace = server.oauth_workspace(&time.connections());
    let answers = join_all((0..50).map(|_| workspace.call(Request::get(THING)))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.count("/v1/token"), 1);
    assert_eq!(bearers(&server), vec!["Bearer token-1"; 50]);
}

#[tokio::test]
async fn the_token_request_is_client_credentials_with_basic_auth() {
    let (server, time) = (plain_host().await, TestTime::new());
    server
        .oauth_workspace(&time.connections())
        .call(Request::get(THING))
        .await
        .unwrap();
    let request = server.seen().into_iter().find(Seen::is_token).unwrap();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("robot:{CANARY}"));
    assert_eq!(request.header("authorization"), format!("Basic {basic}"));
    assert_eq!(request.body, "grant_type=client_credentials&scope=all-apis");
    assert_eq!(server.seen().last().unwrap().header("user-agent"), "test/1");
}

#[tokio::test]
async fn clients_of_the_same_principal_and_host_share_a_token() {
    let (server, time) = (plain_host().await, TestTime::new());
    let connections = time.connections();
    for _ in 0..3 {
        server
            .oauth_workspace(&connections)
            .call(Request::get(THING))
            .await
            .unwrap();
    }
    assert_eq!(server.count("/v1/token"), 1);
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end() {
    let (server, time) = (plain_host().await, TestTime::new());
    let workspace = server.oauth_workspace(&time.connections());
    for minutes in [0, 54, 2] {
        time.advance(Duration::from_secs(60 * minutes));
        workspace.call(Request::get(THING)).await.unwrap();
    }
    assert_eq!(
        bearers(&server),
        ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
    );
}

#[tokio::test]
async fn a_failed_renewal_leaves_the_old_token_until_it_ends() {
    let (time, tokens, asked) = (TestTime::new(), tokens(), AtomicUsize::new(0));
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oidc/v1/token" if asked.fetch_add(1, Ordering::SeqCst) == 0 => tokens(seen),
        "/oidc/v1/token" => refuse(400, "invalid_client", "the secret has ended"),
        _ => ok(json!({})),
    })
    .await;
    let workspace = server.oauth_workspace(&time.connections());
    workspace.call(Request::get(THING)).await.unwrap();
    time.advance(Duration::from_secs(60 * 57));
    workspace.call(Request::get(THING)).await.unwrap();
    time.advance(Duration::from_secs(60 * 4));
    let error = workspace.call(Request::get(THING)).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message()),
        (ErrorKind::Unauthenticated, "the secret has ended")
    );
    assert_eq!(bearers(&server).len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_even_for_a_create() {
    let tokens = tokens();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oidc/v1/token" => tokens(seen),
        "/api/2.2/jobs/create" if seen.header("authorization") == "Bearer token-1" => {
            refuse(401, "UNAUTHENTICATED", "old")
        }
        "/api/2.2/jobs/create" => ok(json!({ "job_id": 7 })),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await;
    let time = TestTime::new();
    let workspace = server.oauth_workspace(&time.connections());
    assert_eq!(
        workspace
            .jobs()
            .create(json!({ "name": "a" }))
            .await
            .unwrap(),
        7
    );
    assert_eq!(
        (server.count("/v1/token"), server.count("jobs/create")),
        (2, 2)
    );
    assert!(time.slept().is_empty());
}

#[tokio::test]
async fn a_principal_that_is_refused_for_good_is_tried_twice_and_no_more() {
    let tokens = tokens();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oidc/v1/token" => tokens(seen),
        THING => refuse(401, "UNAUTHENTICATED", "go away"),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await;
    let error = server
        .oauth_workspace(&TestTime::new().connections())
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert_eq!((server.count("/v1/token"), server.count(THING)), (2, 2));
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_is_not_tried_again() {
    let server = Server::start(|_| refuse(403, "403", "Invalid access token.")).await;
    let error = server
        .workspace(&TestTime::new())
        .call(Request::get(THING))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dead_token_endpoint_is_not_stormed() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/oidc/v1/token" => refuse(401, "invalid_client", "no such client"),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await;
    let time = TestTime::new();
    // As many callers as the limiter lets through at once.
    let workspace = server.oauth_workspace(&time.at_most(50, 50));
    for asked in 1..=3 {
        let calls = (0..50).map(|_| {
            let workspace = workspace.clone();
            tokio::spawn(async move { workspace.call(Request::get(THING)).await })
        });
        for answer in join_all(calls).await {
            assert_eq!(
                answer.unwrap().unwrap_err().kind,
                ErrorKind::Unauthenticated
            );
        }
        assert_eq!(server.count("/v1/token"), asked);
        time.advance(Duration::from_secs(5));
    }
    assert_eq!(server.count(THING), 0);
}

#[tokio::test]
async fn a_throttled_token_endpoint_is_waited_for() {
    let (tokens, asked) = (tokens(), AtomicUsize::new(0));
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oidc/v1/token" if asked.fetch_add(1, Ordering::SeqCst) == 0 => throttle(Some(9)),
        "/oidc/v1/token" => tokens(seen),
        THING => ok(json!({})),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await;
    let time = TestTime::new();
    server
        .oauth_workspace(&time.connections())
        .call(Request::get(THING))
        .await
        .unwrap();
    assert_eq!(time.slept(), [9]);
}

#[tokio::test]
async fn the_host_says_where_tokens_come_from() {
    let (tokens, here) = (tokens(), Arc::new(std::sync::OnceLock::<String>::new()));
    let told = Arc::clone(&here);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/oidc/.well-known/oauth-authorization-server" => {
            ok(json!({ "token_endpoint": format!("{}/elsewhere/v1/token", told.get().unwrap()) }))
        }
        "/elsewhere/v1/token" => tokens(seen),
        THING => ok(json!({})),
        _ => refuse(404, "NOT_FOUND", "no"),
    })
    .await;
    here.set(server.host()).unwrap();
    let workspace = server.oauth_workspace(&TestTime::new().connections());
    for _ in 0..2 {
        workspace.call(Request::get(THING)).await.unwrap();
    }
    assert_eq!(server.count("oauth-authorization-server"), 1);
    assert_eq!(server.count("/elsewhere/v1/token"), 1);
}

#[tokio::test]
async fn a_configured_token_url_needs_no_discovery_and_an_account_has_its_own() {
    let tokens = tokens();
    let server = Server::start(move |seen| {
        if seen.is_token() {
            tokens(seen)
        } else {
            ok(json!({}))
        }
    })
    .await;
    let connections = TestTime::new().connections();
    let url = format!("{}/mine/v1/token", server.host());
    server
        .workspace_as(&connections, oauth(Some(url)))
        .call(Request::get(THING))
        .await
        .unwrap();
    let config = AccountConfig {
        account_id: "a-1".to_owned(),
        host: server.host(),
        auth: oauth(None),
        timeout: Duration::from_secs(5),
        user_agent: "test/1".to_owned(),
    };
    let account = Account::new(config, &connections).unwrap();
    account
        .call(Request::get(account.path("credentials")))
        .await
        .unwrap();
    let paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    let wanted = [
        "/mine/v1/token",
        THING,
        "/oidc/accounts/a-1/v1/token",
        "/api/2.0/accounts/a-1/credentials",
    ];
    assert_eq!(paths, wanted);
}

#[tokio::test]
async fn nothing_secret_is_ever_shown() {
    let tokens = tokens();
    let server = Server::start(move |seen| {
        if seen.is_token() {
            tokens(seen)
        } else {
            refuse(400, "BAD", "no")
        }
    })
    .await;
    let connections = TestTime::new().connections();
    let config = WorkspaceConfig {
        name: "dev".to_owned(),
        host: server.host(),
        auth: oauth(None),
        timeout: Duration::from_secs(5),
        user_agent: "test/1".to_owned(),
    };
    let shown = format!("{config:?}");
    let workspace = Workspace::new(config, &connections).unwrap();
    let request = Request::post(
        THING,
        json!({ "secret": CANARY }),
        hodman_clients::databricks::Retry::NotIdempotent,
    );
    let shown = format!("{shown} {request:?}");
    let error = workspace.call(request).await.unwrap_err();
    let fixed = Auth::Token(SecretString::from(CANARY));
    let shown = format!("{shown} {workspace:?} {connections:?} {error:?} {error} {fixed:?}");
    assert!(
        !shown.contains(CANARY) && !shown.contains("token-1"),
        "{shown}"
    );
}

#[tokio::test]
async fn hosts_are_read_as_people_write_them() {
    let connections = TestTime::new().connections();
    let host = |host: &str| {
        let config = WorkspaceConfig {
            name: "x".to_owned(),
            host: host.to_owned(),
            auth: oauth(None),
            timeout: Duration::from_secs(1),
            user_agent: String::new(),
        };
        Workspace::new(config, &connections).map(|workspace| workspace.host().to_owned())
    };
    assert_eq!(
        host("dbc-1.cloud.databricks.com").unwrap(),
        "https://dbc-1.cloud.databricks.com"
    );
    assert_eq!(
        host("https://dbc-1.cloud.databricks.com/?o=17#x").unwrap(),
        "https://dbc-1.cloud.databricks.com"
    );
    assert!(host("ftp://x").is_err());
    let error = host(&format!("https://me:{CANARY}@x")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(CANARY));
}
