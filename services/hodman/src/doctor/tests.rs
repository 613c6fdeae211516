use axum::{Json, Router, http::StatusCode, routing::get};
use chrono::DateTime;
use hodman_store::{Store, StoreUrl};
use serde_json::json;

use super::*;

const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// As much of GitHub, git and a workspace as the doctor asks for.
async fn server() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let repository = json!({
        "full_name": "acme/shop", "default_branch": "main", "clone_url": "http://x/acme/shop.git",
        "html_url": "http://x/acme/shop", "private": true,
    });
    let hooks = json!([{"id": 1, "active": true, "events": ["push"], "config": {"url": "https://h.example/webhooks/github"}}]);
    let limit = json!({"resources": {"core": {"limit": 5000, "remaining": 100, "reset": 1}}});
    let git = async |axum::extract::RawQuery(query): axum::extract::RawQuery| {
        if query.as_deref() == Some("service=git-upload-pack") {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        }
    };
    let router = Router::new()
        .route("/user", get(Json(json!({"login": "hodman-bot"}))))
        .route("/rate_limit", get(Json(limit)))
        .route("/repos/acme/shop", get(Json(repository)))
        .route("/repos/acme/shop/pulls", get(Json(json!([]))))
        .route("/repos/acme/shop/hooks", get(Json(hooks)))
        .route("/acme/shop.git/info/refs", get(git))
        .route(
            "/api/2.0/workspace/get-status",
            get(Json(
                json!({"path": "/Shared/.hodman", "object_type": "DIRECTORY", "object_id": 7}),
            )),
        )
        .route("/api/2.0/permissions/directories/7", get(Json(writers())))
        .route(
            "/api/2.0/preview/scim/v2/Me",
            get(Json(
                json!({"id": "1", "userName": "sp-1", "displayName": "hodman"}),
            )),
        );
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    format!("http://{address}")
}

/// Us, administrators, and everybody, whom the folder above lets in.
fn writers() -> serde_json::Value {
    let entry = |field: &str, name: &str, level: &str| json!({field: name, "all_permissions": [{"permission_level": level, "inherited": true}]});
    json!({"access_control_list": [
        entry("service_principal_name", "sp-1", "CAN_MANAGE"), entry("group_name", "admins", "CAN_MANAGE"),
        entry("group_name", "users", "CAN_MANAGE"), entry("group_name", "readers", "CAN_READ")]})
}

async fn examined(url: &str, folder: &Path) -> Report {
    let text = format!(
        "data_dir: {}\ngithub:\n  api_url: {url}\n  git_url: {url}\n  token: {{value: {CANARY}}}\n  \
         webhook_secrets: [{{value: {CANARY}}}]\npipelines:\n  - {{name: shop, repository: acme/shop}}\n\
         workspaces:\n  qa: {{host: \"{url}\", token: {{value: {CANARY}}}}}\n  dev: {{host: \"{url}\", token: {{env: HODMAN_NOT_SET}}}}\n",
        folder.display()
    );
    let file = folder.join("hodman.yaml");
    std::fs::write(&file, text).expect("written");
    examine_file(
        &file,
        Purpose::Demo,
        &Clock::from_fn(|| DateTime::UNIX_EPOCH),
    )
    .await
}

fn verdicts(report: &Report, what: &str) -> Vec<Verdict> {
    report
        .checks
        .iter()
        .filter(|check| check.what == what)
        .map(|check| check.verdict)
        .collect()
}

#[tokio::test]
async fn each_thing_is_tried_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = examined(&server().await, folder.path()).await;
    let text = report.to_string();
    let table = [
        ("config", Verdict::Ok),
        ("secret github.token", Verdict::Ok),
        ("secret workspaces.dev.token", Verdict::Wrong),
        ("data_dir", Verdict::Ok),
        ("store", Verdict::Ok),
        ("packages", Verdict::Ok),
        ("github", Verdict::Ok),
        ("github rate limit", Verdict::Warning),
        ("repository acme/shop", Verdict::Ok),
        ("webhook of acme/shop", Verdict::Warning),
        ("git fetch acme/shop", Verdict::Ok),
        ("git push acme/shop", Verdict::Wrong),
        ("workspace qa", Verdict::Ok),
        ("files of hodman in workspace qa", Verdict::Warning),
        ("workspace dev", Verdict::Wrong),
    ];
    for (what, verdict) in table {
        assert_eq!(verdicts(&report, what), [verdict], "{what} in\n{text}");
    }
    assert!(
        text.contains("group:users may write the files that jobs run"),
        "{text}"
    );
    assert!(
        text.contains("does not send pull_request, pull_request_review"),
        "{text}"
    );
    assert!(text.contains("-> allow `contents: write`"), "{text}");
    assert!(!report.is_healthy());
    assert!(!folder.path().join("hodman.db").exists(), "nothing is made");
    let shown = format!(
        "{text}{report:?}{}",
        serde_json::to_string(&report).expect("json")
    );
    assert!(!shown.contains(CANARY));
}

