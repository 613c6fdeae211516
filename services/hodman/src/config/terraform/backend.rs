//! What completes the `backend` block of a directory.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::config::SecretRef;

/// A value of the backend.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BackendValue {
    /// A secret.
    Secret(SecretRef),
    /// Values of a block within, such as `assume_role`.
    Block(BTreeMap<String, BackendValue>),
    /// Anything else.
    Plain(Value),
}

/// A key as it stands in a JSON pointer.
fn pointed(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The secrets in a backend's values, by where they stand (`/password`, a JSON pointer).
#[must_use]
pub fn backend_secrets(backend: &BTreeMap<String, BackendValue>) -> BTreeMap<String, &SecretRef> {
    let mut found = BTreeMap::new();
    for (key, value) in backend {
        value.secrets(&format!("/{}", pointed(key)), &mut found);
    }
    found
}

impl BackendValue {
    /// The same with what is no secret; none when nothing else is in it.
    pub(super) fn without_secrets(&self) -> Option<Self> {
        match self {
            Self::Secret(_) => None,
            Self::Block(block) => {
                let open = block.iter();
                let open =
                    open.filter_map(|(key, value)| Some((key.clone(), value.without_secrets()?)));
                Some(Self::Block(open.collect()))
            }
            Self::Plain(value) => Some(Self::Plain(value.clone())),
        }
    }

    fn secrets<'a>(&'a self, at: &str, found: &mut BTreeMap<String, &'a SecretRef>) {
        match self {
            Self::Secret(secret) => {
                found.insert(at.to_owned(), secret);
            }
            Self::Block(block) => {
                for (key, value) in block {
                    value.secrets(&format!("{at}/{}", pointed(key)), found);
                }
            }
            Self::Plain(_) => {}
        }
    }

    /// As it is without secrets; null where one stands.
    #[must_use]
    pub fn plain(&self) -> Value {
        match self {
            Self::Secret(_) => Value::Null,
            Self::Block(block) => block
                .iter()
                .map(|(key, value)| (key.clone(), value.plain()))
                .collect(),
            Self::Plain(value) => value.clone(),
        }
    }
}
