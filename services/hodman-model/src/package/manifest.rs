//! What a package says of itself.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::digest::{Digest, canonical_json};

/// The list of a package's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format, 1.
    pub format: u32,
    /// The files in order of path.
    pub files: Vec<ManifestEntry>,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// Path in the repository.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Of the content.
    pub sha256: Digest,
    /// As Git knows it.
    pub mode: ManifestMode,
}

/// The two modes that a file has in Git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManifestMode {
    /// Ordinary.
    #[serde(rename = "644")]
    Plain,
    /// Executable.
    #[serde(rename = "755")]
    Executable,
}

impl ManifestMode {
    /// The mode of a file.
    #[must_use]
    pub const fn of(executable: bool) -> Self {
        if executable {
            Self::Executable
        } else {
            Self::Plain
        }
    }

    /// As tar writes it.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Plain => 0o644,
            Self::Executable => 0o755,
        }
    }
}

impl Manifest {
    /// The format that this program reads and writes.
    pub const FORMAT: u32 = 1;

    /// The manifest as it stands in the package; equal manifests give equal text.
    #[must_use]
    pub fn to_json(&self) -> String {
        canonical_json(&json!({"format": self.format, "files": self.files}))
    }
}
