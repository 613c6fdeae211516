//! The part of an environment that changes what is applied, and its name.

use serde_json::json;

use super::{Environment, Layout};
use crate::digest::{Digest, canonical_json, sha256};

impl Environment {
    /// The name of the binding: equal exactly when the same package would ask for the same objects.
    ///
    /// Gates, schedules, `merge`, `open`, `verify` and `drift` say when and by whom, not what: changing them re-applies
    /// nothing. `state` is in it because `absent` applies a destruction.
    #[must_use]
    pub fn binding_digest(&self) -> Digest {
        let mut binding = json!({
            "format": 1,
            "workspaces": self.workspaces,
            "bundle_target": self.bundle_target,
            "variables": self.variables,
            "identity": self.identity,
            "state": self.state,
        });
        // Only where it is said: other bindings keep their names.
        if self.files.layout == Layout::InPlace {
            binding["files"] = json!(self.files.layout);
        }
        if !self.modules.is_empty() {
            binding["foundation"] = json!({
                "modules": self.modules,
                "account": self.account,
                "aws": self.aws,
                "adopt": self.adopt,
            });
            if let Some(terraform) = &self.terraform {
                binding["foundation"]["terraform"] = json!(terraform);
            }
        }
        sha256(canonical_json(&binding).as_bytes())
    }
}
