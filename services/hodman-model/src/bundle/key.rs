//! The name of a resource inside a bundle.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A resource's place in the bundle, written `jobs.nightly`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceKey {
    /// The kind in the plural, as under `resources:`, such as `jobs`.
    pub kind: String,
    /// The key under its kind.
    pub key: String,
}

/// A text that is not a [`ResourceKey`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a resource key: expected `<kind>.<key>`, such as `jobs.nightly`")]
pub struct InvalidResourceKey;

impl ResourceKey {
    /// The key of a resource; the parts are not checked.
    #[must_use]
    pub fn new(kind: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            key: key.into(),
        }
    }
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.key)
    }
}

impl FromStr for ResourceKey {
    type Err = InvalidResourceKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, key) = text.split_once('.').ok_or(InvalidResourceKey)?;
        if kind.is_empty() || key.is_empty() || key.contains('.') {
            return Err(InvalidResourceKey);
        }
        Ok(Self::new(kind, key))
    }
}

impl TryFrom<String> for ResourceKey {
    type Error = InvalidResourceKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ResourceKey> for String {
    fn from(key: ResourceKey) -> Self {
        key.to_string()
    }
}

impl schemars::JsonSchema for ResourceKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ResourceKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[^.]+\\.[^.]+$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = ResourceKey::new("jobs", "nightly");
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert_eq!(serde_json::to_string(&key).unwrap(), r#""jobs.nightly""#);
        for bad in ["jobs", "jobs.", ".x", "jobs.a.b", ""] {
            assert_eq!(bad.parse::<ResourceKey>(), Err(InvalidResourceKey), "{bad}");
        }
    }
}
