//! How long file sets are kept, and who reads them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The folders with the files of each package. Only `layout` changes what is applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSets {
    /// Where the files lie.
    #[serde(default)]
    pub layout: Layout,
    /// How many of the file sets that were applied last are kept, so that a rollback uploads nothing. 3 when absent. A set
    /// that a job or a run still uses is never removed.
    #[serde(default = "three")]
    pub keep: u32,
    /// Groups that read the files, beside everybody whom a job runs as.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
    /// Places of files in the workspace, by path in the bundle; others lie in the folder. No setting: a restore says where
    /// people had them.
    #[serde(skip)]
    pub places: BTreeMap<String, String>,
}

/// Where the files lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Each file set in a folder of its own, named by its digest, which never changes.
    #[default]
    Digest,
    /// In one folder with a fixed path, changed in place: runs at work may see a mixture of old and new files.
    InPlace,
}

const fn three() -> u32 {
    3
}

impl Default for FileSets {
    fn default() -> Self {
        Self {
            layout: Layout::Digest,
            keep: three(),
            readers: Vec::new(),
            places: BTreeMap::new(),
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