#[tokio::test]
async fn one_identity_for_several_environments_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = server().await;
    let text = format!(
        "data_dir: {}\ngithub: {{api_url: \"{url}\", token: {{value: x}}, webhook_secrets: [{{value: x}}]}}\n\
         pipelines: [{{name: shop, repository: acme/shop}}]\nworkspaces:\n  \
         qa: {{host: \"{url}\", client_id: {{value: one}}, client_secret: {{value: x}}}}\n  \
         prod: {{host: \"{url}\", client_id: {{value: one}}, client_secret: {{value: x}}}}\n  \
         dev: {{host: \"{url}\", client_id: {{value: other}}, client_secret: {{value: x}}}}\n\
         accounts:\n  main: {{account_id: a, host: \"{url}\", client_id: {{value: x}}, client_secret: {{value: x}}, environments: [qa, prod]}}\n\
         aws:\n  qa: {{region: eu-west-1, endpoint: \"{url}\", access_key_id: {{value: x}}, secret_access_key: {{value: x}}, \
         templates: {{bucket: none, prefix: long/}}, environments: [qa]}}\n",
        folder.path().display()
    );
    let file = folder.path().join("hodman.yaml");
    std::fs::write(&file, text).expect("written");
    let clock = Clock::from_fn(|| DateTime::UNIX_EPOCH);
    let report = examine_file(&file, Purpose::Demo, &clock).await;
    let text = report.to_string();
    let warned: Vec<&str> = report
        .checks
        .iter()
        .filter(|check| check.detail.contains("one identity acts in"))
        .map(|check| check.detail.as_str())
        .collect();
    assert_eq!(
        verdicts(&report, "templates s3://none/long/"),
        [Verdict::Wrong],
        "{text}"
    );
    assert_eq!(warned.len(), 2, "{text}");
    assert!(warned[0].contains("qa, prod"), "{text}");
    assert!(warned[1].contains("prod, qa"), "{text}");
}

/// As much of STS as takes a role, and does not let anybody give a session tags.
async fn sts() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = async |body: String| {
        if body.contains("Tags.member.1.Key=hodman_env") {
            let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized to \
                           perform: sts:TagSession on resource: y</Message></Error></ErrorResponse>";
            return (StatusCode::FORBIDDEN, refusal);
        }
        (StatusCode::BAD_REQUEST, "")
    };
    let router = Router::new().route("/", axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    format!("http://{address}")
}

#[tokio::test]
async fn a_role_whose_sessions_may_not_have_tags_is_told_with_what_its_trust_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (url, sts) = (server().await, sts().await);
    let text = format!(
        "data_dir: {}\ngithub: {{api_url: \"{url}\", token: {{value: x}}, webhook_secrets: [{{value: x}}]}}\n\
         pipelines: [{{name: shop, repository: acme/shop}}]\nworkspaces: {{}}\n\
         aws:\n  main: {{region: eu-west-1, endpoint: \"{sts}\", access_key_id: {{value: x}}, secret_access_key: {{value: {CANARY}}}, \
         role_arn: \"arn:aws:iam::123456789012:role/hodman\", environments: [qa]}}\n",
        folder.path().display()
    );
    let file = folder.path().join("hodman.yaml");
    std::fs::write(&file, text).expect("written");
    let clock = Clock::from_fn(|| DateTime::UNIX_EPOCH);
    let report = examine_file(&file, Purpose::Demo, &clock).await;
    let mut checks = report.checks.iter();
    let role = checks.find(|check| check.what == "role of aws main for qa");
    let role = role.unwrap_or_else(|| panic!("{report}"));
    assert_eq!(role.verdict, Verdict::Wrong, "{report}");
    assert!(role.detail.contains("sts:TagSession"), "{report}");
    let hint = role.hint.as_deref().unwrap_or_default();
    assert!(
        hint.contains("sts:AssumeRole and") && hint.contains("sts:TagSession"),
        "{report}"
    );
    assert!(!format!("{report}{report:?}").contains(CANARY));
}

