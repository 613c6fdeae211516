//! What a stack is given: variables, identity, backend. Nothing else of our own surroundings reaches the program.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::TerraformError;
use super::mask::{LateSecrets, Mask};

/// What of our own environment the program sees.
const INHERITED: &[&str] = &["PATH", "TMPDIR", "TMP", "TEMP"];

/// Beginnings of variables that make another program of it, or move what must lie in the run's own folder.
const REFUSED: &[&str] = &[
    "TF_CLI_ARGS",
    "TF_CLI_CONFIG_FILE",
    "TF_REATTACH_PROVIDERS",
    "TF_DATA_DIR",
    "TF_PLUGIN_CACHE",
    "TF_WORKSPACE",
    "TF_INPUT",
    "TF_IN_AUTOMATION",
    "TF_LOG",
    "TERRAFORM_CONFIG",
    "LD_",
    "PATH",
];

/// The value of an input variable.
#[derive(Clone, Debug)]
pub enum Input {
    /// May be shown. Texts as they are, all else in JSON.
    Plain(Value),
    /// Is masked wherever the program says it.
    Secret(SecretString),
}

/// What a stack is given.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Input variables, passed as `TF_VAR_…`, so that they stand in no list of processes.
    pub variables: BTreeMap<String, Input>,
    /// Files for `-var-file`, relative to the stack's directory and inside what was checked out.
    pub variable_files: Vec<String>,
    /// Who the program is: `AWS_ACCESS_KEY_ID` and the like. Without any it is nobody: the machine's own role and the
    /// files in our home are out of its reach.
    pub identity: BTreeMap<String, SecretString>,
    /// Secrets that it gets later by what `identity` says.
    pub later: LateSecrets,
    /// What else tools read from its environment, and everybody may: `AWS_REGION` and the like.
    pub settings: BTreeMap<String, String>,
    /// What completes the `backend` block of the directory.
    pub backend: Map<String, Value>,
    /// Secrets in it, by where they stand (`/password`, a JSON pointer); in `backend` itself any value stands there.
    pub backend_secrets: BTreeMap<String, SecretString>,
    /// Terraform's workspace; none is the default one.
    pub workspace: Option<String>,
}

impl Inputs {
    pub(super) fn check(&self) -> Result<(), TerraformError> {
        for name in self.identity.keys().chain(self.settings.keys()) {
            if REFUSED.iter().any(|start| name.starts_with(start)) || name.starts_with("TF_VAR_") {
                return Err(TerraformError::Input {
                    name: name.clone(),
                    why: "an identity is who the program is, not how it runs",
                });
            }
        }
        for name in self.variables.keys() {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if name.is_empty() || !name.chars().all(plain) {
                return Err(TerraformError::Input {
                    name: name.clone(),
                    why: "it is no name of a variable",
                });
            }
        }
        for file in &self.variable_files {
            let inside = Path::new(file)
                .components()
                .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if !inside || file.is_empty() || file.starts_with('-') {
                return Err(TerraformError::Input {
                    name: file.clone(),
                    why: "a file with variables lies below the stack's directory",
                });
            }
        }
        Ok(())
    }

    pub(super) fn mask(&self) -> Mask {
        let variables = self.variables.values().filter_map(|value| match value {
            Input::Secret(secret) => Some(secret.expose_secret()),
            Input::Plain(_) => None,
        });
        let others = self.identity.values().chain(self.backend_secrets.values());
        let given = variables.chain(others.map(ExposeSecret::expose_secret));
        Mask::new(given, self.later.clone())
    }

    /// The backend's values with the secrets in their places, as JSON.
    pub(super) fn whole_backend(&self) -> Result<SecretString, TerraformError> {
        let mut whole = Value::from(self.backend.clone());
        for (at, secret) in &self.backend_secrets {
            let Some(place) = whole.pointer_mut(at) else {
                return Err(TerraformError::Input {
                    name: at.clone(),
                    why: "the backend has no such place",
                });
            };
            *place = Value::from(secret.expose_secret());
        }
        Ok(SecretString::from(whole.to_string()))
    }

    /// The program's environment, but for what the run's folder says.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = INHERITED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
            .collect();
        for (name, value) in [
            ("TF_IN_AUTOMATION", "1"),
            ("TF_INPUT", "0"),
            ("CHECKPOINT_DISABLE", "1"),
            // Else whoever is given no keys is the machine.
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            all.insert(name.to_owned(), value.to_owned());
        }
        all.extend(self.settings.clone());
        for (name, value) in &self.identity {
            all.insert(name.clone(), value.expose_secret().to_owned());
        }
        for (name, value) in &self.variables {
            let value = match value {
                Input::Secret(secret) => secret.expose_secret().to_owned(),
                Input::Plain(Value::String(text)) => text.clone(),
                Input::Plain(value) => value.to_string(),
            };
            all.insert(format!("TF_VAR_{name}"), value);
        }
        if let Some(workspace) = &self.workspace {
            all.insert("TF_WORKSPACE".to_owned(), workspace.clone());
        }
        all
    }
}
