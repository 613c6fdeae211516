mod terraform;

use secrecy::ExposeSecret as _;

use super::*;

const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// The least that is accepted, `extra` added at the end.
fn least(extra: &str) -> String {
    format!(
        "data_dir: /var/lib/hodman\ngithub:\n  token: {{env: T}}\n  webhook_secrets: [{{env: S}}]\npipelines:\n  - {{name: shop, repository: acme/shop}}\n{extra}"
    )
}

fn read(text: &str) -> Result<Config, String> {
    Config::read("hodman.yaml", text, Purpose::Serve, |_| None).map_err(|found| found.to_string())
}

fn refused(text: &str) -> String {
    match read(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(found) => found,
    }
}

#[test]
fn the_example_is_complete_and_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/hodman.yaml");
    let text = std::fs::read_to_string(&path).expect("the example");
    let config = read(&text).expect("the example is right");
    assert_eq!(config.pipelines[0].name, "shop");
    assert_eq!(
        config.timers,
        Timers::default(),
        "the example shows the defaults"
    );
    assert_eq!(config.log, Log::default(), "the example shows the defaults");

    // Every setting that the schema knows stands in the example, in use or as a comment, and every variable.
    let schema = serde_json::to_value(Config::schema()).expect("a schema");
    let mut keys = Vec::new();
    collect_keys(&schema, &mut keys);
    assert!(keys.len() > 30, "{keys:?}");
    for key in keys {
        assert!(
            text.contains(&format!("{key}:")),
            "config/hodman.yaml does not show `{key}`"
        );
    }
    for variable in VARIABLES {
        assert!(
            text.contains(variable.name),
            "config/hodman.yaml does not name {}",
            variable.name
        );
    }
}

#[test]
fn the_daemon_is_found_on_loopback_where_it_listens_there() {
    for (listen, own) in [
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("'[::]:80'", "http://[::1]:80"),
        ("10.0.0.1:80", "http://10.0.0.1:80"),
    ] {
        let config = read(&least(&format!("listen: {listen}\n"))).expect(listen);
        assert_eq!(config.own_url(), own);
    }
}

