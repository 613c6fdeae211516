//! Where a secret is, never what it is.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A reference to a secret: `{env: NAME}` or `{file: PATH}`. The demo may write `{value: …}`.
#[derive(Debug, Clone)]
pub enum SecretRef {
    /// A variable of the daemon's environment.
    Env(String),
    /// A file; line ends at its end do not count.
    File(PathBuf),
    /// The secret itself; the configuration refuses it outside the demo.
    Value(SecretString),
}

/// Why a secret could not be had. Never says anything of its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretProblem {
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    NotSet(String),
    /// The file could not be read.
    #[error("the file {} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{0} is empty")]
    Empty(String),
}

impl SecretRef {
    /// Reads the secret from this process's environment or the file system.
    ///
    /// # Errors
    /// When it is not there, or empty.
    pub fn resolve(&self) -> Result<SecretString, SecretProblem> {
        self.resolve_with(|name| std::env::var(name).ok())
    }

    /// The same, with another environment.
    ///
    /// # Errors
    /// When it is not there, or empty.
    pub fn resolve_with(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<SecretString, SecretProblem> {
        let secret = match self {
            Self::Env(name) => variable(name)
                .ok_or_else(|| SecretProblem::NotSet(name.clone()))?
                .into(),
            Self::File(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|source| SecretProblem::Unreadable {
                        path: path.clone(),
                        source,
                    })?;
                SecretString::from(text.trim_end_matches(['\r', '\n']))
            }
            Self::Value(value) => value.clone(),
        };
        if secret.expose_secret().trim().is_empty() {
            return Err(SecretProblem::Empty(self.to_string()));
        }
        Ok(secret)
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Value(_) => f.write_str("the inline value"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    env: Option<String>,
    file: Option<PathBuf>,
    value: Option<SecretString>,
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Reads the mapping. What stands in its place may be the secret itself, so that no error repeats it.
struct Reader;

const FORM: &str = "a secret is written as {env: NAME} or {file: PATH}";

impl<'de> Visitor<'de> for Reader {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretRef, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        SecretRef::try_from(written).map_err(A::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<SecretRef, A::Error> {
        Err(A::Error::custom(FORM))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<SecretRef, E> {
        Err(E::custom(FORM))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretRef, E> {
        Err(E::custom(FORM))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretRef, E> {
        Err(E::custom(FORM))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretRef, E> {
        Err(E::custom(FORM))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretRef, E> {
        Err(E::custom(FORM))
    }
}

impl TryFrom<Written> for SecretRef {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match (written.env, written.file, written.value) {
            (Some(name), None, None) => Ok(Self::Env(name)),
            (None, Some(path), None) => Ok(Self::File(path)),
            (None, None, Some(value)) => Ok(Self::Value(value)),
            _ => Err(FORM),
        }
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Where a secret is: a variable of the daemon's environment, or a file.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {"env": {"type": "string"}, "file": {"type": "string"}}
        })
    }
}
