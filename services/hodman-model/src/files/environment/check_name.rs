//! Which check a gate asks for.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A check by its name, and by the app that reports it where the name alone is not enough: whoever may write to the
/// repository can report a check of any name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckName {
    /// The check run's name, or the status' context.
    pub name: String,
    /// The app's name as GitHub spells it in addresses: `github-actions`.
    pub app: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    app: String,
}

/// As it is shown: `ci`, `ci (github-actions)`.
impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.app {
            Some(app) => write!(f, " ({app})"),
            None => Ok(()),
        }
    }
}

impl From<&str> for CheckName {
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            app: None,
        }
    }
}

impl Serialize for CheckName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.app {
            None => serializer.serialize_str(&self.name),
            Some(app) => serializer.collect_map([("app", app), ("name", &self.name)]),
        }
    }
}

impl<'de> Deserialize<'de> for CheckName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        // By hand, because what is wrong in a mapping is to be said, not that neither form fits.
        impl<'de> Visitor<'de> for Either {
            type Value = CheckName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a check's name, or `{name: NAME, app: APP}`")
            }

            fn visit_str<E>(self, name: &str) -> Result<CheckName, E> {
                Ok(CheckName::from(name))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CheckName, A::Error> {
                let Written { name, app } = Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CheckName {
                    name,
                    app: Some(app),
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for CheckName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CheckName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A check by its name, and by the app that reports it where the name alone is not enough: whoever may write to the repository can report a check of any name.",
            "anyOf": [
                {"type": "string", "description": "The check run's name, or the status' context."},
                {
                    "type": "object",
                    "description": "`app` is the app's name as GitHub spells it in addresses: `github-actions`.",
                    "additionalProperties": false,
                    "required": ["name", "app"],
                    "properties": {"name": {"type": "string"}, "app": {"type": "string"}}
                }
            ]
        })
    }
}
