//! Sign-in without a stored secret: a token of another issuer, which a federation policy of the account trusts, in place of
//! one. And no sign-in at all as a user.

use std::path::Path;
use std::process::Command;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hodman::config::Purpose;
use hodman::doctor::{self, Verdict};
use hodman_core::explain;
use hodman_core::ids::EnvName;
use hodman_tests::checkout::root;
use hodman_tests::harness::{CANARY, Options, Scene, Secrets, Short, Somebody, binary};
use hodman_tests::servers::python;
use reqwest::Method;
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example";

/// An issuer with one key.
struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        let (alg, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(alg, &random).expect("a key");
        Self(EcdsaKeyPair::from_pkcs8(alg, key.as_ref()).expect("a key"))
    }

    /// Its public keys, as a federation policy carries them.
    fn keys(&self) -> String {
        let point = self.0.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "one",
                         "x": part(&point[1..33]), "y": part(&point[33..65])}]})
        .to_string()
    }

    /// A token about `subject` for `audience`, good for an hour of the scene's clock.
    fn token(&self, scene: &Scene, subject: &str, audience: &str) -> String {
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let until = scene.clock.now().timestamp() + 3600;
        let signed = format!(
            "{}.{}",
            part(json!({"alg": "ES256", "kid": "one"})),
            part(json!({"iss": ISSUER, "sub": subject, "aud": [audience], "exp": until}))
        );
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.expect("signed"));
        format!("{signed}.{signature}")
    }
}

/// Lets who has the issuer's token about hodman in qa be the service principal `hodman-qa`.
async fn trust(account: &Somebody, issuer: &Issuer) {
    let principals = account.all("scim/v2/ServicePrincipals").await;
    let own = principals
        .iter()
        .find(|one| one["applicationId"] == "hodman-qa");
    let id = own.expect("hodman-qa")["id"]
        .as_str()
        .expect("its id")
        .to_owned();
    let policy = json!({"oidc_policy": {
        "issuer": ISSUER, "subject": "hodman in qa", "audiences": ["databricks"], "jwks_json": issuer.keys(),
    }});
    let path = format!("servicePrincipals/{id}/federationPolicies?policy_id=hodman");
    account.does(Method::POST, &path, policy).await;
}

const GROUND: &str = "\
engine: native
resources:
  account_network_connectivity_configs:
    main: {name: shop-qa, region: eu-central-1}
";

const CALL: &str = "\
account: main
modules:
  ground: {module: ground}
workspaces:
";

