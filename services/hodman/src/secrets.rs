//! Secrets that packages name and the daemon gives: where they may come from, and how they are told apart without being
//! known.

mod reference;
#[cfg(test)]
mod tests;

pub use reference::{BadReference, Reference};

use crate::config::{self, Config, SecretRef, Whose};
use crate::kept::kept;
use anyhow::Context as _;
use aws_lc_rs::rand::SecureRandom as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hodman_clients::aws::{AwsError, Values};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// The key's file in the data directory, when the settings name none.
const KEY_FILE: &str = "secret-versions.key";

/// Bytes of a made key: as many as the digest has.
const KEY_BYTES: usize = 32;

/// Where the secrets of environments come from.
#[derive(Debug)]
pub struct Sources {
    environments: BTreeMap<String, Allowed>,
    /// The daemon's own keys, which no package may name whatever the settings allow.
    own_variables: BTreeSet<String>,
    own_files: Vec<PathBuf>,
    key: SecretBox<Vec<u8>>,
}

#[derive(Debug)]
struct Allowed {
    said: config::Sources,
    secrets_manager: Option<Values>,
    ssm: Option<Values>,
}

/// Why a value cannot be had. Says nothing of its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoValue {
    /// The settings do not allow the source.
    #[error(
        "{reference} is not allowed in {env}: the daemon's settings would have to name it under `secrets.{env}.{key}`"
    )]
    NotAllowed {
        /// What was asked for.
        reference: Reference,
        /// Where.
        env: String,
        /// The key below the environment's that would allow it.
        key: &'static str,
    },
    /// It is one of the daemon's own keys.
    #[error("{0} is a key of the daemon itself, which no package gets")]
    Own(Reference),
    /// There is nothing there.
    #[error("{reference} is missing or empty: {hint}")]
    Missing {
        /// What was asked for.
        reference: Reference,
        /// What to do.
        hint: &'static str,
    },
    /// AWS did not give it.
    #[error("{reference} cannot be read")]
    Aws {
        /// What was asked for.
        reference: Reference,
        /// Why.
        #[source]
        source: AwsError,
    },
}

impl NoValue {
    /// Whether asking again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Aws { source, .. } if source.is_transient())
    }
}