/// As much of STS as lets roles be taken for sessions that say they are for `qa`, as a trust with conditions does: on the tag, and on
/// the name, which begins as the daemon's own do.
async fn sts_for_qa() -> String {
    const TAKEN: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
        <AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>y</SessionToken>\
        <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/x/y</Arn>\
        <AssumedRoleId>x:y</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>";
    const REFUSED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = async |body: String| {
        let qa = "Tags.member.1.Key=hodman_env&Tags.member.1.Value=qa&";
        let called = [
            ("main", "hodman-qa&"),
            ("plans", "hodman-qa-plan&"),
            ("looks", "hodman-qa-plan&"),
            ("reads", "hodman-qa-plan-"),
            ("pulls", "hodman-qa-propose-"),
        ];
        let body = format!("{body}&");
        let known = called.iter().any(|(role, session)| {
            body.contains(&format!("role%2F{role}&"))
                && body.contains(&format!("RoleSessionName={session}"))
        });
        match body.contains(qa) && known {
            true => (StatusCode::OK, TAKEN),
            false => (StatusCode::FORBIDDEN, REFUSED),
        }
    };
    let router = Router::new().route("/", axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    format!("http://{address}")
}

#[tokio::test]
async fn each_role_is_taken_as_the_daemon_takes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (url, sts) = (server().await, sts_for_qa().await);
    let keys = format!(
        "region: eu-west-1, endpoint: \"{sts}\", access_key_id: {{value: x}}, secret_access_key: {{value: x}}"
    );
    let role = |name: &str| format!("\"arn:aws:iam::123456789012:role/{name}\"");
    let text = format!(
        "data_dir: {}\ngithub: {{api_url: \"{url}\", token: {{value: x}}, webhook_secrets: [{{value: x}}]}}\n\
         pipelines: [{{name: shop, repository: acme/shop}}, {{name: tax, repository: acme/tax}}]\nworkspaces: {{}}\n\
         aws:\n  main: {{{keys}, role_arn: {}, plan_role_arn: {}, environments: [shop/qa]}}\n  \
         looks: {{{keys}, plan_role_arn: {}, environments: [shop/qa]}}\n\
         terraform:\n  main:\n    program: no-such-terraform\n    environments: [shop/qa]\n    plan: {{aws: {{{keys}, role_arn: {}}}}}\n    \
         apply: {{aws: {{{keys}, role_arn: {}}}}}\n    pull_requests: {{plan: {{aws: {{{keys}, role_arn: {}}}}}}}\n",
        folder.path().display(),
        role("main"),
        role("plans"),
        role("looks"),
        role("reads"),
        role("not-me"),
        role("pulls"),
    );
    let file = folder.path().join("hodman.yaml");
    std::fs::write(&file, text).expect("written");
    let clock = Clock::from_fn(|| DateTime::UNIX_EPOCH);
    let report = examine_file(&file, Purpose::Demo, &clock).await;
    for (what, verdict) in [
        ("role of aws main for shop/qa", Verdict::Ok),
        ("plan role of aws main for shop/qa", Verdict::Ok),
        ("plan role of aws looks for shop/qa", Verdict::Ok),
        ("role of terraform main, plan, for shop/qa", Verdict::Ok),
        ("role of terraform main, apply, for shop/qa", Verdict::Wrong),
        (
            "role of terraform main, pull_requests.plan, for shop/qa",
            Verdict::Ok,
        ),
    ] {
        assert_eq!(verdicts(&report, what), [verdict], "{what} in\n{report}");
    }
}

#[test]
fn a_sandbox_that_is_shown_the_plugin_cache_of_applies_is_told() {
    let verdict = |shown: &str| {
        let text = format!(
            "data_dir: /var/lib/hodman\ngithub: {{token: {{env: T}}, webhook_secrets: [{{env: S}}]}}\n\
             pipelines: [{{name: shop, repository: acme/shop}}]\nterraform:\n  main:\n    program: no-such-terraform\n    \
             plugin_cache: /providers\n    environments: [qa]\n    plan: {{}}\n    apply: {{}}\n    \
             pull_requests: {{wrapper: [bwrap, --bind, {shown}, {shown}]}}\n"
        );
        let config = Config::read("f", &text, Purpose::Demo, |_| None).expect("settings");
        let mut checks = terraform::check(&config).into_iter();
        let check = checks.find(|check| check.what == "terraform main for pull requests");
        let check = check.expect("a check");
        (check.verdict, check.hint.unwrap_or_default())
    };
    let (wrong, hint) = verdict("/providers");
    assert_eq!(wrong, Verdict::Wrong);
    assert!(hint.contains("/providers-unmerged"), "{hint}");
    assert_eq!(verdict("/providers-unmerged").0, Verdict::Ok);
}

#[tokio::test]
async fn a_database_of_an_older_hodman_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = StoreUrl::sqlite(folder.path().join("hodman.db"));
    let older = Store::migrate(&url, 1, DateTime::UNIX_EPOCH).await;
    older.expect("made");
    for _ in 0..2 {
        let report = examined("http://127.0.0.1:1", folder.path()).await;
        assert_eq!(verdicts(&report, "store"), [Verdict::Ok], "{report}");
        assert!(
            report
                .to_string()
                .contains("its schema, version 1, is brought to"),
            "{report}"
        );
    }
}

#[tokio::test]
async fn nothing_there_is_told_with_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let report = examined(&nobody, folder.path()).await;
    for what in ["github", "workspace qa"] {
        let check = report
            .checks
            .iter()
            .find(|check| check.what == what)
            .expect(what);
        assert_eq!(check.verdict, Verdict::Wrong, "{report}");
        assert!(
            check
                .hint
                .as_deref()
                .is_some_and(|hint| hint.contains("network")),
            "{report}"
        );
    }
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_the_only_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hodman.yaml");
    let clock = Clock::from_fn(|| DateTime::UNIX_EPOCH);
    let report = examine_file(&file, Purpose::Serve, &clock).await;
    assert!(report.to_string().contains("cannot be read"), "{report}");
    std::fs::write(&file, "data_dri: x\n").expect("written");
    let report = examine_file(&file, Purpose::Serve, &clock).await;
    assert!(
        report.to_string().contains(
            "hodman.yaml:1:1: unknown key `data_dri`\n         -> did you mean `data_dir`?"
        ),
        "{report}"
    );
}
