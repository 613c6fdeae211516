//! Whether a delivery was signed with one of our secrets.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// What GitHub writes before the hexadecimal digits.
const PREFIX: &str = "sha256=";

/// Knows the webhook secrets. What it is given and what it computes is never shown.
#[derive(Clone, Debug)]
pub struct Verifier {
    secrets: Vec<SecretString>,
    unsigned: bool,
}

/// There is no secret to verify with, and unsigned deliveries were not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no webhook secret is configured: anybody could send events")]
pub struct NoSecret;

impl Verifier {
    /// Verifies with any of `secrets`: two while one replaces the other.
    ///
    /// # Errors
    /// Without a secret, or with an empty one.
    pub fn new(secrets: Vec<SecretString>) -> Result<Self, NoSecret> {
        if secrets.is_empty()
            || secrets
                .iter()
                .any(|secret| secret.expose_secret().is_empty())
        {
            return Err(NoSecret);
        }
        Ok(Self {
            secrets,
            unsigned: false,
        })
    }

    /// Takes everything, signed or not. For a daemon on loopback that was told so by name.
    #[must_use]
    pub fn accepting_unsigned() -> Self {
        Self {
            secrets: Vec::new(),
            unsigned: true,
        }
    }

    /// Whether a delivery with this header may be one that [`Self::accepts`] takes: known before a byte of its body is.
    #[must_use]
    pub fn could_accept(&self, header: Option<&str>) -> bool {
        self.unsigned || header.and_then(given).is_some()
    }

    /// Whether `header` (`sha256=` and 64 hexadecimal digits) signs these raw bytes. Every secret is tried, each
    /// comparison in constant time, so that the time taken tells nothing.
    #[must_use]
    pub fn accepts(&self, header: Option<&str>, body: &[u8]) -> bool {
        if self.unsigned {
            return true;
        }
        let Some(given) = header.and_then(given) else {
            return false;
        };
        self.secrets.iter().fold(false, |accepted, secret| {
            matches(secret, body, &given) | accepted
        })
    }
}

/// What a header says that the signature is.
fn given(header: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(header.strip_prefix(PREFIX)?, &mut bytes).ok()?;
    Some(bytes)
}

fn matches(secret: &SecretString, body: &[u8], given: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(given).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's documented example.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn verifier(secrets: &[&str]) -> Verifier {
        Verifier::new(secrets.iter().map(|s| SecretString::from(*s)).collect()).expect("secrets")
    }

    #[test]
    fn github_s_documented_example() {
        assert!(verifier(&[SECRET]).accepts(Some(SIGNATURE), BODY));
    }

    #[test]
    fn any_of_several_secrets() {
        assert!(verifier(&["new", SECRET]).accepts(Some(SIGNATURE), BODY));
        assert!(verifier(&[SECRET, "new"]).accepts(Some(SIGNATURE), BODY));
        assert!(!verifier(&["new", "newer"]).accepts(Some(SIGNATURE), BODY));
    }

    #[test]
    fn everything_else_is_refused() {
        let verifier = verifier(&[SECRET]);
        let digits = &SIGNATURE[PREFIX.len()..];
        for wrong in [
            "",
            "sha256=",
            digits,
            &format!("sha1={digits}"),
            &format!("SHA256={digits}"),
            &format!("sha256={digits}0"),
            &format!("sha256= {digits}"),
            &SIGNATURE[..SIGNATURE.len() - 2],
            &format!("sha256={}", "z".repeat(64)),
            &format!("sha256={}", "0".repeat(64)),
            &format!("{digits},{SIGNATURE}"),
        ] {
            assert!(!verifier.accepts(Some(wrong), BODY), "{wrong}");
            let zeros = wrong.ends_with(&"0".repeat(64));
            assert_eq!(verifier.could_accept(Some(wrong)), zeros, "{wrong}");
        }
        assert!(verifier.could_accept(Some(SIGNATURE)) && !verifier.could_accept(None));
        assert!(!verifier.accepts(None, BODY));
        assert!(!verifier.accepts(Some(SIGNATURE), b"Hello, World"));
    }

    #[test]
    fn no_secret_is_no_verifier() {
        assert_eq!(Verifier::new(vec![]).err(), Some(NoSecret));
        assert_eq!(
            Verifier::new(vec!["a".into(), "".into()]).err(),
            Some(NoSecret)
        );
        assert!(Verifier::accepting_unsigned().accepts(None, BODY));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", verifier(&["hodman-canary-5ecret-DO-NOT-LEAK"]));
        assert!(!shown.contains("canary"), "{shown}");
    }
}
