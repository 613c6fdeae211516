//! The place of one field inside a resource: `tasks[task_key=load].notebook_task.base_parameters.day`.
//!
//! Elements of lists are named by their key field where the list has one, so that a path means the same element
//! after somebody put another one before it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod parse;

#[cfg(test)]
mod tests;

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathSegment {
    /// A key of a mapping.
    Key(String),
    /// The list element whose `field` is the text `value`.
    Element {
        /// The key field of the list, such as `task_key`.
        field: String,
        /// Its value in the element that is meant.
        value: String,
    },
    /// The list element at a position, from 0, in lists without a key field.
    Index(usize),
}

/// A path from the root of a resource to a field; the empty path is the whole resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(pub Vec<PathSegment>);

/// A text that is not a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a field path: {0}")]
pub struct InvalidFieldPath(pub String);

impl FieldPath {
    /// The path one key further down.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(PathSegment::Key(key.into()))
    }

    /// The path one step further down.
    #[must_use]
    pub fn then(&self, segment: PathSegment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }

    /// The value at this path, if there is one.
    #[must_use]
    pub fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0
            .iter()
            .try_fold(root, |value, segment| match segment {
                PathSegment::Key(key) => value.get(key),
                PathSegment::Index(index) => value.get(index),
                PathSegment::Element {
                    field,
                    value: wanted,
                } => value
                    .as_array()?
                    .iter()
                    .find(|item| item.get(field).and_then(Value::as_str) == Some(wanted)),
            })
    }

    /// Puts `new` at this path, or removes what is there when `new` is none; makes the mappings and keyed elements on
    /// the way. Says whether the place could be reached.
    pub fn put(&self, root: &mut Value, new: Option<Value>) -> bool {
        put(root, &self.0, new)
    }
}

fn put(value: &mut Value, path: &[PathSegment], new: Option<Value>) -> bool {
    let Some((segment, rest)) = path.split_first() else {
        *value = new.unwrap_or(Value::Null);
        return true;
    };
    if value.is_null() {
        *value = match segment {
            PathSegment::Key(_) => Value::Object(serde_json::Map::new()),
            PathSegment::Element { .. } | PathSegment::Index(_) => Value::Array(Vec::new()),
        };
    }
    match (segment, value) {
        (PathSegment::Key(key), Value::Object(map)) => match new {
            None if rest.is_empty() => {
                map.remove(key);
                true
            }
            None => map.get_mut(key).is_none_or(|inner| put(inner, rest, None)),
            new => put(map.entry(key.clone()).or_insert(Value::Null), rest, new),
        },
        (segment, Value::Array(items)) => {
            let found = match segment {
                PathSegment::Index(index) => Some(*index).filter(|index| *index < items.len()),
                PathSegment::Element { field, value } => items
                    .iter()
                    .position(|item| item.get(field).and_then(Value::as_str) == Some(value)),
                PathSegment::Key(_) => return false,
            };
            match (found, new) {
                (Some(index), None) if rest.is_empty() => {
                    items.remove(index);
                    true
                }
                (Some(index), new) => put(&mut items[index], rest, new),
                (None, None) => true,
                (None, new) => {
                    let mut element = match segment {
                        PathSegment::Element { field, value } if !rest.is_empty() => {
                            serde_json::json!({ field.as_str(): value })
                        }
                        _ => Value::Null,
                    };
                    let reached = put(&mut element, rest, new);
                    items.push(element);
                    reached
                }
            }
        }
        _ => false,
    }
}

/// Whether a key can stand in a path without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '{' | '}'))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Key(key) if is_plain(key) => {
                    if index > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                PathSegment::Key(key) => write!(f, "[{}]", Value::String(key.clone()))?,
                PathSegment::Element { field, value } if is_plain(value) => {
                    write!(f, "[{field}={value}]")?
                }
                PathSegment::Element { field, value } => {
                    write!(f, "[{field}={}]", Value::String(value.clone()))?
                }
                PathSegment::Index(position) => write!(f, "[{position}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = InvalidFieldPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::field_path(text)
            .map(Self)
            .ok_or_else(|| InvalidFieldPath(text.to_owned()))
    }
}

impl TryFrom<String> for FieldPath {
    type Error = InvalidFieldPath;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.to_string()
    }
}
