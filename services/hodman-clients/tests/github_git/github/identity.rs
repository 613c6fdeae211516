use std::sync::atomic::{AtomicUsize, Ordering};

use hodman_clients::github::{Account, AccountKind, Auth, GitHubError};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::github_server::{Answer, FakeGitHub, TOKEN};

fn app_key() -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    key.serialize_pem()
}

fn app(installation_id: Option<u64>) -> Auth {
    Auth::App {
        app_id: 7,
        private_key_pem: app_key().into(),
        installation_id,
    }
}

fn repository() -> Answer {
    Answer::ok(json!({
        "full_name": "acme/app", "default_branch": "trunk", "private": true,
        "clone_url": "https://github.com/acme/app.git", "html_url": "https://github.com/acme/app",
    }))
}

fn minted(token: &str, minutes: i64) -> Answer {
    let expires_at = chrono::Utc::now() + chrono::Duration::minutes(minutes);
    Answer::json(
        201,
        json!({"token": token, "expires_at": expires_at, "permissions": {}}),
    )
}

#[tokio::test]
async fn a_token_is_sent_with_every_request_and_shown_by_none() {
    let server = FakeGitHub::start(|asked| match asked.path.as_str() {
        "/user" => Answer::ok(json!({"login": "ada", "id": 1})),
        "/rate_limit" => Answer::ok(json!({
            "resources": {"core": {"limit": 5000, "used": 1, "remaining": 4999, "reset": 1_700_000_000}},
        })),
        _ => repository(),
    })
    .await;
    let github = server.client();
    let found = github.repository("acme/app").await.unwrap();
    assert_eq!(
        (found.default_branch.as_str(), found.private, found.archived),
        ("trunk", true, false)
    );
    let account = github.whoami().await.unwrap();
    assert_eq!(
        account,
        Account {
            login: "ada".into(),
            kind: AccountKind::User
        }
    );
    assert_eq!(github.rate_limit().await.unwrap().remaining, 4999);
    let (user, password) = github.git_credentials().await.unwrap();
    assert_eq!(
        (user.as_str(), password.expose_secret()),
        ("x-access-token", TOKEN)
    );

    for asked in server.asked() {
        assert_eq!(asked.token, TOKEN);
        assert!(
            asked.user_agent.starts_with("hodman/"),
            "{}",
            asked.user_agent
        );
        assert!(!asked.target.contains(TOKEN));
    }
    assert!(!format!("{github:?}").contains(TOKEN));
}

#[tokio::test]
async fn an_enterprise_servers_path_is_kept_also_on_later_pages() {
    let server = FakeGitHub::start(|asked| {
        let page = json!([super::pull(1, "x", "acme/app")]);
        if asked.target.contains("page=2") {
            return Answer::ok(page);
        }
        let next = "<http://127.0.0.1:1/api/v3/repos/acme/app/pulls?page=2>; rel=\"next\"";
        Answer::ok(page).with("link", next)
    })
    .await;
    let config = crate::github_server::config(
        &format!("{}/api/v3/", server.url),
        Auth::Token(TOKEN.into()),
    );
    let github = hodman_clients::github::GitHub::new(config).unwrap();
    assert_eq!(github.open_pulls("acme/app", None).await.unwrap().len(), 2);
    assert_eq!(server.lines(), ["GET /api/v3/repos/acme/app/pulls"; 2]);
}

#[tokio::test]
async fn an_app_makes_one_installation_token_and_keeps_it() {
    let server = FakeGitHub::start(|asked| match asked.path.as_str() {
        "/app/installations" => Answer::ok(json!([{"id": 42, "app_id": 7}])),
        "/app/installations/42/access_tokens" => minted("ghs_1", 60),
        "/app" => Answer::ok(json!({"id": 7, "slug": "hodman"})),
        _ => repository(),
    })
    .await;
    let github = server.client_as(app(None));
    github.repository("acme/app").await.unwrap();
    github.repository("acme/app").await.unwrap();
    let (_, token) = github.git_credentials().await.unwrap();
    assert_eq!(token.expose_secret(), "ghs_1");
    let account = github.whoami().await.unwrap();
    assert_eq!(
        account,
        Account {
            login: "hodman[bot]".into(),
            kind: AccountKind::App
        }
    );

    let asked = server.asked();
    assert_eq!(
        server.lines(),
        [
            "GET /app/installations",
            "POST /app/installations/42/access_tokens",
            "GET /repos/acme/app",
            "GET /repos/acme/app",
            "GET /app",
        ]
    );
    for signed in [&asked[0], &asked[1], &asked[4]] {
        assert_eq!(signed.token.split('.').count(), 3, "a JSON web token");
    }
    assert_eq!(
        (asked[2].token.as_str(), asked[3].token.as_str()),
        ("ghs_1", "ghs_1")
    );
}

