//! How a package says where a value is.

use serde_json::{Map, Value};
use std::fmt;
use std::path::PathBuf;

/// Where a value is; written in a bundle in the value's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// `{env: NAME}`: a variable of the daemon's environment.
    Env(String),
    /// `{file: PATH}`: a file where the daemon runs.
    File(PathBuf),
    /// `{aws_secrets_manager: NAME}`, and `field: …` where the secret is a JSON object.
    SecretsManager {
        /// The secret's name or ARN.
        id: String,
        /// The field.
        field: Option<String>,
    },
    /// `{aws_ssm: NAME}`: a parameter of Systems Manager.
    Ssm(String),
}

/// A mapping in a value's place that names none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "says no source: {{env: …}}, {{file: …}}, {{aws_secrets_manager: …, field: …}} or {{aws_ssm: …}}"
)]
pub struct BadReference;

const SOURCES: [&str; 4] = ["env", "file", "aws_secrets_manager", "aws_ssm"];

impl Reference {
    /// The reference that a mapping is; none when it is another mapping.
    ///
    /// # Errors
    /// When it has the form of one and is none.
    pub fn read(map: &Map<String, Value>) -> Result<Option<Self>, BadReference> {
        if !SOURCES.iter().any(|source| map.contains_key(*source)) {
            return Ok(None);
        }
        let text = |key: &str| map.get(key)?.as_str().map(str::to_owned);
        let field = text("field");
        let keys = 1 + usize::from(field.is_some());
        let found = if let Some(id) = text("aws_secrets_manager") {
            Self::SecretsManager { id, field }
        } else if keys > 1 {
            return Err(BadReference);
        } else if let Some(name) = text("env") {
            Self::Env(name)
        } else if let Some(path) = text("file") {
            Self::File(path.into())
        } else if let Some(name) = text("aws_ssm") {
            Self::Ssm(name)
        } else {
            return Err(BadReference);
        };
        if map.len() == keys {
            Ok(Some(found))
        } else {
            Err(BadReference)
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::SecretsManager { id, field: None } => write!(f, "aws_secrets_manager:{id}"),
            Self::SecretsManager {
                id,
                field: Some(field),
            } => write!(f, "aws_secrets_manager:{id}#{field}"),
            Self::Ssm(name) => write!(f, "aws_ssm:{name}"),
        }
    }
}
