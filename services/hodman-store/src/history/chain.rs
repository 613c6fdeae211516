//! The hash of one entry: SHA-256 over the hash before it and every stored column.

use sha2::{Digest, Sha256};

/// The columns of an entry, exactly as they are stored.
pub(super) struct Link<'c> {
    pub pipeline: &'c str,
    pub position: i64,
    pub version: i64,
    pub at_ms: i64,
    pub env: Option<&'c str>,
    pub kind: &'c str,
    pub because: &'c str,
    pub data: &'c str,
}

impl Link<'_> {
    /// The hash in hex. `before` is the hash of the entry before, empty for the first.
    pub(super) fn hash(&self, before: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(b"hodman history v1\0");
        let mut field = |bytes: &[u8]| {
            // The length in front keeps ("ab", "c") and ("a", "bc") apart.
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        field(before.as_bytes());
        field(self.pipeline.as_bytes());
        field(&self.position.to_be_bytes());
        field(&self.version.to_be_bytes());
        field(&self.at_ms.to_be_bytes());
        field(&[u8::from(self.env.is_some())]);
        field(self.env.unwrap_or_default().as_bytes());
        field(self.kind.as_bytes());
        field(self.because.as_bytes());
        field(self.data.as_bytes());
        hex::encode(hash.finalize())
    }
}
