//! How long file sets are kept, and who reads them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The folders with the files of each package. None of this changes what is applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSets {
    /// How many of the file sets that were applied last are kept, so that a rollback uploads nothing. 3 when absent. A set
    /// that a job or a run still uses is never removed.
    #[serde(default = "three")]
    pub keep: u32,
    /// Groups that read the files, beside everybody whom a job runs as.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
}

const fn three() -> u32 {
    3
}

impl Default for FileSets {
    fn default() -> Self {
        Self {
            keep: three(),
            readers: Vec::new(),
        }
    }
}

impl FileSets {
    /// Whether all is as when the key is absent.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
