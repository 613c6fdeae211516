//! What a stack is given: variables, identity, backend. Nothing else of our own surroundings reaches the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::TerraformError;
use super::declared::{Declared, Form};
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
    /// May be shown.
    Plain(Value),
    /// Is masked wherever the program says it.
    Secret(SecretString),
}

/// What a stack is given.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Input variables, passed in a file of the run, each as the value that it is. They win over whatever stands in the directory.
    pub variables: BTreeMap<String, Input>,
    /// Those of them whose secret is JSON. Else it is a text, and JSON only for a variable that takes no text.
    pub structured_secrets: BTreeSet<String>,
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

    /// The variables as a file for `-var-file`, in JSON: there a text is that text and no template, and a list is one also for a
    /// variable without a type.
    pub(super) fn variables_file(&self, declared: &Declared) -> SecretString {
        let all: Map<String, Value> = self
            .variables
            .iter()
            .map(|(name, input)| (name.clone(), self.value(name, input, declared.form(name))))
            .collect();
        SecretString::from(Value::from(all).to_string())
    }

    fn value(&self, name: &str, input: &Input, form: Option<Form>) -> Value {
        let (text, may_be_json) = match input {
            Input::Plain(Value::String(text)) => (text.as_str(), form == Some(Form::Structure)),
            Input::Plain(value) => return value.clone(),
            Input::Secret(secret) => {
                let takes_json = matches!(form, Some(Form::Structure | Form::Any));
                let is_json = self.structured_secrets.contains(name);
                let text = secret.expose_secret();
                match serde_json::from_str(text) {
                    Ok(value) if is_json => return value,
                    _ => (text, takes_json),
                }
            }
        };
        let json = || serde_json::from_str(text).ok();
        let structure = json().filter(|value: &Value| value.is_object() || value.is_array());
        structure
            .filter(|_| may_be_json)
            .unwrap_or_else(|| Value::from(text))
    }

    /// The program's environment, but for what the run's folder says. Texts of variables that take them as they are stand in it
    /// also as `TF_VAR_…`, for commands that take no file of variables: OpenTofu may need them for its backend or to decrypt.
    pub(super) fn environment(&self, declared: &Declared) -> BTreeMap<String, String> {
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
        for (name, input) in &self.variables {
            let form = declared.form(name);
            // Terraform would read anything else as an expression.
            let value = match self.value(name, input, form) {
                _ if form != Some(Form::Scalar) => continue,
                Value::String(text) => text,
                scalar @ (Value::Number(_) | Value::Bool(_)) => scalar.to_string(),
                _ => continue,
            };
            all.insert(format!("TF_VAR_{name}"), value);
        }
        if let Some(workspace) = &self.workspace {
            all.insert("TF_WORKSPACE".to_owned(), workspace.clone());
        }
        all
    }
}
