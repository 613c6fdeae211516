//! YAML as a tree that still knows where every key and value stands.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::{Location, Spanned};

use super::yaml;
use crate::diagnostic::Diagnostic;

mod map;

pub(crate) use map::Map;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Path in the repository.
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl Place {
    /// An error here.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&*self.file, message).at(self.line, self.column)
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Of the value's first character.
    pub place: Place,
    /// The value.
    pub value: Yaml,
}

/// One key's value in a [`Map`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Of the key.
    pub place: Place,
    /// Behind the key.
    pub node: Node,
}

/// A YAML value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Map),
}

impl Node {
    /// Reads a whole file.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        let text = yaml::text(path, bytes)?;
        let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, yaml::options_for(text))
            .map_err(|error| yaml::explain(path, text, &error))?;
        Ok(placed(raw, &Arc::from(path)))
    }

    /// A value that we make, shown as standing at `place`.
    pub fn from_value(value: &Value, place: &Place) -> Self {
        let value = match value {
            Value::Null => Yaml::Null,
            Value::Bool(value) => Yaml::Bool(*value),
            Value::Number(value) => Yaml::Number(value.clone()),
            Value::String(value) => Yaml::Text(value.clone()),
            Value::Array(items) => Yaml::List(
                items
                    .iter()
                    .map(|item| Self::from_value(item, place))
                    .collect(),
            ),
            Value::Object(map) => Yaml::Map(
                map.iter()
                    .map(|(key, value)| {
                        (
                            key.clone(),
                            Entry {
                                place: place.clone(),
                                node: Self::from_value(value, place),
                            },
                        )
                    })
                    .collect(),
            ),
        };
        Self {
            place: place.clone(),
            value,
        }
    }

    /// The value without its places.
    pub fn to_value(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Number(value) => Value::Number(value.clone()),
            Yaml::Text(value) => Value::String(value.clone()),
            Yaml::List(items) => items.iter().map(Self::to_value).collect(),
            Yaml::Map(map) => map
                .iter()
                .map(|(key, entry)| (key.clone(), entry.node.to_value()))
                .collect(),
        }
    }

    /// The mapping, or none for another kind of value.
    pub fn as_map(&self) -> Option<&Map> {
        if let Yaml::Map(map) = &self.value {
            Some(map)
        } else {
            None
        }
    }

    /// The mapping, to change it.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let Yaml::Map(map) = &mut self.value {
            Some(map)
        } else {
            None
        }
    }

    /// The list, or none for another kind of value.
    pub fn as_list(&self) -> Option<&[Node]> {
        if let Yaml::List(items) = &self.value {
            Some(items)
        } else {
            None
        }
    }

    /// The text, or none for another kind of value.
    pub fn as_text(&self) -> Option<&str> {
        if let Yaml::Text(text) = &self.value {
            Some(text)
        } else {
            None
        }
    }

    /// The value behind a key of a mapping; a null counts as absent, as the Databricks CLI has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?
            .get(key)
            .map(|entry| &entry.node)
            .filter(|node| node.value != Yaml::Null)
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Number(_) => "a number",
            Yaml::Text(_) => "a text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a mapping",
        }
    }

    /// The mapping, empty for a null, or an error that says what was found.
    pub fn expect_map(&self, what: &str) -> Result<Map, Diagnostic> {
        match &self.value {
            Yaml::Map(map) => Ok(map.clone()),
            Yaml::Null => Ok(Map::new()),
            _ => Err(self
                .place
                .error(format!("{what} must be a mapping, found {}", self.kind()))),
        }
    }

    /// The texts of a list, empty for a null, or an error that says what was found.
    pub fn expect_texts(&self, what: &str) -> Result<Vec<(String, Place)>, Diagnostic> {
        let items = match &self.value {
            Yaml::List(items) => items.as_slice(),
            Yaml::Null => &[],
            _ => {
                return Err(self
                    .place
                    .error(format!("{what} must be a list, found {}", self.kind())));
            }
        };
        items
            .iter()
            .map(|item| match item.as_text() {
                Some(text) => Ok((text.to_owned(), item.place.clone())),
                None => Err(item
                    .place
                    .error(format!("{what} must hold texts, found {}", item.kind()))),
            })
            .collect()
    }
}

enum Raw {
    Scalar(Yaml),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn placed(raw: Spanned<Raw>, file: &Arc<str>) -> Node {
    let at = |location: Location| Place {
        file: Arc::clone(file),
        line: yaml::narrow(location.line()),
        column: yaml::narrow(location.column()),
    };
    let value = match raw.value {
        Raw::Scalar(value) => value,
        Raw::List(items) => Yaml::List(items.into_iter().map(|item| placed(item, file)).collect()),
        Raw::Map(entries) => Yaml::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    (
                        key.value,
                        Entry {
                            place: at(key.defined),
                            node: placed(value, file),
                        },
                    )
                })
                .collect(),
        ),
    };
    Node {
        place: at(raw.defined),
        value,
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Yaml::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Yaml::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Yaml::Number(value.into())))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        let number =
            Number::from_f64(value).ok_or_else(|| E::custom("expected a finite number"))?;
        Ok(Raw::Scalar(Yaml::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Yaml::Text(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Yaml::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(merged(entries)))
    }
}

type Entries = Vec<(Spanned<String>, Spanned<Raw>)>;

/// `<<` puts the entries of other mappings beside a mapping's own. Of several in a list the last wins, as with the Databricks
/// CLI; YAML's own description of it has it the other way round. Comes as a key like others only where
/// [`yaml::options_for`] says so.
fn merged(mut entries: Entries) -> Entries {
    let Some(at) = entries.iter().position(|(key, _)| key.value == yaml::MERGE) else {
        return entries;
    };
    let is_map = |item: &Spanned<Raw>| matches!(item.value, Raw::Map(_));
    let mergeable = match &entries[at].1.value {
        Raw::Map(_) => true,
        Raw::List(items) => items.iter().all(is_map),
        Raw::Scalar(_) => false,
    };
    if !mergeable {
        return entries;
    }
    let others = match entries.remove(at).1.value {
        Raw::List(items) => items.into_iter().map(|item| item.value).collect(),
        one => vec![one],
    };
    let mut there: BTreeSet<String> = entries.iter().map(|(key, _)| key.value.clone()).collect();
    for other in others.into_iter().rev() {
        if let Raw::Map(more) = other {
            entries.extend(
                more.into_iter()
                    .filter(|(key, _)| there.insert(key.value.clone())),
            );
        }
    }
    entries
}