#[tokio::test]
async fn a_token_about_to_end_is_replaced() {
    let mints = AtomicUsize::new(0);
    let server = FakeGitHub::start(move |asked| {
        if asked.path.starts_with("/app/") {
            let mint = mints.fetch_add(1, Ordering::SeqCst);
            return minted(&format!("ghs_{mint}"), if mint == 0 { 4 } else { 60 });
        }
        repository()
    })
    .await;
    let github = server.client_as(app(Some(42)));
    for _ in 0..3 {
        github.repository("acme/app").await.unwrap();
    }
    let tokens: Vec<_> = server
        .asked()
        .into_iter()
        .filter(|asked| asked.method == "GET")
        .map(|asked| asked.token)
        .collect();
    assert_eq!(tokens, ["ghs_0", "ghs_1", "ghs_1"]);
}

#[tokio::test]
async fn a_new_token_that_is_not_known_everywhere_yet_is_tried_again() {
    for status in [404, 401] {
        let reads = AtomicUsize::new(0);
        let server = FakeGitHub::start(move |asked| {
            if asked.path.starts_with("/app/") {
                return minted("ghs_1", 60);
            }
            match reads.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => Answer::error(status, "Not Found"),
                _ if asked.path == "/repos/acme/none" => Answer::error(404, "Not Found"),
                _ => repository(),
            }
        })
        .await;
        let github = server.client_as(app(Some(42)));
        github.repository("acme/app").await.unwrap();
        assert_eq!(
            server.lines().len(),
            4,
            "one token, two refusals, one answer"
        );
        // From now on 404 means what it says.
        let error = github.repository("acme/none").await.unwrap_err();
        assert!(matches!(error, GitHubError::NotFound(_)));
        assert_eq!(server.lines().len(), 5);
    }
}

#[tokio::test]
async fn a_token_revoked_before_its_time_is_replaced_once() {
    let server = FakeGitHub::start({
        let mints = AtomicUsize::new(0);
        let reads = AtomicUsize::new(0);
        move |asked| {
            if asked.path.starts_with("/app/") {
                return minted(&format!("ghs_{}", mints.fetch_add(1, Ordering::SeqCst)), 60);
            }
            let first_read = reads.fetch_add(1, Ordering::SeqCst) == 0;
            if asked.token == "ghs_0" && !first_read {
                Answer::error(401, "Bad credentials")
            } else {
                repository()
            }
        }
    })
    .await;
    let github = server.client_as(app(Some(42)));
    github.repository("acme/app").await.unwrap();
    github.repository("acme/app").await.unwrap();
    assert_eq!(
        server
            .lines()
            .iter()
            .filter(|line| line.starts_with("POST"))
            .count(),
        2
    );
}

#[tokio::test]
async fn an_app_with_several_installations_must_name_one() {
    let server = FakeGitHub::start(|_| Answer::ok(json!([{"id": 1}, {"id": 2}]))).await;
    let error = server
        .client_as(app(None))
        .repository("acme/app")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("2 installations"), "{error}");
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_without_showing_it() {
    let auth = Auth::App {
        app_id: 7,
        private_key_pem: TOKEN.into(),
        installation_id: None,
    };
    let error =
        hodman_clients::github::GitHub::new(crate::github_server::config("http://localhost", auth))
            .unwrap_err();
    assert!(matches!(error, GitHubError::Setup(_)));
    assert!(!format!("{error:?}").contains(TOKEN));
}