fn collect_keys(schema: &serde_json::Value, keys: &mut Vec<String>) {
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(properties) = map.get("properties").and_then(serde_json::Value::as_object) {
                keys.extend(properties.keys().cloned());
            }
            map.values().for_each(|value| collect_keys(value, keys));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

#[test]
fn defaults() {
    let config = read(&least("")).expect("the least");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(config.is_loopback());
    assert_eq!(config.own_url(), "http://127.0.0.1:8080");
    assert_eq!(config.store_url(), "sqlite:/var/lib/hodman/hodman.db");
    assert!(
        matches!(config.package_store(), PackageStore::Directory(path) if path.ends_with("packages"))
    );
    assert_eq!(config.github.git_base(), "https://github.com");
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let table = [
        (
            least("timer: {}\n"),
            "hodman.yaml:7:1: unknown key `timer` (hint: did you mean `timers`?)",
        ),
        (
            least("timers:\n  obsrve: 5m\n"),
            "hodman.yaml:8:3: unknown key `obsrve` (hint: did you mean `observe`?)",
        ),
        (
            least("log:\n  format: jsno\n"),
            "hodman.yaml:8:11: unknown value `jsno` (hint: did you mean `json`?)",
        ),
        (
            least("timers:\n  observe: 5 minutes\n"),
            "hodman.yaml:8:12: expected a length of time such as `30m`, `9h` or `2d`",
        ),
        (least("signing_key: secret\n"), "hodman.yaml:7:14"),
        (
            least("workspaces:\n  qa:\n    host: https://qa.example\n    client_id: {env: A}\n"),
            "hodman.yaml:8:3: workspaces.qa: `client_id` needs `client_secret` or `oidc`",
        ),
        (
            least(
                "workspaces:\n  qa:\n    host: https://qa.example\n    client_id: {env: A}\n    client_secret: {env: B}\n    oidc: {env: C}\n",
            ),
            "hodman.yaml:8:3: workspaces.qa: either `client_secret` or `oidc`, not both",
        ),
        (
            least(
                "workspaces:\n  qa:\n    host: https://qa.example\n    token: {env: A}\n    oidc: {env: C}\n",
            ),
            "hodman.yaml:8:3: workspaces.qa: either `client_id` with `client_secret` or `oidc`, or `token`, not both",
        ),
        (
            least(
                "accounts:\n  main:\n    account_id: x\n    client_id: {env: A}\n    environments: []\n",
            ),
            "hodman.yaml:8:3: accounts.main: `client_id` needs `client_secret` or `oidc`",
        ),
        (
            least(
                "accounts:\n  main:\n    account_id: x\n    client_id: {env: A}\n    oidc: {path: x}\n    environments: []\n",
            ),
            "hodman.yaml:11:12: unknown key `path`",
        ),
        (
            least("insecure:\n  user_credentials: true\nlisten: 0.0.0.0:80\n"),
            "hodman.yaml:8:3: insecure.user_credentials: tokens of users are taken on loopback only, not on 0.0.0.0:80",
        ),
        (
            least("insecure:\n  unsigned_webhooks: true\nlisten: 0.0.0.0:80\n"),
            "hodman.yaml:8:3: insecure.unsigned_webhooks: unsigned webhooks are taken on loopback only, not on 0.0.0.0:80",
        ),
        (
            least("workspaces:\n  qa:\n    host: https://qa.example\n    token: {value: x}\n"),
            "hodman.yaml:10:5: workspaces.qa.token: secrets are never written here; use {env: NAME} or {file: PATH}",
        ),
        (
            least("store: {url: \"mysql://x/y\"}\n"),
            "store.url: not a URL that begins with",
        ),
        (
            least("store: {url: \"postgres://u:p@x/y\"}\n"),
            "store.url: holds a password",
        ),
        (
            least("store: {url: \"postgres://x/y\"}\nsecrets: {qa: {env: [QA_*]}}\n"),
            "secrets_key: missing: on PostgreSQL",
        ),
        (
            least("public_url: ftp://x\n"),
            "hodman.yaml:7:1: public_url: not an http or https URL",
        ),
        (
            least("").replace("name: shop", "name: Shop"),
            "pipelines: the name \"Shop\" is not lower-case",
        ),
        (
            least("").replace("acme/shop", "acme"),
            "pipelines: the repository \"acme\" is not owner/name",
        ),
        (
            least("").replace("[{env: S}]", "[]"),
            "hodman.yaml:4:3: github.webhook_secrets: no webhook secret: anybody could send events",
        ),
        (
            least("").replace("token: {env: T}", "api_url: https://x"),
            "hodman.yaml:2:1: github: needs `app` or `token`",
        ),
        (least("listen: here\n"), "hodman.yaml:7:9"),
        (least("data_dir: /again\n"), "data_dir"),
    ];
    for (text, expected) in table {
        let found = refused(&text);
        assert!(found.contains(expected), "{found}\nshould say\n{expected}");
    }
}

#[test]
fn every_contradiction_is_told_at_once() {
    let found = refused("data_dir: x\ngithub: {}\npipelines: []\n");
    for expected in [
        "webhook_secrets",
        "needs `app` or `token`",
        "at least one pipeline",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn unsigned_webhooks_need_loopback_and_the_flag() {
    let unsigned = least("insecure: {unsigned_webhooks: true}\n").replace("[{env: S}]", "[]");
    assert!(read(&unsigned).is_ok());
    assert!(read(&unsigned.replace("true", "false")).is_err());
    let outside = |name: &str| (name == "HODMAN_LISTEN").then(|| "[::]:8080".to_owned());
    assert!(
        Config::read("f", &unsigned, Purpose::Serve, outside).is_err(),
        "also when the environment says so"
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let given = |name: &str| {
        Some(
            match name {
                "HODMAN_LISTEN" => "127.0.0.1:9",
                "HODMAN_PUBLIC_URL" => "https://a.example",
                "HODMAN_DATA_DIR" => "/elsewhere",
                "HODMAN_STORE_URL" => "postgres://db/hodman",
                "HODMAN_GITHUB_API_URL" => "https://ghe.example/api/v3",
                "HODMAN_LOG" => "",
                "HODMAN_LOG_FORMAT" => "json",
                other => panic!("{other} is read but not tested"),
            }
            .to_owned(),
        )
    };
    let config =
        Config::read("f", &least("log: {filter: warn}\n"), Purpose::Serve, given).expect("right");
    assert_eq!(config.listen.port(), 9);
    assert_eq!(config.public_url.as_deref(), Some("https://a.example"));
    assert_eq!(config.data_dir, Path::new("/elsewhere"));
    assert_eq!(config.store_url(), "postgres://db/hodman");
    assert_eq!(config.github.git_base(), "https://ghe.example");
    assert_eq!(
        config.log,
        Log {
            format: LogFormat::Json,
            filter: "warn".into()
        }
    );
    let bad = |name: &str| (name == "HODMAN_LOG_FORMAT").then(|| "xml".to_owned());
    let found = Config::read("f", &least(""), Purpose::Serve, bad).expect_err("not a format");
    assert_eq!(found.to_string(), "HODMAN_LOG_FORMAT: not `text` or `json`");
}

#[test]
fn secrets_are_read_and_never_shown() {
    let text = least(&format!(
        "workspaces:\n  qa: {{host: \"https://qa.example\", token: {{value: {CANARY}}}}}\n"
    ));
    let config = Config::read("f", &text, Purpose::Demo, |_| None).expect("the demo may");
    assert!(!format!("{config:?}").contains(CANARY));
    assert!(!refused(&text).contains(CANARY));
    let mistyped = least(&format!("signing_key: {CANARY}\n"));
    assert!(
        !refused(&mistyped).contains(CANARY),
        "{}",
        refused(&mistyped)
    );

    for clear in [CANARY, "4711", "1.5", "true"] {
        let found = refused(&least(&format!("signing_key: {clear}\n")));
        assert!(found.starts_with("hodman.yaml:7:14: "), "{found}");
        assert!(
            found.contains("a secret is written as {env: NAME} or {file: PATH}"),
            "{found}"
        );
        assert!(!found.contains(clear), "{found}");
    }

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, format!("{CANARY}\r\n")).expect("written");
    let secret = SecretRef::File(path.clone()).resolve().expect("a secret");
    assert_eq!(secret.expose_secret(), CANARY);
    let found = SecretRef::Env("A".into())
        .resolve_with(|_| Some(CANARY.into()))
        .expect("a secret");
    assert_eq!(found.expose_secret(), CANARY);
    std::fs::write(&path, "\n").expect("written");
    assert!(matches!(
        SecretRef::File(path).resolve(),
        Err(SecretProblem::Empty(_))
    ));
    let unset = SecretRef::Env("A".into())
        .resolve_with(|_| None)
        .expect_err("not set");
    assert_eq!(unset.to_string(), "the environment variable A is not set");
}
