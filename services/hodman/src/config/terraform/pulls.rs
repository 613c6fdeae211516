//! How Terraform runs for what nobody merged yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hodman_clients::terraform::TerraformConfig;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{BackendValue, TerraformIdentity, TerraformPlace};
use crate::config::SecretRef;

/// How Terraform runs for pull requests that nobody merged yet: for people's, where `terraform_plans: allowed` stands in the policy on the
/// promoted branch, and never for forks'. Whoever may open one decides what runs: as the daemon's own user, with its files and the
/// network in reach, and with all that is given here to show to whom it likes. So it is given nothing of all that others are, and a
/// daemon that is root runs none without a `wrapper`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TerraformPulls {
    /// Who plans: may read what the stacks manage and their states, and nothing that whoever may open a pull request should not see.
    pub plan: TerraformIdentity,
    /// Variables in the place of the other `variables`, of which it gets none.
    pub variables: BTreeMap<String, SecretRef>,
    /// Values of the backend in the place of those above, of which it gets all but secrets.
    pub backend: BTreeMap<String, BackendValue>,
    /// A CLI configuration in the place of the other `cli_config`, which may hold tokens. The program has to see it in a sandbox, too.
    pub cli_config: Option<PathBuf>,
    /// Words in front of the program, for a sandbox of the machine. `${folder}` in them is the folder of the run, which is all that it has to
    /// see beside the program and the plugin cache, which is one of its own, `PLUGIN_CACHE-unmerged` beside the other: `[bwrap, --ro-bind, /usr, /usr, --proc, /proc, --bind, "${folder}", "${folder}", …]`.
    pub wrapper: Vec<String>,
}

impl TerraformPlace {
    /// The client's settings for what nobody merged.
    #[must_use]
    pub fn client_of_pulls(&self) -> TerraformConfig {
        let pulls = self.pull_requests.as_ref();
        TerraformConfig {
            wrapper: pulls.map(|pulls| pulls.wrapper.clone()).unwrap_or_default(),
            plugin_cache: self.cache_of_pulls(),
            cli_config: pulls.and_then(|pulls| pulls.cli_config.clone()),
            ..self.client()
        }
    }

    /// The plugin cache for what nobody merged: whoever writes the other one decides what is started with the identity for applies, and
    /// whoever locks it makes everybody wait.
    #[must_use]
    pub fn cache_of_pulls(&self) -> Option<PathBuf> {
        let cache = self.plugin_cache.as_ref()?;
        let mut name = cache.file_name()?.to_owned();
        name.push("-unmerged");
        Some(cache.with_file_name(name))
    }

    /// The backend's values for what nobody merged: all but secrets, and what is said for it.
    #[must_use]
    pub fn backend_of_pulls(&self) -> BTreeMap<String, BackendValue> {
        let open = self.backend.iter();
        let open = open.filter_map(|(key, value)| Some((key.clone(), value.without_secrets()?)));
        let said = self.pull_requests.iter().flat_map(|pulls| &pulls.backend);
        open.chain(said.map(|(key, value)| (key.clone(), value.clone())))
            .collect()
    }

    /// Why it runs for no pull request; none when it does. `root` is whether the daemon is that.
    #[must_use]
    pub fn refuses_pulls(&self, name: &str, root: bool) -> Option<String> {
        match &self.pull_requests {
            None => Some(format!(
                "the daemon's settings let Terraform run for no pull request (`terraform.{name}.pull_requests`)"
            )),
            Some(pulls) if root && pulls.wrapper.is_empty() => Some(format!(
                "the daemon is root, and so would be whatever a pull request says: Terraform runs for one only in a sandbox then \
                 (`terraform.{name}.pull_requests.wrapper`)"
            )),
            Some(_) => None,
        }
    }
}
