//! What an environment's binding gives to the bundle.

use super::Foundation;
use crate::bundle::Options;
use crate::capture::identity;
use crate::diagnostic::Diagnostics;
use crate::files::{Environment, Tree};

impl Environment {
    /// The target of the bundle that the environment `name` gets.
    #[must_use]
    pub fn target_of<'e>(&'e self, name: &'e str) -> &'e str {
        self.bundle_target.as_deref().unwrap_or(name)
    }

    /// How the bundle in `tree` is resolved for this environment, called `name`, whose modules come to `foundation`: with the
    /// values of its variables, and whatever was captured elsewhere as it is called here.
    ///
    /// # Errors
    /// What has no counterpart in the environment, and outputs that no module gives.
    pub fn options(
        &self,
        name: &str,
        tree: &Tree,
        foundation: &Foundation,
    ) -> Result<Options, Diagnostics> {
        let file = format!("environments/{name}/environment.yaml");
        let variables = identity::variables(&file, self, self.target_of(name), tree)?;
        let variables = foundation
            .variables(&file, &variables)
            .map_err(|problem| Diagnostics(vec![problem]))?;
        Ok(Options {
            variables,
            outside: foundation.outside(),
            ..Options::default()
        })
    }
}
