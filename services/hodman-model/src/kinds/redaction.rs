//! Values that look like secrets. They never reach a plan, a pull request or a captured file in clear.
//!
//! This is the second line: the first is that secrets are written as `{{secrets/<scope>/<key>}}`, which names one
//! and holds none.

mod inside;

use serde_json::Value;

/// What is shown in place of a secret.
pub const REDACTED: &str = "(redacted)";

/// Words in a key that say that its value is one. Databricks users put such keys into `spark_conf`,
/// `spark_env_vars` and task parameters.
const TELLING_WORDS: &[&str] = &[
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "accountkey",
    "connectionstring",
    "plaintext",
];

/// Ends of keys that say the same when they are a word of their own, or after one of [`WHOSE`]: `DB_PASS`, not `compass`.
const SHORT_WORDS: &[&str] = &["pass", "pwd"];

/// See [`SHORT_WORDS`].
const WHOSE: &[&str] = &[
    "", "admin", "db", "jdbc", "key", "ldap", "login", "my", "mysql", "pg", "postgres", "root",
    "smtp", "sql", "store", "user",
];

/// Starts of texts that are a secret whatever key they stand under.
const TELLING_STARTS: &[&str] = &[
    "dapi",
    "dose",
    "ghp_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "ASIA",
    "xoxb-",
    "-----BEGIN ",
];

/// Whether the value `text` under `key` looks like a secret.
#[must_use]
pub fn looks_secret(key: &str, text: &str) -> bool {
    if text.is_empty() || text == REDACTED || is_reference(text) {
        return false;
    }
    // Command-line arguments say the key themselves: `--password=…`.
    if let Some((name, value)) = text.strip_prefix('-').and_then(|rest| rest.split_once('='))
        && !value.is_empty()
        && !is_reference(value)
        && tells(name)
    {
        return true;
    }
    if tells(key) && !(tells_shortly(key) && is_plain(text)) {
        return true;
    }
    TELLING_STARTS.iter().any(|start| {
        text.strip_prefix(start).is_some_and(|rest| {
            *start == "-----BEGIN "
                || (rest.len() >= 16
                    && rest
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        })
    })
}

/// Whether a key says that its value is a secret.
fn tells(key: &str) -> bool {
    if tells_shortly(key) {
        return true;
    }
    let key: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    TELLING_WORDS.iter().any(|word| key.contains(word)) && !names_only(&key)
}

/// Whether the last word of a key is a short one that says it.
fn tells_shortly(key: &str) -> bool {
    let mut words = key.rsplit(|c: char| !c.is_ascii_alphanumeric());
    let word = words.next().unwrap_or(key);
    // In `dbPass` the case begins a word.
    let tail = word
        .rfind(|c: char| c.is_ascii_uppercase())
        .filter(|_| word.chars().any(|c| c.is_ascii_lowercase()))
        .map_or(word, |at| &word[at..]);
    [word, tail].into_iter().any(|word| {
        let word = word.to_ascii_lowercase();
        SHORT_WORDS.iter().any(|short| {
            word.strip_suffix(short)
                .is_some_and(|whose| WHOSE.contains(&whose))
        })
    })
}

/// `first_pass: true` and `pass: 2` say no password.
fn is_plain(text: &str) -> bool {
    matches!(text, "true" | "false") || (text.len() < 4 && text.bytes().all(|c| c.is_ascii_digit()))
}

/// `{{secrets/scope/key}}`, `{{job.parameters.x}}` and `${…}` name a value that stands elsewhere.
fn is_reference(text: &str) -> bool {
    (text.starts_with("{{") && text.ends_with("}}"))
        || (text.starts_with("${") && text.ends_with('}'))
}

/// Keys such as `secret_scope` or `token_endpoint` name a place, no secret.
fn names_only(key: &str) -> bool {
    [
        "scope", "name", "endpoint", "url", "uri", "provider", "path", "file", "enabled",
    ]
    .iter()
    .any(|end| key.ends_with(end))
}

/// The text without the secrets inside of it, such as the password in an address; none when there are none. What is a secret
/// as a whole is [`looks_secret`].
#[must_use]
pub fn masked(text: &str) -> Option<String> {
    inside::masked(text)
}

/// Whether the argument after this one is a secret, as after `--password`.
#[must_use]
pub fn is_secret_flag(argument: &str) -> bool {
    inside::is_flag(argument)
}

/// `value` with everything that looks like a secret replaced by [`REDACTED`], and whether there was any. Of a longer text only
/// the secret in it is replaced.
///
/// `key` is the key that `value` stands under; elements of a list count as standing under the list's, but for an argument
/// after one that says what it is: `--password`.
#[must_use]
pub fn redact(key: &str, value: &Value) -> (Value, bool) {
    match value {
        Value::String(text) if looks_secret(key, text) => {
            (Value::String(REDACTED.to_owned()), true)
        }
        Value::String(text) => match masked(text) {
            Some(text) => (Value::String(text), true),
            None => (value.clone(), false),
        },
        Value::Array(items) => {
            let before = std::iter::once(None).chain(items.iter().map(Value::as_str));
            let done: Vec<_> = items
                .iter()
                .zip(before)
                .map(|(item, before)| match item.as_str() {
                    Some(text) if before.is_some_and(is_secret_flag) && !text.starts_with('-') => {
                        redact("password", item)
                    }
                    _ => redact(key, item),
                })
                .collect();
            let any = done.iter().any(|(_, secret)| *secret);
            (
                Value::Array(done.into_iter().map(|(item, _)| item).collect()),
                any,
            )
        }
        Value::Object(map) => {
            // {name: db_password, default: hunter2}: the parameters of a job say the key beside the value.
            let named = map
                .get("name")
                .or_else(|| map.get("key"))
                .and_then(Value::as_str);
            let mut any = false;
            let done = map
                .iter()
                .map(|(inner, value)| {
                    let under = if matches!(inner.as_str(), "default" | "value") {
                        named.unwrap_or(inner)
                    } else {
                        inner
                    };
                    let (value, secret) = redact(under, value);
                    any |= secret;
                    (inner.clone(), value)
                })
                .collect();
            (Value::Object(done), any)
        }
        other => (other.clone(), false),
    }
}
