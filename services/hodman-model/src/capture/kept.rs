//! What of a file stays as it is written when a field gets another value: above all references, which mean something else
//! in other environments. So a list with one more item does not lose those of the others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::{meaning, same};
use super::git_code::GitCode;
use crate::field_path::FieldPath;
use crate::files::Tree;
use crate::kinds::Kind;
use crate::pairs::Pairs;

/// A resource as one file says it, and what that means here, in the words of a form.
pub(super) struct Said {
    raw: Value,
    means: Value,
}

/// The same of a part of it.
#[derive(Clone, Copy)]
pub(super) struct There<'v> {
    pub raw: &'v Value,
    pub means: &'v Value,
}

impl Said {
    /// What `raw` in `file` says; `code` tells which paths are those of another repository.
    pub fn new(
        kind: &dyn Kind,
        (raw, file): (&Value, &str),
        code: &GitCode,
        tree: &Tree,
        variables: &BTreeMap<String, Value>,
    ) -> Self {
        Self {
            raw: raw.clone(),
            means: meaning(kind, (raw, file), code, tree, variables),
        }
    }

    /// What it says of a field.
    pub fn at(&self, path: &FieldPath) -> Option<There<'_>> {
        Some(There {
            raw: path.get(&self.raw)?,
            means: path.get(&self.means)?,
        })
    }
}

impl<'v> There<'v> {
    /// What it says of a field of its own.
    pub fn key(self, key: &str) -> Option<Self> {
        Some(Self {
            raw: self.raw.get(key)?,
            means: self.means.get(key)?,
        })
    }

    /// Whether it means just that.
    pub fn is(self, wanted: &Value) -> bool {
        same(Some(wanted), Some(self.means))
    }

    /// Its items; none where one reference stands for all of them.
    fn items(self) -> Vec<Self> {
        let (Value::Array(raw), Value::Array(means)) = (self.raw, self.means) else {
            return Vec::new();
        };
        raw.iter()
            .zip(means)
            .map(|(raw, means)| Self { raw, means })
            .collect()
    }

    /// The reference that is lost when `written` stands here.
    pub fn lost(self, written: &Value) -> Option<String> {
        let text = self.raw.as_str().filter(|text| text.contains("${"))?;
        (!has_reference(written)).then(|| text.to_owned())
    }
}

/// Whether a value refers to something: a variable, another resource.
pub(super) fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(map) => map.values().any(has_reference),
        _ => false,
    }
}

/// `wanted` with all that `there` says already as it is said there; what is new is written by `write`. References that are
/// not kept are added to `lost`.
pub(super) fn kept(
    there: Option<There<'_>>,
    wanted: &Value,
    write: &dyn Fn(&Value) -> Value,
    lost: &mut Vec<String>,
) -> Value {
    if let Some(there) = there.filter(|there| there.is(wanted)) {
        return there.raw.clone();
    }
    let written = match wanted {
        Value::Array(items) => {
            let of = Items::of(there, items);
            lost.extend(of.lost);
            let pairs = items.iter().zip(of.there);
            pairs
                .map(|(item, there)| kept(there, item, write, lost))
                .collect()
        }
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let there = there.and_then(|there| there.key(key));
                (key.clone(), kept(there, value, write, lost))
            })
            .collect(),
        other => write(other),
    };
    lost.extend(there.and_then(|there| there.lost(&written)));
    written
}

/// Which items of a list stood there before.
pub(super) struct Items<'v> {
    /// For each of the wanted ones what it was, if it was there.
    pub there: Vec<Option<There<'v>>>,
    /// References in items that others stand in the place of.
    pub lost: Vec<String>,
}