impl Sources {
    /// Reads the key, or makes one in the data directory; nothing is asked of AWS yet.
    ///
    /// # Errors
    /// When the key cannot be read or kept.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let key = match &config.secrets_key {
            Some(reference) => {
                let text = reference.resolve().context("secrets_key")?;
                text.expose_secret().as_bytes().to_vec()
            }
            None => kept(&config.data_dir.join(KEY_FILE), || {
                let mut bytes = vec![0; KEY_BYTES];
                aws_lc_rs::rand::SystemRandom::new()
                    .fill(&mut bytes)
                    .map_err(|_| anyhow::anyhow!("no random key could be made"))?;
                Ok(bytes)
            })?,
        };
        anyhow::ensure!(
            key.len() >= KEY_BYTES / 2,
            "secrets_key: a key of fewer than {} bytes can be guessed",
            KEY_BYTES / 2
        );
        let mut environments = BTreeMap::new();
        for (env, said) in &config.secrets {
            let allowed = Allowed {
                secrets_manager: values(said.aws_secrets_manager.as_ref()).await?,
                ssm: values(said.aws_ssm.as_ref()).await?,
                said: said.clone(),
            };
            environments.insert(env.clone(), allowed);
        }
        let mut own_variables = BTreeSet::new();
        let mut own_files = vec![config.data_dir.clone()];
        for (_, reference) in config.own_secrets() {
            match reference {
                SecretRef::Env(name) => drop(own_variables.insert(name.clone())),
                SecretRef::File(path) => own_files.push(path.clone()),
                SecretRef::Value(_) => {}
            }
        }
        Ok(Self {
            environments,
            own_variables,
            own_files: own_files.iter().map(|path| real(path)).collect(),
            key: SecretBox::new(Box::new(key)),
        })
    }

    /// The value that a package names in the environment.
    ///
    /// # Errors
    /// When it is not allowed, not there, or cannot be read.
    pub async fn value(
        &self,
        whose: Whose<'_>,
        reference: &Reference,
    ) -> Result<SecretString, NoValue> {
        let mut environments = self.environments.iter();
        let allowed = environments.find(|(env, _)| whose.is_named(env));
        let env = allowed.map_or(whose.env, |(env, _)| env);
        let allowed = allowed.map(|(_, allowed)| allowed);
        let refused = |key| NoValue::NotAllowed {
            reference: reference.clone(),
            env: env.to_owned(),
            key,
        };
        let aws = |source| NoValue::Aws {
            reference: reference.clone(),
            source,
        };
        let (found, hint) = match reference {
            Reference::Env(name) => {
                if self.own_variables.contains(name) || name.starts_with("AWS_") {
                    return Err(NoValue::Own(reference.clone()));
                }
                let fits = |pattern: &String| match pattern.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => name == pattern,
                };
                if !allowed.is_some_and(|allowed| allowed.said.env.iter().any(fits)) {
                    return Err(refused("env"));
                }
                let value = std::env::var(name).ok().map(SecretString::from);
                (value, "set the variable where the daemon runs")
            }
            Reference::File(path) => {
                let folders = allowed.map_or(&[][..], |allowed| &allowed.said.files);
                if !below(path, folders) {
                    return Err(refused("files"));
                }
                if self.own_files.iter().any(|own| real(path).starts_with(own)) {
                    return Err(NoValue::Own(reference.clone()));
                }
                let text = std::fs::read_to_string(path).ok();
                let value =
                    text.map(|text| SecretString::from(text.trim_end_matches(['\r', '\n'])));
                (
                    value,
                    "put the file there, as text that the daemon may read",
                )
            }
            Reference::SecretsManager { id, field } => {
                let known = allowed.and_then(|allowed| {
                    let said = allowed.said.aws_secrets_manager.as_ref()?;
                    let values = allowed.secrets_manager.as_ref()?;
                    id.starts_with(&said.prefix).then_some(values)
                });
                let values = known.ok_or_else(|| refused("aws_secrets_manager"))?;
                let text = values.secret(id).await.map_err(aws)?;
                let value = match field {
                    None => text,
                    Some(field) => text.and_then(|text| part(&text, field)),
                };
                (
                    value,
                    "make it in Secrets Manager, as text, with the field that is asked for",
                )
            }
            Reference::Ssm(name) => {
                let known = allowed.and_then(|allowed| {
                    let said = allowed.said.aws_ssm.as_ref()?;
                    let values = allowed.ssm.as_ref()?;
                    name.starts_with(&said.prefix).then_some(values)
                });
                let values = known.ok_or_else(|| refused("aws_ssm"))?;
                let value = values.parameter(name).await.map_err(aws)?;
                (value, "make the parameter in Systems Manager")
            }
        };
        found
            .filter(|value| !value.expose_secret().is_empty())
            .ok_or_else(|| NoValue::Missing {
                reference: reference.clone(),
                hint,
            })
    }

    /// A key for something else than telling versions apart; the same for the same `purpose`, and in no database.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        // HMAC takes keys of every length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose_secret()) {
            mac.update(b"hodman derived key 1\n");
            mac.update(purpose.as_bytes());
            key.copy_from_slice(&mac.finalize().into_bytes());
        }
        key
    }

    /// A name for `text`, which holds values: the same for the same text, and without the key nobody learns from it what
    /// the values are, nor tries guesses.
    #[must_use]
    pub fn version(&self, text: &SecretString) -> String {
        // HMAC takes keys of every length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose_secret()) else {
            return String::new();
        };
        mac.update(text.expose_secret().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }
}

async fn values(source: Option<&config::AwsSource>) -> anyhow::Result<Option<Values>> {
    match source {
        Some(source) => Ok(Some(config::aws_values(source).await?)),
        None => Ok(None),
    }
}

/// The field of a text that is a JSON object, as Secrets Manager's console writes it.
fn part(text: &SecretString, field: &str) -> Option<SecretString> {
    let object: BTreeMap<String, SecretString> = serde_json::from_str(text.expose_secret()).ok()?;
    object.get(field).cloned()
}

/// Whether the file is one of `allowed` or lies in one of them, also when every link on the way is followed.
fn below(path: &Path, allowed: &[PathBuf]) -> bool {
    let plain = path.is_absolute()
        && path
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    plain
        && allowed
            .iter()
            .any(|allowed| path.starts_with(allowed) && real(path).starts_with(real(allowed)))
}

/// The path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(folder), Some(name)) => real(folder).join(name),
        (Err(_), ..) => path.to_owned(),
    }
}
