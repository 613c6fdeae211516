//! What a stack is told: its files and its variables; and what it gives.

use super::{Failure, named};
use hodman_clients::terraform::TerraformError;
use hodman_model::kinds::SOURCES;
use hodman_model::modules::{stack_files, walked};
use hodman_model::stacks::StackRules;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Shorter texts stand elsewhere by chance.
const SHORTEST_SECRET: usize = 4;

/// The same for parts of an object or a list, which has names and numbers in it that are none.
const SHORTEST_PART: usize = 6;

/// What a stack is told. Variables hold no secret: what is one stands there as where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The digest of the files.
    pub source: String,
    /// The directory in the repository.
    pub directory: String,
    /// The files, as the model writes them.
    pub sources: String,
    /// The variables.
    pub variables: Map<String, Value>,
    /// The resources that the variables came from.
    pub uses: Vec<String>,
    /// Types that hold data, beside those that are known to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stateful: Vec<String>,
    /// Addresses that are neither deleted nor replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
}

impl Told {
    /// From a request's body.
    pub fn of(body: &Value) -> Result<Self, Failure> {
        let text = |field: &str| {
            body[field]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| Failure::Refused(format!("the stack has no `{field}`")))
        };
        let texts = |field: &str| {
            let texts = body[field].as_array().into_iter().flatten();
            texts
                .filter_map(|text| text.as_str().map(str::to_owned))
                .collect()
        };
        Ok(Self {
            source: text("source")?,
            directory: text("directory")?,
            sources: text(SOURCES)?,
            variables: body["variables"].as_object().cloned().unwrap_or_default(),
            uses: texts("uses"),
            stateful: texts("stateful"),
            protected: texts("protected"),
        })
    }

    /// What a plan is bound to: all of it. A plan that removes is another.
    pub fn commit(&self, removes: bool) -> String {
        let variables = Value::Object(self.variables.clone());
        let variables = hodman_model::digest::canonical_json(&variables);
        let what = if removes { "remove" } else { "bring" };
        named(&[what, &self.source, &self.directory, &variables]).to_string()
    }

    /// What its module says about plans of it. No part of what it is told: another rule is no change of the stack.
    pub fn rules(&self) -> StackRules {
        StackRules {
            stateful_types: self.stateful.iter().cloned().collect(),
            protected: self.protected.iter().cloned().collect(),
        }
    }

    /// The files by their paths in the repository: what is in each, and whether it may be run.
    pub fn files(&self) -> Result<BTreeMap<String, (Vec<u8>, bool)>, Failure> {
        let unclear = || Failure::Refused("the stack's files are not understood".to_owned());
        let files = stack_files(&self.sources).ok_or_else(unclear)?;
        files
            .into_iter()
            .map(|(name, file)| {
                let path = walked(&self.directory, &name).ok_or_else(unclear)?;
                Ok((path, (file.content().ok_or_else(unclear)?, file.runs)))
            })
            .collect()
    }
}

/// An output as Terraform writes it.
#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub sensitive: bool,
    #[serde(default)]
    pub value: Value,
}

/// What `output -json` wrote.
pub(super) fn outputs(written: &SecretString) -> Result<BTreeMap<String, Said>, Failure> {
    // The inner error may quote a value and is left out.
    serde_json::from_str(written.expose_secret())
        .map_err(|_| Failure::Terraform(TerraformError::Unreadable { command: "output" }))
}

/// Whether a text or number in `value` is one of `parts`, of what a secret object or list has in it. As a whole only: the region in one
/// stands in every ARN.
pub(super) fn is_any(value: &Value, parts: &[SecretString]) -> bool {
    let is = |text: &str| {
        let mut parts = parts.iter().map(ExposeSecret::expose_secret);
        text.len() >= SHORTEST_PART && parts.any(|part| part == text)
    };
    match value {
        Value::String(text) => is(text),
        Value::Number(number) => is(&number.to_string()),
        Value::Array(items) => items.iter().any(|item| is_any(item, parts)),
        Value::Object(map) => map.values().any(|item| is_any(item, parts)),
        _ => false,
    }
}

/// Whether one of the secrets stands anywhere in `value`.
pub(super) fn holds_any(value: &Value, secrets: &[SecretString]) -> bool {
    match value {
        Value::String(text) => secrets
            .iter()
            .map(|secret| secret.expose_secret())
            .any(|secret| secret.len() >= SHORTEST_SECRET && text.contains(secret)),
        Value::Number(number) => {
            let number = number.to_string();
            let mut secrets = secrets.iter().map(ExposeSecret::expose_secret);
            secrets.any(|secret| secret.len() >= SHORTEST_SECRET && secret == number)
        }
        Value::Array(items) => items.iter().any(|item| holds_any(item, secrets)),
        Value::Object(map) => map.values().any(|item| holds_any(item, secrets)),
        _ => false,
    }
}
