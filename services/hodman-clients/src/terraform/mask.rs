//! Secrets out of lines of output.

use std::collections::BTreeSet;

/// What stands where a secret stood.
const MASKED: &str = "(sensitive)";
/// Texts shorter than this would mask half of what is said.
const SHORTEST: usize = 4;

/// Knows the secrets that were given in, as they are, line by line, and as they look inside JSON.
#[derive(Clone, Default)]
pub(super) struct Mask {
    /// The longest first: one may be the beginning of another.
    secrets: Vec<String>,
}

impl Mask {
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = BTreeSet::new();
        for secret in secrets {
            for part in std::iter::once(secret).chain(secret.lines()) {
                let part = part.trim();
                if part.len() >= SHORTEST {
                    let quoted = serde_json::Value::from(part).to_string();
                    // One quotation mark each: the secret may end in one of its own.
                    all.insert(quoted[1..quoted.len() - 1].to_owned());
                    all.insert(part.to_owned());
                }
            }
        }
        let mut secrets: Vec<_> = all.into_iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
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
    use super::Mask;

    #[test]
    fn the_whole_a_line_and_the_quoted_form_are_masked() {
        let mask = Mask::new(["first line\nsecond \"line\"", "abcdef", "abcdefgh", "x"]);
        assert_eq!(mask.apply("say first line x"), "say (sensitive) x");
        assert_eq!(
            mask.apply(r#"{"a":"second \"line\""}"#),
            r#"{"a":"(sensitive)"}"#
        );
        assert_eq!(mask.apply("abcdefgh abcdef"), "(sensitive) (sensitive)");
        assert!(!format!("{mask:?}").contains("abcdef"));
    }
}
