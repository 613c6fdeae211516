//! Saved plans at rest: a plan holds every secret in clear, so it is encrypted, and bound to what it was made for.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use serde::{Deserialize, Serialize};

use super::TerraformError;

/// What a saved plan was made for. Anything else that is asked for does not open it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The commit of the directory.
    pub commit: String,
    /// The lineage of the state; empty before the first apply.
    pub lineage: String,
    /// The serial of the state; 0 before the first apply.
    pub serial: u64,
    /// SHA-256 of the plan file, in hex.
    pub plan_sha256: String,
    /// The program's version, and on what; another one cannot apply it.
    pub version: String,
}

/// The key for saved plans: 256 bits.
#[derive(Clone)]
pub struct PlanKey([u8; 32]);

impl PlanKey {
    /// Wraps a key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, TerraformError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| TerraformError::Sealed)
    }

    /// Nonce and AES-256-GCM ciphertext of `bytes`; opens only with the same `about`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn seal(&self, about: &[u8], mut bytes: Vec<u8>) -> Result<Vec<u8>, TerraformError> {
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(about), &mut bytes)
            .map_err(|_| TerraformError::Sealed)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Ok(sealed)
    }

    /// What was sealed.
    ///
    /// # Errors
    /// With another key, about something else, or when it is damaged.
    pub fn open(&self, about: &[u8], sealed: &[u8]) -> Result<Vec<u8>, TerraformError> {
        let (nonce, sealed) = sealed
            .split_at_checked(NONCE_LEN)
            .ok_or(TerraformError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| TerraformError::Sealed)?;
        let mut bytes = sealed.to_vec();
        let length = self
            .cipher()?
            .open_in_place(nonce, Aad::from(about), &mut bytes)
            .map_err(|_| TerraformError::Sealed)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

impl std::fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlanKey(…)")
    }
}

/// A saved plan as it may lie in a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPlan {
    /// What it was made for.
    pub binding: Binding,
    /// Nonce and AES-256-GCM ciphertext; the binding is authenticated with it.
    pub sealed: Vec<u8>,
}

impl SealedPlan {
    pub(super) fn seal(
        binding: Binding,
        plan: Vec<u8>,
        key: &PlanKey,
    ) -> Result<Self, TerraformError> {
        let sealed = key.seal(&binding.bytes()?, plan)?;
        Ok(Self { binding, sealed })
    }

    /// The plan file.
    pub(super) fn open(&self, key: &PlanKey) -> Result<Vec<u8>, TerraformError> {
        key.open(&self.binding.bytes()?, &self.sealed)
    }
}

impl Binding {
    fn bytes(&self) -> Result<Vec<u8>, TerraformError> {
        serde_json::to_vec(self).map_err(|_| TerraformError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_opens_with_its_key_and_its_binding_only() {
        let binding = Binding {
            commit: "c".repeat(40),
            lineage: "l".to_owned(),
            serial: 3,
            plan_sha256: "0".repeat(64),
            version: "1.11.4".to_owned(),
        };
        let key = PlanKey::new([7; 32]);
        let sealed =
            SealedPlan::seal(binding, b"hodman-canary-5ecret-DO-NOT-LEAK".to_vec(), &key).unwrap();
        assert!(!String::from_utf8_lossy(&sealed.sealed).contains("canary"));
        assert_eq!(
            sealed.open(&key).unwrap(),
            b"hodman-canary-5ecret-DO-NOT-LEAK"
        );
        assert!(sealed.open(&PlanKey::new([8; 32])).is_err());
        let mut other = sealed.clone();
        other.binding.serial = 4;
        assert!(other.open(&key).is_err());
        let mut damaged = sealed.clone();
        damaged.sealed.truncate(5);
        assert!(damaged.open(&key).is_err());
    }
}
