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
    /// Whether a pull request that changes modules or an environment's inputs gets a plan of its stacks of Terraform, before it is merged:
    /// never from a fork, and as the daemon's own settings say (`pull_requests`), which must allow it, too. Refused, they are planned once it
    /// is merged.
    #[serde(skip_serializing_if = "TerraformPolicy::is_refused")]
    pub terraform_plans: TerraformPolicy,
}

/// Whether Terraform runs for a pull request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerraformPolicy {
    /// No: not before it is merged.
    #[default]
    Refused,
    /// Yes.
    Allowed,
}

impl TerraformPolicy {
    /// Whether all is as when the key is absent.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        *self == Self::Refused
    }
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
