//! Where packages are kept.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// A folder or a bucket; either is enough, and both hold the same bytes under the same names.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageStore {
    /// A folder on this machine.
    Directory(PathBuf),
    /// A bucket, or something that speaks like one.
    S3(S3Packages),
}

/// A bucket for packages.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Packages {
    /// Its name.
    pub bucket: String,
    /// In front of every key; ends with a slash as a rule.
    #[serde(default)]
    pub prefix: String,
    /// Another address than AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region; from the usual AWS settings when absent.
    #[serde(default)]
    pub region: Option<String>,
}
