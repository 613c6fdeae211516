//! Secrets out of lines of output.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret as _, SecretString};

/// What stands where a secret stood.
const MASKED: &str = "(sensitive)";
/// Texts shorter than this would mask half of what is said.
const SHORTEST: usize = 4;

/// Secrets that a program gets while it runs. Clones are the same.
#[derive(Clone, Default)]
pub struct LateSecrets(Arc<RwLock<Vec<String>>>);

impl LateSecrets {
    /// From now on it is masked in what the program says.
    pub fn add(&self, secret: &SecretString) {
        let forms = forms([secret.expose_secret()]);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(forms);
    }

    /// All that came so far.
    #[must_use]
    pub fn all(&self) -> Vec<SecretString> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|form| form.as_str().into()).collect()
    }
}

impl std::fmt::Debug for LateSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LateSecrets")
    }
}

/// Knows the secrets that were given in, as they are, line by line, and as they look inside JSON.
#[derive(Clone, Default)]
pub(super) struct Mask {
    secrets: Vec<String>,
    late: LateSecrets,
}

/// What a secret may look like, the longest first: one may be the beginning of another.
fn forms<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all = BTreeSet::new();
    for secret in secrets {
        let inside = parts(secret);
        let inside = inside.iter().map(String::as_str);
        for part in std::iter::once(secret).chain(secret.lines()).chain(inside) {
            let part = part.trim();
            if part.len() >= SHORTEST {
                let quoted = serde_json::Value::from(part).to_string();
                // One quotation mark each: the secret may end in one of its own.
                all.insert(quoted[1..quoted.len() - 1].to_owned());
                all.insert(part.to_owned());
            }
        }
    }
    let mut forms: Vec<_> = all.into_iter().collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// The texts and numbers in a secret that is an object or a list in JSON: each of them is one by itself, wherever it goes.
#[must_use]
pub fn parts(secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    if secret.trim_start().starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str(secret)
    {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

impl Mask {
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>, late: LateSecrets) -> Self {
        let secrets = forms(secrets);
        Self { secrets, late }
    }

    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let late = self.late.0.read().unwrap_or_else(PoisonError::into_inner);
        for secret in self.secrets.iter().chain(&*late) {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASKED);
            }
        }
        text
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} secrets)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{LateSecrets, Mask};

    #[test]
    fn the_whole_a_line_and_the_quoted_form_are_masked() {
        let late = LateSecrets::default();
        let known = ["first line\nsecond \"line\"", "abcdef", "abcdefgh", "x"];
        let mask = Mask::new(known, late.clone());
        assert_eq!(mask.apply("say first line x"), "say (sensitive) x");
        assert_eq!(
            mask.apply(r#"{"a":"second \"line\""}"#),
            r#"{"a":"(sensitive)"}"#
        );
        assert_eq!(mask.apply("abcdefgh abcdef"), "(sensitive) (sensitive)");
        let object = Mask::new(
            [r#"{"user": "u", "password": "s3cret", "pin": [90817]}"#],
            LateSecrets::default(),
        );
        assert_eq!(
            object.apply("u: s3cret and 90817"),
            "u: (sensitive) and (sensitive)"
        );
        assert!(!format!("{mask:?}").contains("abcdef"));
        assert_eq!(mask.apply("say 12345"), "say 12345");
        late.add(&"12345".into());
        assert_eq!(mask.apply("say 12345"), "say (sensitive)");
        assert!(!format!("{late:?}").contains("12345"));
    }
}
