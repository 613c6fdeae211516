//! `environments/policy.yaml`: what holds for the repository as a whole. Only what is on the default branch counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::yaml;
use crate::diagnostic::Diagnostics;

/// The file's path in the pipeline's folder.
pub const POLICY_FILE: &str = "environments/policy.yaml";

/// What holds for all environments; a repository without the file has the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whether build commands of the bundle's `artifacts` may run when a package is made. The daemon's own settings must
    /// allow them for the pipeline, too.
    pub builds: BuildPolicy,
}

/// Whether build commands may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuildPolicy {
    /// No: artifacts are committed as they are used.
    #[default]
    Refused,
    /// Yes.
    Allowed,
}

/// Reads an `environments/policy.yaml`; `path` is for the errors.
///
/// # Errors
/// Where the text is no policy.
pub fn parse_policy(path: &str, text: &str) -> Result<Policy, Diagnostics> {
    Ok(yaml::read(path, text)?)
}
