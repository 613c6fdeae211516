//! Roles and buckets against a server that imitates AWS, whose address is in `HODMAN_TEST_AWS_ENDPOINT`.

use hodman_clients::aws::{Aws, AwsConfig, AwsCredentials};
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use secrecy::SecretString;
use serde_json::{Value, json};

const REGION: &str = "eu-central-1";
const KEY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

fn endpoint() -> String {
    std::env::var("HODMAN_TEST_AWS_ENDPOINT")
        .expect("these tests need a server that imitates IAM and S3: `./test` starts one")
}

fn fresh(name: &str) -> String {
    format!("{name}-{:x}", rand::random::<u64>())
}

async fn aws() -> Aws {
    Aws::new(AwsConfig {
        region: REGION.to_owned(),
        endpoint_url: Some(endpoint()),
        credentials: AwsCredentials::Static {
            access_key_id: "test".to_owned(),
            secret_access_key: SecretString::from(KEY),
            session_token: None,
        },
    })
    .await
}

async fn ask(
    method: reqwest::Method,
    path: &str,
    body: Option<Value>,
) -> Result<Value, Box<ApiError>> {
    let mut request = Request::get(path);
    request.method = method;
    request.body = body;
    let answer = aws().await.foundation().call(&request).await;
    answer.map_err(Box::new)
}

fn policy(bucket: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": format!("arn:aws:s3:::{bucket}/*"),
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }],
    })
}

#[tokio::test]
async fn a_bucket_loses_the_policy_that_nobody_names_any_more_and_nothing_else() {
    let name = fresh("root");
    let one = format!("/aws/s3/buckets/{name}");
    let body = json!({
        "name": name,
        "policy": policy(&name),
        "versioning": "Enabled",
        "encryption": {"algorithm": "AES256", "bucket_key": true},
        "tags": {"team": "data"},
    });
    let made = ask(reqwest::Method::POST, "/aws/s3/buckets", Some(body)).await;
    let made = made.expect("made");
    assert_eq!(made["policy"], policy(&name));
    assert_eq!(made["arn"], format!("arn:aws:s3:::{name}"));

    let body = json!({"name": name, "tags": {"team": "data"}});
    let brought = ask(reqwest::Method::PUT, &one, Some(body)).await;
    let brought = brought.expect("brought");
    assert_eq!(brought.get("policy"), None, "{brought:#}");
    assert_eq!(brought["versioning"], "Enabled", "{brought:#}");
    assert_eq!(brought["encryption"], made["encryption"], "{brought:#}");
    ask(reqwest::Method::DELETE, &one, None)
        .await
        .expect("gone");
}

#[tokio::test]
async fn another_key_for_a_bucket_leaves_what_nobody_spoke_of() {
    let name = fresh("root");
    let one = format!("/aws/s3/buckets/{name}");
    let key = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let body = json!({
        "name": name,
        "encryption": {"algorithm": "AES256", "bucket_key": true},
    });
    let made = ask(reqwest::Method::POST, "/aws/s3/buckets", Some(body)).await;
    assert_eq!(made.expect("made")["encryption"]["bucket_key"], true);
    let body = json!({
        "name": name,
        "encryption": {"algorithm": "aws:kms", "kms_key_id": key},
    });
    let brought = ask(reqwest::Method::PUT, &one, Some(body)).await;
    assert_eq!(
        brought.expect("brought")["encryption"],
        json!({"algorithm": "aws:kms", "kms_key_id": key, "bucket_key": true})
    );
    ask(reqwest::Method::DELETE, &one, None)
        .await
        .expect("gone");
}

#[tokio::test]
async fn a_role_that_an_instance_profile_holds_keeps_its_policies_when_it_cannot_go() {
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new(REGION))
        .endpoint_url(endpoint())
        .credentials_provider(aws_credential_types::Credentials::new(
            "test", KEY, None, None, "test",
        ))
        .load()
        .await;
    let iam = aws_sdk_iam::Client::new(&config);
    let (name, profile) = (fresh("nodes"), fresh("profile"));
    let one = format!("/aws/iam/roles/{name}");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    });
    let reads = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    });
    let body = json!({"name": name, "trust": trust, "policies": {"reads": reads}});
    ask(reqwest::Method::POST, "/aws/iam/roles", Some(body))
        .await
        .expect("made");
    let create = iam.create_instance_profile();
    let create = create.instance_profile_name(&profile).send().await;
    create.expect("a profile");
    let put = iam.add_role_to_instance_profile().role_name(&name);
    let put = put.instance_profile_name(&profile).send().await;
    put.expect("the role in it");

    let refused = ask(reqwest::Method::DELETE, &one, None).await;
    let refused = refused.expect_err("AWS refuses it, too");
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.to_string().contains(&profile), "{refused}");
    let there = ask(reqwest::Method::GET, &one, None).await.expect("there");
    assert_eq!(there["policies"]["reads"], reads, "{there:#}");

    let out = iam.remove_role_from_instance_profile().role_name(&name);
    let out = out.instance_profile_name(&profile).send().await;
    out.expect("taken out");
    ask(reqwest::Method::DELETE, &one, None)
        .await
        .expect("gone");
    let gone = ask(reqwest::Method::GET, &one, None).await;
    assert_eq!(gone.expect_err("gone").kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn what_somebody_made_anew_under_the_name_of_what_was_looked_at_stays() {
    let name = fresh("seen");
    let trust = json!({"Version": "2012-10-17", "Statement": []});
    let of = |env: &str| json!({"hodman_env": env});
    for (all, body) in [
        ("/aws/s3/buckets", json!({"name": name, "tags": of("qa")})),
        (
            "/aws/iam/roles",
            json!({"name": name, "trust": trust, "tags": of("qa")}),
        ),
    ] {
        let one = format!("{all}/{name}");
        let made = ask(reqwest::Method::POST, all, Some(body)).await;
        let made = made.expect("made");
        for other in [
            json!({"tags": of("prod")}),
            json!({"tags": {"hodman_env": "qa", "hodman_key": "x"}}),
        ] {
            let body = json!({"empty": true, "only": other});
            let refused = ask(reqwest::Method::DELETE, &one, Some(body)).await;
            let refused = refused.expect_err("another one");
            assert_eq!(refused.kind, ErrorKind::Temporary, "{refused}");
            assert!(!refused.may_have_taken_effect(), "{refused}");
            assert!(refused.to_string().contains("which stays"), "{refused}");
        }
        let mut only = json!({"tags": of("qa")});
        if let Some(id) = made.get("role_id") {
            let body = json!({"only": {"tags": of("qa"), "role_id": "AROAANOTHER"}});
            let refused = ask(reqwest::Method::DELETE, &one, Some(body)).await;
            refused.expect_err("made anew");
            only["role_id"] = id.clone();
        }
        ask(reqwest::Method::GET, &one, None).await.expect("there");
        let body = json!({"empty": true, "only": only});
        ask(reqwest::Method::DELETE, &one, Some(body))
            .await
            .expect("gone");
        let gone = ask(reqwest::Method::GET, &one, None).await;
        assert_eq!(gone.expect_err("gone").kind, ErrorKind::NotFound);
    }
}
