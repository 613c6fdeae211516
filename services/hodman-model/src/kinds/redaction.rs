//! Values that look like secrets. They never reach a plan, a pull request or a captured file in clear.
//!
//! This is the second line: the first is that secrets are written as `{{secrets/<scope>/<key>}}`, which names one
//! and holds none.

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
    if tells(key) {
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
    let key: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    TELLING_WORDS.iter().any(|word| key.contains(word)) && !names_only(&key)
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

/// `value` with everything that looks like a secret replaced by [`REDACTED`], and whether there was any.
///
/// `key` is the key that `value` stands under; elements of a list count as standing under the list's.
#[must_use]
pub fn redact(key: &str, value: &Value) -> (Value, bool) {
    match value {
        Value::String(text) if looks_secret(key, text) => {
            (Value::String(REDACTED.to_owned()), true)
        }
        Value::Array(items) => {
            let done: Vec<_> = items.iter().map(|item| redact(key, item)).collect();
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
