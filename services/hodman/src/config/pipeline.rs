//! A repository that the daemon serves.

use super::Builds;
use schemars::JsonSchema;
use serde::Deserialize;

/// One repository, or a folder of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Its name: in marks on workspace objects, in paths and on the web page. Lower-case letters, digits and hyphens;
    /// never change it.
    pub name: String,
    /// `owner/name`.
    pub repository: String,
    /// The folder that holds `databricks.yml`; the root when empty.
    #[serde(default)]
    pub path: String,
    /// The branch that is promoted; the repository's default branch when absent.
    #[serde(default)]
    pub branch: Option<String>,
    /// Build commands of the bundle's artifacts; none run unless this allows them.
    #[serde(default)]
    pub builds: Builds,
}

impl Pipeline {
    /// Whether a webhook about `repository` concerns it. GitHub's names ignore case.
    #[must_use]
    pub fn is_in(&self, repository: &str) -> bool {
        self.repository.eq_ignore_ascii_case(repository)
    }

    /// `owner` and `name`; the check of the configuration has seen that there are two parts.
    #[must_use]
    pub fn owner_and_name(&self) -> (&str, &str) {
        self.repository
            .split_once('/')
            .unwrap_or((&self.repository, ""))
    }
}
