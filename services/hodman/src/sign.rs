//! The key that signs attestations: Ed25519, kept in a file of the daemon's data directory or given by reference.

use crate::config::SecretRef;
use crate::kept::kept;
use crate::work::WorkError;
use anyhow::Context as _;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use hodman_model::digest::Digest;
use hodman_model::package::attestation;
use secrecy::ExposeSecret as _;
use std::fmt;
use std::path::Path;

/// Signs what hodman built.
pub struct Signer {
    key: Ed25519KeyPair,
    id: String,
}

impl Signer {
    /// The configured key (PKCS#8, hex), or one made at first start and kept in `data_dir` for the next.
    ///
    /// # Errors
    /// When the key cannot be read, is not one, or cannot be kept.
    pub fn load(reference: Option<&SecretRef>, data_dir: &Path) -> anyhow::Result<Self> {
        let pkcs8 = match reference {
            Some(reference) => {
                let text = reference.resolve().context("signing_key")?;
                hex::decode(text.expose_secret().trim()).context("signing_key is not hex")?
            }
            None => kept(&data_dir.join("signing-key.pk8"), || {
                let random = aws_lc_rs::rand::SystemRandom::new();
                let made = Ed25519KeyPair::generate_pkcs8(&random)
                    .map_err(|_| anyhow::anyhow!("no signing key could be made"))?;
                Ok(made.as_ref().to_vec())
            })?,
        };
        let key = Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map_err(|_| anyhow::anyhow!("the signing key is not an Ed25519 key in PKCS#8"))?;
        let public = hodman_model::digest::sha256(key.public_key().as_ref());
        Ok(Self {
            key,
            id: format!("ed25519:{}", &public.hex()[..16]),
        })
    }

    /// The key's name in attestations.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key, for whoever verifies.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// A signed statement of what was built from what.
    pub(crate) fn attest(
        &self,
        package: &Digest,
        repository: &str,
        commit: &str,
        inputs: &str,
        at: DateTime<Utc>,
    ) -> Result<Vec<u8>, WorkError> {
        let parsed = |what: &str| WorkError::lasting(format!("{what} is not one"));
        let statement = attestation::statement(&attestation::Provenance {
            name: format!("{}.tar.zst", package.hex()),
            package: package.clone(),
            builder: concat!("hodman/", env!("CARGO_PKG_VERSION")).to_owned(),
            repository: repository.to_owned(),
            commit: commit.parse().map_err(|_| parsed("the commit"))?,
            inputs: inputs
                .parse()
                .map_err(|_| parsed("the identity of the inputs"))?,
            built_at: at,
        });
        let sign = |bytes: &[u8]| self.key.sign(bytes).as_ref().to_vec();
        let envelope = attestation::sign(&statement, &self.id, &sign);
        Ok(serde_json::to_vec_pretty(&envelope)?)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