fn options(oidc: Option<String>) -> Options {
    Options {
        oidc,
        ..Options::short()
            .file("modules/ground/module.yaml", GROUND)
            .edit("environments/qa/environment.yaml", "workspaces:\n", CALL)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_issuer_is_enough_for_workspace_and_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let scene = Scene::start(options(Some(format!("{{file: {}}}", file.display())))).await;
    let (account, issuer) = (scene.somebody(), Issuer::new());
    trust(&account, &issuer).await;
    let token = issuer.token(&scene, "hodman in qa", "databricks");
    std::fs::write(&file, format!("{token}\n")).expect("written");

    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("in place");
    let made = account.all("network-connectivity-configs").await;
    assert_eq!(made.len(), 1, "{made:?}");
    daemon.stop().await;

    // The official client does the same against the same account.
    let said = official(&scene, &file, &token).await;
    assert_eq!(
        (&said["file"], &said["env"]),
        (&json!("hodman-qa"), &json!("hodman-qa")),
        "{said}"
    );
    assert!(
        said["account"].as_u64().is_some_and(|count| count >= 3),
        "{said}"
    );
    let refused = |what: &Value| {
        what.as_str()
            .is_some_and(|words| words.starts_with("refused"))
    };
    assert!(refused(&said["another"]), "{said}");
    for (subject, audience) in [
        ("somebody else", "databricks"),
        ("hodman in qa", "elsewhere"),
    ] {
        let token = issuer.token(&scene, subject, audience);
        std::fs::write(&file, &token).expect("written");
        let said = official(&scene, &file, &token).await;
        assert!(
            refused(&said["file"]) && refused(&said["account"]),
            "{subject}: {said}"
        );
    }
    let forged = Issuer::new().token(&scene, "hodman in qa", "databricks");
    std::fs::write(&file, &forged).expect("written");
    let said = official(&scene, &file, &forged).await;
    assert!(refused(&said["file"]), "{said}");

    // The doctor says what would make it right, and shows no token.
    let report = examined(&scene, folder.path()).await;
    let text = report.to_string();
    for what in ["workspace qa", "account main"] {
        let check = report
            .checks
            .iter()
            .find(|check| check.what == what)
            .expect(what);
        assert_eq!(check.verdict, Verdict::Wrong, "{text}");
        let hint = check.hint.as_deref().unwrap_or_default();
        assert!(hint.contains("federation policy"), "{text}");
    }
    assert!(!text.contains(&forged), "{text}");
}

async fn official(scene: &Scene, file: &Path, token: &str) -> Value {
    let script = root().join("tests/probes/oidc_sign_in.py");
    let (qa, account) = (scene.workspace("qa").url(), scene.databricks.account_url());
    let path = file.display().to_string();
    let environment = [
        ("DATABRICKS_CLIENT_ID", "hodman-qa".to_owned()),
        ("ID_TOKEN", token.to_owned()),
    ];
    let arguments = [qa.as_str(), &account, scene.databricks.account_id(), &path];
    let outcome = python(&script, &arguments, &environment).await;
    assert!(outcome.ok, "{}", outcome.said);
    let line = outcome.said.lines().next().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", outcome.said))
}

async fn examined(scene: &Scene, folder: &Path) -> doctor::Report {
    let file = folder.join("hodman.yaml");
    std::fs::write(&file, scene.config(Secrets::Inline, 0)).expect("written");
    let clock = scene.clock.for_daemon();
    doctor::examine_file(&file, Purpose::Demo, &clock).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_actions_gives_a_job_its_token() {
    let oidc = "{github_actions: {audience: databricks}}".to_owned();
    let scene = Scene::start(options(Some(oidc))).await;
    let (account, issuer) = (scene.somebody(), Issuer::new());
    trust(&account, &issuer).await;
    let token = issuer.token(&scene, "hodman in qa", "databricks");
    let service = async move |Query(asked): Query<Vec<(String, String)>>, headers: HeaderMap| {
        let known = headers
            .get("authorization")
            .is_some_and(|sent| sent == "Bearer ask");
        let wanted = [("api-version", "2.0"), ("audience", "databricks")];
        let asks = wanted.iter().all(|(name, value)| {
            let mut pairs = asked.iter();
            pairs.any(|(asked, given)| asked == name && given == value)
        });
        match known && asks {
            true => Ok(Json(json!({"value": token}))),
            false => Err(StatusCode::FORBIDDEN),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/token", get(service));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hodman.yaml");
    std::fs::write(&file, scene.config(Secrets::Environment, scene.port)).expect("written");
    let url = format!("http://{address}/token?api-version=2.0");
    let (environment, path) = (scene.environment(), file.clone());
    let doctor = move |request: &str| {
        let output = Command::new(binary())
            .args(["doctor", "--json", "--config"])
            .arg(&path)
            .envs(environment.clone())
            .env("ACTIONS_ID_TOKEN_REQUEST_URL", &url)
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", request)
            .output()
            .expect("hodman runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (with, without) = tokio::task::spawn_blocking(move || (doctor("ask"), doctor("guess")))
        .await
        .expect("ended");
    let verdict = |report: &str, what: &str| {
        let report: Value = serde_json::from_str(report).unwrap_or_else(|_| panic!("{report}"));
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        let mut checks = checks.into_iter();
        let check = checks.find(|check| check["what"] == what);
        check.map(|check| check["verdict"].clone())
    };
    for what in ["workspace qa", "account main"] {
        assert_eq!(verdict(&with, what), Some(json!("ok")), "{with}");
        assert_eq!(verdict(&without, what), Some(json!("wrong")), "{without}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_done_with_the_token_of_a_user() {
    let mut options = Options::short();
    options.users = vec!["qa"];
    let scene = Scene::start(options).await;
    let writes = || {
        let requests = scene.workspace("qa").requests().into_iter();
        requests.filter(|sent| sent.method != "GET").count()
    };
    let wrote = writes();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let refused = async || {
        let state = short.state().await.ok()?;
        let told = explain::explain(&state, &EnvName::from("qa"), scene.clock.now())?;
        let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
        let words = words.join("; ");
        words
            .contains("the token is that of the user ana@acme.example")
            .then_some(())
    };
    short.wait("a refusal", refused).await.expect("refused");
    assert_eq!(writes(), wrote, "{:?}", scene.workspace("qa").requests());
    daemon.stop().await;

    let folder = tempfile::tempdir().expect("a folder");
    let report = examined(&scene, folder.path()).await;
    let check = report
        .checks
        .iter()
        .find(|check| check.what == "workspace qa");
    let check = check.expect("a check");
    assert_eq!(check.verdict, Verdict::Wrong, "{report}");
    let hint = check.hint.as_deref().unwrap_or_default();
    assert!(hint.contains("name a service principal"), "{report}");
    assert!(!report.to_string().contains(CANARY));
}