impl<'v> Items<'v> {
    /// For `wanted`, where `there` was said before.
    pub fn of(there: Option<There<'v>>, wanted: &[Value]) -> Self {
        let old = there.map(There::items).unwrap_or_default();
        let is = |o: usize, n: usize| old[o].is(&wanted[n]);
        let covers = |o: usize, n: usize| says_all(old[o].means, &wanted[n]);
        let pairs = Pairs::of(old.len(), wanted.len(), &is, &covers);
        let mut lost = Vec::new();
        for index in pairs.displaced {
            references(old[index].raw, &mut lost);
        }
        Self {
            there: pairs
                .at
                .iter()
                .map(|at| at.map(|index| old[index]))
                .collect(),
            lost,
        }
    }
}

/// Whether a mapping says all that is wanted, and perhaps more: a form has no defaults, a file may.
fn says_all(said: &Value, wanted: &Value) -> bool {
    let (Value::Object(said), Value::Object(wanted)) = (said, wanted) else {
        return false;
    };
    !wanted.is_empty()
        && wanted
            .iter()
            .all(|(key, value)| same(Some(value), said.get(key)))
}

fn references(raw: &Value, found: &mut Vec<String>) {
    match raw {
        Value::String(text) if text.contains("${") => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(map) => map.values().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What becomes of `raw`, which means `means`, when `wanted` is wanted, and what is lost.
    fn becomes(raw: &Value, means: &Value, wanted: &Value) -> (Value, Vec<String>) {
        let mut lost = Vec::new();
        let written = kept(Some(There { raw, means }), wanted, &Value::clone, &mut lost);
        (written, lost)
    }

    #[test]
    fn items_keep_their_references_wherever_they_go() {
        let raw = json!(["--env", "${bundle.target}", "--n", "1"]);
        let means = json!(["--env", "dev", "--n", "1"]);
        for (wanted, expected) in [
            (
                json!(["--env", "dev", "--n", "2"]),
                json!(["--env", "${bundle.target}", "--n", "2"]),
            ),
            (
                json!(["--n", "1", "--env", "dev"]),
                json!(["--n", "1", "--env", "${bundle.target}"]),
            ),
            (
                json!(["-v", "--env", "dev"]),
                json!(["-v", "--env", "${bundle.target}"]),
            ),
            (json!(["--n", "1"]), json!(["--n", "1"])),
        ] {
            let (written, lost) = becomes(&raw, &means, &wanted);
            assert_eq!((written, lost), (expected, Vec::new()), "{wanted}");
        }
    }

    #[test]
    fn a_reference_that_something_else_stands_in_the_place_of_is_told() {
        let raw = json!(["--env", "${bundle.target}", "--n", "1"]);
        let means = json!(["--env", "dev", "--n", "1"]);
        for wanted in [
            json!(["--env", "new", "--n", "1"]),
            json!(["--env", "new", "--more", "--n", "1"]),
        ] {
            let (written, lost) = becomes(&raw, &means, &wanted);
            assert_eq!(written, wanted);
            assert_eq!(lost, ["${bundle.target}"]);
        }
    }

    #[test]
    fn a_mapping_that_also_says_a_default_is_known_all_the_same() {
        let raw =
            json!([{"pypi": {"package": "shop==${var.v}"}, "is_default": true}, {"whl": "b"}]);
        let means = json!([{"pypi": {"package": "shop==1"}, "is_default": true}, {"whl": "b"}]);
        let wanted = json!([{"whl": "a"}, {"pypi": {"package": "shop==1"}}, {"whl": "b"}]);
        let (written, lost) = becomes(&raw, &means, &wanted);
        assert_eq!(
            written,
            json!([{"whl": "a"}, {"pypi": {"package": "shop==${var.v}"}}, {"whl": "b"}])
        );
        assert_eq!(lost, [""; 0]);
    }

    #[test]
    fn one_reference_for_a_whole_list_is_no_list() {
        let (written, lost) = becomes(&json!("${var.all}"), &json!(["a"]), &json!(["a", "b"]));
        assert_eq!(written, json!(["a", "b"]));
        assert_eq!(lost, ["${var.all}"]);
    }
}
