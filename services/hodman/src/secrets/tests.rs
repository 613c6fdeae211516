use super::*;
use serde_json::{Value, json};

async fn sources(folder: &Path) -> Sources {
    let allowed = folder.join("allowed");
    std::fs::create_dir_all(&allowed).unwrap();
    std::fs::write(folder.join("own.pem"), "the daemon's").unwrap();
    std::fs::write(folder.join("elsewhere"), "another's").unwrap();
    std::fs::write(allowed.join("password"), "hunter2\n").unwrap();
    std::fs::write(allowed.join("empty"), "\n").unwrap();
    std::os::unix::fs::symlink(folder.join("elsewhere"), allowed.join("out")).unwrap();
    std::fs::write(allowed.join("token"), "the daemon's").unwrap();
    let text = format!(
        "data_dir: {data}\ngithub:\n  api_url: https://api.github.com\n  token: {{file: {allowed}/token}}\n  \
         webhook_secrets: [{{env: HOME}}]\npipelines: [{{name: shop, repository: o/r}}]\nsecrets:\n  qa:\n    \
         env: [\"CARGO_PKG_*\", HOME, AWS_REGION]\n    files: [{allowed}]\n",
        data = folder.join("data").display(),
        allowed = allowed.display(),
    );
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let config = Config::read("hodman.yaml", &text, config::Purpose::Serve, |_| None).unwrap();
    Sources::open(&config).await.unwrap()
}

fn reference(value: Value) -> Reference {
    Reference::read(value.as_object().unwrap())
        .unwrap()
        .unwrap()
}

async fn said(sources: &Sources, env: &str, value: Value) -> String {
    let whose = Whose {
        pipeline: "shop",
        env,
    };
    match sources.value(whose, &reference(value)).await {
        Ok(value) => value.expose_secret().to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn only_what_the_settings_name_is_given_and_never_a_key_of_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let sources = sources(&root).await;
    let file = |name: &str| json!({ "file": root.join(name) });
    assert_eq!(
        said(&sources, "qa", file("allowed/password")).await,
        "hunter2"
    );
    assert_eq!(
        said(&sources, "qa", json!({"env": "CARGO_PKG_NAME"})).await,
        "hodman"
    );
    for (value, why) in [
        (json!({"env": "PATH"}), "`secrets.qa.env`"),
        (json!({"env": "HOME"}), "a key of the daemon itself"),
        (json!({"env": "AWS_REGION"}), "a key of the daemon itself"),
        (json!({"env": "CARGO_PKG_NOTHING"}), "missing or empty"),
        (file("elsewhere"), "`secrets.qa.files`"),
        (file("allowed/../elsewhere"), "`secrets.qa.files`"),
        (file("allowed/out"), "`secrets.qa.files`"),
        (file("allowed/token"), "a key of the daemon itself"),
        (file("allowed/empty"), "missing or empty"),
        (file("allowed/nothing"), "missing or empty"),
        (json!({"aws_ssm": "/qa/x"}), "`secrets.qa.aws_ssm`"),
        (
            json!({"aws_secrets_manager": "qa/x", "field": "password"}),
            "`secrets.qa.aws_secrets_manager`",
        ),
    ] {
        let said = said(&sources, "qa", value.clone()).await;
        assert!(said.contains(why), "{value}: {said}");
    }
    let elsewhere = said(&sources, "prod", file("allowed/password")).await;
    assert!(elsewhere.contains("`secrets.prod.files`"), "{elsewhere}");
}

#[tokio::test]
async fn a_version_says_whether_a_value_is_the_same_and_is_no_plain_digest() {
    use sha2::Digest as _;
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let other_folder = tempfile::tempdir().unwrap();
    let first = sources(folder.path()).await;
    let (one, two) = (SecretString::from("one"), SecretString::from("two"));
    let version = first.version(&one);
    assert_ne!(version, first.version(&two));
    // The key is kept for the next start, and nobody else reads it.
    let key = folder.path().join("data").join(KEY_FILE);
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let folder = folder.path().to_owned();
    std::fs::remove_dir_all(folder.join("allowed")).unwrap();
    assert_eq!(version, sources(&folder).await.version(&one));
    assert_ne!(version, sources(other_folder.path()).await.version(&one));
    assert!(!hex::encode(sha2::Sha256::digest(b"one")).starts_with(&version));
}

#[test]
fn what_is_nearly_a_reference_is_an_error_and_what_is_none_is_not() {
    let read = |value: Value| Reference::read(value.as_object().unwrap());
    assert_eq!(read(json!({"host": "x"})), Ok(None));
    for bad in [
        json!({"env": "A", "file": "/b"}),
        json!({"env": 1}),
        json!({"env": "A", "field": "x"}),
        json!({"aws_ssm": "/a", "version": "1"}),
    ] {
        assert_eq!(read(bad.clone()), Err(BadReference), "{bad}");
    }
    let whole = reference(json!({"aws_secrets_manager": "qa/db", "field": "password"}));
    assert_eq!(whole.to_string(), "aws_secrets_manager:qa/db#password");
}

#[tokio::test]
async fn another_pipelines_environment_of_the_same_name_gets_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "data_dir: {}\ngithub: {{token: {{env: T}}, webhook_secrets: [{{env: S}}]}}\n\
         pipelines: [{{name: shop, repository: o/r}}, {{name: tax, repository: o/t}}]\n\
         secrets:\n  shop/qa: {{env: [CARGO_PKG_NAME]}}\n",
        folder.path().display()
    );
    let config = Config::read("hodman.yaml", &text, config::Purpose::Serve, |_| None).unwrap();
    let sources = Sources::open(&config).await.unwrap();
    let value = |pipeline| {
        let whose = Whose {
            pipeline,
            env: "qa",
        };
        let name = reference(json!({"env": "CARGO_PKG_NAME"}));
        let sources = &sources;
        async move { sources.value(whose, &name).await }
    };
    assert_eq!(value("shop").await.unwrap().expose_secret(), "hodman");
    assert!(matches!(
        value("tax").await,
        Err(NoValue::NotAllowed { .. })
    ));
}
