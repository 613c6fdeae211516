//! What Terraform is given: variables, one of two identities, the backend's values.

use super::keys::Desk;
use super::run::As;
use super::told::Told;
use super::{Failure, Stacks, secret_text};
use crate::config::{self, BackendValue, SecretRef, TerraformIdentity};
use hodman_clients::terraform::{Input, Inputs};
use hodman_model::kinds::{SENSITIVE_OUTPUT, holds_sensitive_output};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// No secrets, wherever their values come from: as such, every output with one in it would be one.
const OPEN: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];

impl Stacks {
    /// Everything that a run of the stack is given, and where it asks for more.
    pub(super) async fn inputs(
        &self,
        name: &str,
        told: &Told,
        who: As,
    ) -> Result<(Inputs, Option<Desk>), Failure> {
        let backend = self.backend_for(who);
        let mut inputs = Inputs {
            backend: plain_backend(&backend, name),
            ..Inputs::default()
        };
        for (at, secret) in config::backend_secrets(&backend) {
            let value = self.secret(&format!("backend{}", at.replace('/', ".")), secret)?;
            inputs.backend_secrets.insert(at, value);
        }
        for (variable, value) in &told.variables {
            let input = match value {
                Value::Null => continue,
                value if holds_sensitive_output(value) && who == As::Propose => {
                    return Err(Failure::Refused(format!(
                        "variable `{variable}` takes a sensitive output of another stack, which nobody gets whose words are not merged"
                    )));
                }
                value if holds_sensitive_output(value) => {
                    let mut value = value.clone();
                    Box::pin(self.put_secrets_in(&mut value)).await?;
                    if !value.is_string() {
                        inputs.structured_secrets.insert(variable.clone());
                    }
                    Input::Secret(secret_text(&value))
                }
                value => Input::Plain(value.clone()),
            };
            inputs.variables.insert(variable.clone(), input);
        }
        for (variable, secret) in self.variables_for(who) {
            let value = self.secret(&format!("variables.{variable}"), secret)?;
            let told = inputs.variables.entry(variable.clone());
            told.or_insert(Input::Secret(value));
        }
        let identity = self.identity(who)?;
        for (variable, secret) in &identity.env {
            let value = self.secret(variable, secret)?;
            if OPEN.contains(&&**variable) {
                let value = value.expose_secret().to_owned();
                inputs.settings.insert(variable.clone(), value);
            } else {
                inputs.identity.insert(variable.clone(), value);
            }
        }
        let Some(role) = &identity.aws else {
            return Ok((inputs, None));
        };
        let desk = self.desk(name, role, who, inputs.later.clone()).await?;
        let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN".to_owned();
        inputs.identity.insert(token, desk.token.clone());
        for (variable, value) in [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &desk.url),
            ("AWS_REGION", &role.region),
        ] {
            let variable = variable.to_owned();
            inputs.settings.insert(variable, value.clone());
        }
        Ok((inputs, Some(desk)))
    }

    fn secret(&self, what: &str, secret: &SecretRef) -> Result<SecretString, Failure> {
        secret
            .resolve()
            .map_err(|problem| Failure::Refused(format!("terraform: {what}: {problem}")))
    }

    /// Who Terraform is.
    pub(super) fn identity(&self, who: As) -> Result<&TerraformIdentity, Failure> {
        match (who, &self.place.pull_requests) {
            (As::Plan, _) => Ok(&self.place.plan),
            (As::Apply, _) => Ok(&self.place.apply),
            (As::Propose, Some(pulls)) => Ok(&pulls.plan),
            // Whoever asks has seen that before.
            (As::Propose, None) => Err(Failure::Refused(
                "the daemon's settings let Terraform run for no pull request".to_owned(),
            )),
        }
    }

    /// What completes the backend's block.
    pub(super) fn backend_for(&self, who: As) -> BTreeMap<String, BackendValue> {
        match who {
            As::Plan | As::Apply => self.place.backend.clone(),
            As::Propose => self.place.backend_of_pulls(),
        }
    }

    fn variables_for(&self, who: As) -> impl Iterator<Item = (&String, &SecretRef)> {
        let pulls = self.place.pull_requests.as_ref();
        let variables = match who {
            As::Plan | As::Apply => Some(&self.place.variables),
            As::Propose => pulls.map(|pulls| &pulls.variables),
        };
        variables.into_iter().flatten()
    }

    /// Puts the values of sensitive outputs of other stacks in place.
    async fn put_secrets_in(&self, value: &mut Value) -> Result<(), Failure> {
        match value {
            Value::Object(map) => {
                if let Some(of) = map.get(SENSITIVE_OUTPUT) {
                    let stack = of["stack"].as_str().unwrap_or_default();
                    let output = of["output"].as_str().unwrap_or_default();
                    *value = self.sensitive(stack, output).await?;
                    return Ok(());
                }
                for inner in map.values_mut() {
                    Box::pin(self.put_secrets_in(inner)).await?;
                }
            }
            Value::Array(items) => {
                for item in items {
                    Box::pin(self.put_secrets_in(item)).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn sensitive(&self, stack: &str, output: &str) -> Result<Value, Failure> {
        let record = self.record(stack).await?;
        let known = record
            .as_ref()
            .and_then(|record| Some((record, record.made.as_ref()?)));
        let Some(known) = known else {
            return Err(Failure::NoStack(stack.to_owned()));
        };
        let found = Box::pin(self.outputs(stack, known, &Value::Null)).await?;
        let given = found.into_iter().find(|(name, _)| name == output);
        given
            .map(|(_, given)| given.value)
            .ok_or_else(|| Failure::Later(format!("stack {stack} gives no `{output}`")))
    }
}

fn plain_backend(backend: &BTreeMap<String, BackendValue>, name: &str) -> Map<String, Value> {
    let values = backend.iter();
    values
        .map(|(key, value)| (key.clone(), with_name(&value.plain(), name)))
        .collect()
}

/// Which stack's it is.
fn with_name(value: &Value, name: &str) -> Value {
    match value {
        Value::String(text) => Value::from(text.replace("${stack}", name)),
        Value::Array(items) => items.iter().map(|item| with_name(item, name)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), with_name(item, name)))
            .collect(),
        other => other.clone(),
    }
}
