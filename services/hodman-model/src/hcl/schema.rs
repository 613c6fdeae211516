//! The provider's schema: names and shapes only.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The resources of the provider.
#[derive(Debug, Deserialize)]
pub struct Provider {
    /// Where it was read from.
    pub source: String,
    resources: BTreeMap<String, String>,
    types: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape<'p> {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A truth.
    Bool,
    /// A list of scalars.
    List,
    /// A mapping to texts.
    Map,
    /// Blocks.
    Blocks(Fields<'p>),
    /// One mapping.
    One(Fields<'p>),
    /// A list of mappings.
    Many(Fields<'p>),
}

/// The fields of a resource or of something inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fields<'p> {
    provider: &'p Provider,
    fields: &'p BTreeMap<String, String>,
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// The provider that this program knows.
#[must_use]
pub fn provider() -> &'static Provider {
    static PROVIDER: LazyLock<Provider> = LazyLock::new(|| {
        serde_json::from_str(include_str!("provider.json")).unwrap_or_else(|error| {
            // The file is part of the program, and a test reads it.
            unreachable!("provider.json: {error}")
        })
    });
    &PROVIDER
}

impl Provider {
    /// The fields of a resource.
    pub(super) fn resource(&self, name: &str) -> Option<Fields<'_>> {
        self.fields(self.resources.get(name)?)
    }

    fn fields(&self, number: &str) -> Option<Fields<'_>> {
        Some(Fields {
            provider: self,
            fields: self.types.get(number)?,
        })
    }
}

impl<'p> Fields<'p> {
    /// What the API calls `field`: its name here, which for repeated blocks is singular, and its shape.
    pub(super) fn get(&self, field: &str) -> Option<(&'p str, Shape<'p>)> {
        let singular =
            |end: &str, by: &str| field.strip_suffix(end).map(|start| format!("{start}{by}"));
        let names = [
            Some(field.to_owned()),
            singular("ies", "y"),
            singular("s", ""),
        ];
        let (name, shape) = names
            .iter()
            .flatten()
            .find_map(|name| self.fields.get_key_value(name.as_str()))?;
        Some((name, self.shape(shape)?))
    }

    fn shape(&self, text: &str) -> Option<Shape<'p>> {
        let inner = |at: &str| self.provider.fields(at);
        Some(match text.split_at_checked(1)? {
            ("s", _) => Shape::Text,
            ("n", _) => Shape::Number,
            ("b", _) => Shape::Bool,
            ("l", _) => Shape::List,
            ("m", _) => Shape::Map,
            ("[", number) => Shape::Blocks(inner(number)?),
            ("{", number) => Shape::One(inner(number)?),
            ("(", number) => Shape::Many(inner(number)?),
            _ => return None,
        })
    }
}
