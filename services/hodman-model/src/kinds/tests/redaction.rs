//! What looks like a secret, and what of a text is hidden.

use serde_json::json;

use crate::kinds::secrets::{self, REDACTED, looks_secret, redact};

#[test]
fn secrets_are_known_by_their_key_or_their_look() {
    for (key, text) in [
        ("DB_PASSWORD", "x"),
        ("fs.s3a.secret.key", "x"),
        ("token", "x"),
        ("spark.api-key", "x"),
        ("DB_PASS", "x"),
        ("dbPass", "x"),
        ("mysqlpwd", "x"),
        ("anything", "dapi0123456789abcdef0123456789abcdef"),
        ("x", "AKIAIOSFODNN7EXAMPLE"),
        ("x", "-----BEGIN PRIVATE KEY-----"),
    ] {
        assert!(looks_secret(key, text), "{key}={text}");
    }
    for (key, text) in [
        ("password", ""),
        ("password", "{{secrets/s/k}}"),
        ("password", "${var.password}"),
        ("secret_scope", "team"),
        ("token_endpoint", "https://x"),
        ("name", "dapi"),
        ("task_key", "load"),
        ("compass", "north"),
        ("bypass", "x"),
        ("pass_rate", "x"),
        ("first_pass", "true"),
        ("pass", "2"),
    ] {
        assert!(!looks_secret(key, text), "{key}={text}");
    }
}

#[test]
fn secrets_are_hidden_wherever_they_stand() {
    let value = json!({"spark_env_vars": {"DB_PASSWORD": "x", "A": "b"}, "parameters": [{"name": "api_token", "default": "x"}],
                       "args": ["--password=x", "--day=1"]});
    let (hidden, any) = redact("", &value);
    assert!(any);
    assert_eq!(
        hidden,
        json!({"spark_env_vars": {"DB_PASSWORD": REDACTED, "A": "b"}, "parameters": [{"name": "api_token", "default": REDACTED}],
               "args": [REDACTED, "--day=1"]})
    );
}

#[test]
fn inside_of_a_longer_text_only_the_secret_is_hidden() {
    for (text, shown) in [
        (
            "jdbc:postgresql://ada:hunter2@db:5432/shop",
            "jdbc:postgresql://ada:(redacted)@db:5432/shop",
        ),
        (
            "jdbc:sqlserver://db:1433;user=ada;password=hunter2;encrypt=true",
            "jdbc:sqlserver://db:1433;user=ada;password=(redacted);encrypt=true",
        ),
        (
            "jdbc:mysql://db/shop?user=ada&password=hunter2",
            "jdbc:mysql://db/shop?user=ada&password=(redacted)",
        ),
        (
            "jdbc:oracle:thin:scott/tiger@db:1521:x",
            "jdbc:oracle:thin:scott/(redacted)@db:1521:x",
        ),
        (
            "https://ghp_0123456789abcdef0123@github.com/a/b",
            "https://(redacted)@github.com/a/b",
        ),
        (
            "https://x.example.com/hook?token=hunter2#a",
            "https://x.example.com/hook?token=(redacted)",
        ),
        (
            "Server=db;User Id=ada;Pwd=hunter2;",
            "Server=db;User Id=ada;Pwd=(redacted);",
        ),
        (
            "host=db user=ada password='hunter2' port=1",
            "host=db user=ada password='(redacted)' port=1",
        ),
        ("password=hunter2", "password=(redacted)"),
        (
            "load.py --db-password hunter2 --token=hunter2 --day 1",
            "load.py --db-password (redacted) --token=(redacted) --day 1",
        ),
    ] {
        assert_eq!(secrets::masked(text).as_deref(), Some(shown), "{text}");
        assert_eq!(secrets::masked(shown), None, "{shown}");
    }
    for text in [
        "select a.token from a join b on a.token=b.token where a.day='1'",
        "select token from a where token=b",
        "abfss://raw@account.dfs.core.windows.net/token=1",
        "jdbc:postgresql://ada:${var.password}@db/shop",
        "jdbc:postgresql://db/shop?user=ada&password={{secrets/s/k}}",
        "git@github.com:a/b.git",
        "--password",
        "--password --day=1",
        "say --token to pass it",
        "-- for the mail\n--password Reset2\nselect 1",
        "dG9rZW4=",
    ] {
        assert_eq!(secrets::masked(text), None, "{text}");
    }
}

#[test]
fn an_argument_after_one_that_says_so_is_a_secret() {
    let arguments = json!([
        "--password",
        "x",
        "--day",
        "1",
        "-token",
        "{{secrets/s/k}}",
        "--secret",
        "--day"
    ]);
    assert_eq!(
        redact("parameters", &arguments),
        (
            json!([
                "--password",
                REDACTED,
                "--day",
                "1",
                "-token",
                "{{secrets/s/k}}",
                "--secret",
                "--day"
            ]),
            true
        )
    );
}

#[test]
fn keys_in_any_script_are_looked_at() {
    // Between `ß` and `e` no byte is a letter of ASCII, and the word begins after both bytes of it.
    for (key, secret) in [
        ("größe", false),
        ("größe_api_key", true),
        ("ü-pwd", true),
        ("日本語", false),
    ] {
        assert_eq!(looks_secret(key, "a1b2c3d4e5f6"), secret, "{key}");
        let said = json!(format!("--{key}=a1b2c3d4e5f6"));
        assert_eq!(redact("args", &said).1, secret, "{said}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_that_people_write_is_too_odd_to_look_at(key in "\\PC{0,12}", text in "\\PC{0,24}") {
        let said = json!(format!("{key}=\"{text}\"; --{text} {key}://{text}:{key}@h/?{key}={text}"));
        for (key, value) in [(&key, json!(text)), (&text, said)] {
            let (shown, hidden) = redact(key, &value);
            proptest::prop_assert_eq!(hidden, shown != value);
            proptest::prop_assert!(hidden || !value.as_str().is_some_and(|text| looks_secret(key, text)));
        }
    }
}
