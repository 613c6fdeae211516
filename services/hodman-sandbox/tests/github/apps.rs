//! An App signs in with its key, gets narrow tokens and hears of its repositories.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hodman_sandbox::github::AppSpec;
use serde_json::{Value, json};

use super::support::{REPO, Receiver, SECRET, Town, git};

fn jwt(key: &KeyPair, life: i64) -> String {
    let now = chrono::Utc::now().timestamp();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iat": now - 60, "exp": now + life, "iss": "7"});
    let signed = format!(
        "{}.{}",
        part(json!({"alg": "RS256", "typ": "JWT"})),
        part(claims)
    );
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .expect("signed");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn app(key: &KeyPair, webhook: &str) -> AppSpec {
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().expect("encoded");
    let levels = [
        ("contents", "write"),
        ("checks", "write"),
        ("metadata", "read"),
    ];
    AppSpec {
        app_id: 7,
        slug: "carrier".to_owned(),
        private_key_pem: format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        ),
        permissions: levels
            .map(|(name, level)| (name.to_owned(), level.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        events: vec!["push".to_owned()],
        webhook: Some((webhook.to_owned(), SECRET.to_owned())),
        installation_id: 70,
        account: "acme".to_owned(),
    }
}

async fn token(town: &Town, key: &KeyPair, wish: Value) -> (u16, Value) {
    let (status, text) = town
        .send(
            "POST",
            "/app/installations/70/access_tokens",
            &jwt(key, 540),
            &wish,
        )
        .await;
    (status, serde_json::from_str(&text).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_signs_in_only_with_its_own_key_and_a_short_lived_token() {
    let (town, mut receiver) = (Town::start().await, Receiver::start().await);
    let (key, other) = (
        KeyPair::generate(KeySize::Rsa2048).expect("a key"),
        KeyPair::generate(KeySize::Rsa2048).expect("a key"),
    );
    town.github
        .add_app(&app(&key, &receiver.url))
        .expect("added");
    assert_eq!(receiver.next().await.name(), "installation.created");
    for (signer, life, expected) in [
        (&key, 540, 200),
        (&other, 540, 401),
        (&key, -5, 401),
        (&key, 3600, 401),
    ] {
        assert_eq!(
            town.send("GET", "/app", &jwt(signer, life), &Value::Null)
                .await
                .0,
            expected,
            "life {life}"
        );
    }
    assert_eq!(
        token(
            &town,
            &key,
            json!({"permissions": {"administration": "write"}})
        )
        .await
        .0,
        422
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_token_pushes_by_git_and_a_narrowed_one_does_not() {
    let (town, mut receiver) = (Town::start().await, Receiver::start().await);
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    town.github
        .add_app(&app(&key, &receiver.url))
        .expect("added");
    receiver.next().await;
    town.github
        .create_repo("acme/other", &[], "ada")
        .expect("created");

    let (_, whole) = token(&town, &key, json!({})).await;
    let (_, narrow) = token(
        &town,
        &key,
        json!({"repositories": ["data"], "permissions": {"contents": "read"}}),
    )
    .await;
    let (_, elsewhere) = token(&town, &key, json!({"repositories": ["other"]})).await;
    let credentials = |minted: &Value| {
        format!(
            "x-access-token:{}",
            minted["token"].as_str().expect("a token")
        )
    };

    let tree = town.clone("app", &credentials(&whole)).await;
    let head = tree.commit("a", "1\n").await;
    git(
        &tree.path,
        &["push", "-q", &town.remote(&credentials(&narrow)), "main"],
    )
    .await
    .expect_err("read only");
    git(
        &tree.path,
        &["ls-remote", &town.remote(&credentials(&elsewhere))],
    )
    .await
    .expect_err("another repository");
    tree.git(&["push", "-q", "origin", "main"]).await;
    let push = receiver.next().await.json();
    assert_eq!(
        (&push["after"], &push["sender"]["login"]),
        (&json!(head), &json!("carrier[bot]"))
    );
    assert_eq!(push["installation"]["id"], 70);

    let run =
        json!({"name": "plan", "head_sha": head, "status": "completed", "conclusion": "success"});
    let (status, run) = town
        .call(
            "POST",
            "/check-runs",
            whole["token"].as_str().expect("a token"),
            &run,
        )
        .await;
    assert_eq!(
        (status, run["app"]["slug"].as_str()),
        (201, Some("carrier"))
    );
    assert_eq!(
        town.github.read_file(REPO, "main", "a").as_deref(),
        Some(&b"1\n"[..])
    );
}
