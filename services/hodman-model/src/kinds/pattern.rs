//! Patterns over field paths, such as `tasks.*.run_if`: `*` is any list element or any key, and `!name` any key but that one.

use std::fmt;

use serde_json::Value;

use crate::field_path::{FieldPath, PathSegment};

/// A pattern; see the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Any,
    Other(String),
}

/// What becomes of a value that was visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays, perhaps changed.
    Yes,
    /// It is taken out of the mapping or list it is in.
    No,
}

impl Pattern {
    /// Reads a pattern; the empty one names the whole config.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self(Vec::new());
        }
        Self(
            text.split('.')
                .map(|step| {
                    if step == "*" {
                        Step::Any
                    } else if let Some(name) = step.strip_prefix('!') {
                        Step::Other(name.to_owned())
                    } else {
                        Step::Name(step.to_owned())
                    }
                })
                .collect(),
        )
    }

    /// Calls `visit` for every value that the pattern names.
    pub fn visit(&self, value: &mut Value, visit: &mut dyn FnMut(&mut Value) -> Keep) {
        walk(value, &self.0, visit);
    }

    /// Whether the pattern names the field at `path`.
    #[must_use]
    pub fn matches(&self, path: &FieldPath) -> bool {
        self.0.len() == path.0.len() && self.matches_start(path)
    }

    /// Whether the pattern names the field at `path` or one that holds it.
    #[must_use]
    pub fn covers(&self, path: &FieldPath) -> bool {
        self.0.len() <= path.0.len() && self.matches_start(path)
    }

    /// The name of the field that it names, wherever that stands; none where any will do.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether the pattern names the fields that `other` names, or what holds them.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether the pattern names anything in `value`.
    #[must_use]
    pub fn names_any(&self, value: &Value) -> bool {
        names_any(&self.0, value)
    }

    /// What is left of the pattern below `path`, when it names fields there.
    #[must_use]
    pub fn below(&self, path: &FieldPath) -> Option<Self> {
        let inside = self.0.len() > path.0.len() && self.matches_start(path);
        inside.then(|| Self(self.0[path.0.len()..].to_vec()))
    }

    fn matches_start(&self, path: &FieldPath) -> bool {
        self.0
            .iter()
            .zip(&path.0)
            .all(|(step, segment)| match (step, segment) {
                (Step::Any, _) => true,
                (Step::Name(name), PathSegment::Key(key)) => name == key,
                (Step::Other(name), PathSegment::Key(key)) => name != key,
                (
                    Step::Name(_) | Step::Other(_),
                    PathSegment::Element { .. } | PathSegment::Index(_),
                ) => false,
            })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            match step {
                Step::Name(name) => f.write_str(name)?,
                Step::Any => f.write_str("*")?,
                Step::Other(name) => write!(f, "!{name}")?,
            }
        }
        Ok(())
    }
}

fn names_any(steps: &[Step], value: &Value) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return true;
    };
    match (step, value) {
        (Step::Name(name), Value::Object(map)) => {
            map.get(name).is_some_and(|inner| names_any(rest, inner))
        }
        (Step::Any, Value::Object(map)) => map.values().any(|inner| names_any(rest, inner)),
        (Step::Other(name), Value::Object(map)) => map
            .iter()
            .any(|(key, inner)| key != name && names_any(rest, inner)),
        (Step::Any, Value::Array(items)) => items.iter().any(|inner| names_any(rest, inner)),
        _ => false,
    }
}

fn walk(value: &mut Value, steps: &[Step], visit: &mut dyn FnMut(&mut Value) -> Keep) -> Keep {
    let Some((step, rest)) = steps.split_first() else {
        return visit(value);
    };
    match (step, value) {
        (Step::Name(name), Value::Object(map)) => {
            let removed = map
                .get_mut(name)
                .is_some_and(|inner| walk(inner, rest, visit) == Keep::No);
            if removed {
                map.remove(name);
            }
        }
        (Step::Any, Value::Object(map)) => {
            map.retain(|_, inner| walk(inner, rest, visit) == Keep::Yes)
        }
        (Step::Other(name), Value::Object(map)) => {
            map.retain(|key, inner| key == name || walk(inner, rest, visit) == Keep::Yes);
        }
        (Step::Any, Value::Array(items)) => {
            items.retain_mut(|inner| walk(inner, rest, visit) == Keep::Yes)
        }
        _ => {}
    }
    Keep::Yes
}
