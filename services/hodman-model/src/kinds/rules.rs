//! Which fields of a kind mean what, and the managed form that follows from it.
//!
//! Both the desired and the observed config are brought to managed form before they are compared, so that a value
//! equal to the server's default is the same as none.

mod code;
mod fills;
mod implied;
mod left;
mod parts;
mod prefixed;
mod said;
mod spelling;
mod spot;
mod touched;
mod unnamed;
mod wish;

use serde_json::{Map, Value};

use super::pattern::{Keep, Pattern};
use crate::digest::canonical_json;
use crate::field_path::FieldPath;
use crate::number;
use spot::Spot;

pub use implied::Implied;
pub(super) use left::without_nulls;
pub use parts::{CodeSource, Default, Reference, ServerFill};
pub use spelling::{Form, Spelling};
pub(super) use spelling::{spelled, upper_case};
pub use unnamed::Unnamed;
pub use wish::Wish;

/// The rules of a kind; see each field.
#[derive(Clone, Debug, std::default::Default)]
pub struct Rules {
    /// The fields that a person can set; everything else in an answer is state. Empty for kinds whose API keeps them
    /// apart from state, such as a job's `settings`.
    pub settable: &'static [&'static str],
    /// The fields of mappings in those, by the mapping's path, where the API says all of them.
    pub inside: &'static [(&'static str, &'static [&'static str])],
    /// The field with the object's name.
    pub name_field: &'static str,
    /// The field with its tags.
    pub tags_field: &'static str,
    /// Writes what one field says of others into those, as the service does and answers it.
    pub folds: Option<fn(&mut Value)>,
    /// Fields that are no part of the managed form: state, and what other tools write about themselves.
    pub volatile: Vec<Pattern>,
    /// What the server takes when the field is absent.
    pub defaults: Vec<Default>,
    /// Fields that say where code is.
    pub code_sources: Vec<CodeSource>,
    /// What the server fills as it likes.
    pub server_fills: Vec<ServerFill>,
    /// Scalars that the API stores as text; bundles write `true` and `8` there, too.
    pub texts: Vec<Pattern>,
    /// Where an update is the whole object, so that what it is silent about is the server's to fill anew: the fields of which that is
    /// not so, because the update says what they are.
    pub silence_resets: Option<&'static [&'static str]>,
    /// Texts that hold JSON: its layout and the order of its keys mean nothing, and a mapping may be written instead.
    pub json_texts: Vec<Pattern>,
    /// What the server adds inside of such JSON.
    pub json_defaults: Vec<Default>,
    /// Policy documents of AWS: one text or a list with it, and lists in any order, mean the same.
    pub policy_documents: Vec<Pattern>,
    /// Paths in the workspace, which the API writes with `/Workspace` in front or without.
    pub workspace_paths: Vec<Pattern>,
    /// Mappings in which a cluster policy, when `policy_id` there names one, fills what the desired config is silent
    /// about; what it fills stands in the policy's definition, for who knows that.
    pub policy_fills: Vec<Pattern>,
    /// Fields that answers may leave out of the settings. What [`super::Listed::outputs`] say of them counts then, and where
    /// those say nothing either, nobody knows, and whatever is wanted is right.
    pub beside: &'static [&'static str],
    /// Names that the server writes in lower case whatever was asked for.
    pub lower_case: Vec<Pattern>,
    /// What the server takes in several forms and keeps in one.
    pub spellings: Vec<Spelling>,
    /// Values that leave the choice to the server.
    pub wishes: Vec<Wish>,
    /// What the server adds where a flag asks for it.
    pub implied: Vec<Implied>,
    /// What an answer remarks of an object and no package says: something is amiss, and an update mends it. Captures leave it out.
    pub remarks: Vec<Pattern>,
    /// Names in front of which the server puts a word of the account's and a hyphen.
    pub prefixed: &'static [&'static str],
    /// Places in a store: a slash at the end means nothing.
    pub locations: Vec<Pattern>,
    /// Entries of mappings that the server writes for itself and nobody compares: (mapping, start of the key).
    pub own_entries: &'static [(&'static str, &'static str)],
    /// Fields that mean nothing when they say the same as another one beside them: (mapping, field, the other).
    pub repeats: Vec<(Pattern, &'static str, &'static str)>,
    /// Lists of which an empty one that is written says that nothing is in them, and none that they are others' to fill.
    pub said_empty: &'static [&'static str],
    /// Empty mappings that mean something by being there.
    pub keep_empty: Vec<Pattern>,
    /// Fields that the server may fill and an update that names them without a value gives back to it, where an update says no more
    /// than what changes: see [`Self::silence_resets`] for the others.
    pub given_back: Vec<Pattern>,
    /// Fields that cannot be there with another one that the server does not tell: (that one, the field).
    pub instead: &'static [(&'static str, &'static str)],
    /// Fields that are there from the beginning or never, and change in place where they are.
    pub made_with: &'static [&'static str],
    /// Fields that cannot change in place.
    pub replace_on: Vec<Pattern>,
    /// Whether the names of its fields are what it is known by, so that one more or less makes it another object.
    pub known_by_fields: bool,
    /// Fields that can change without a restart when nothing else does; see [`super::Kind::resize`].
    pub resize_on: Vec<Pattern>,
    /// Lists of scalars whose order means nothing.
    pub sets: Vec<Pattern>,
    /// Fields that the server takes and never returns. What was put is remembered as a keyed digest in the claim
    /// ([`crate::claims::Put`]), so that a change in the package is seen.
    pub write_only: Vec<Pattern>,
    /// Whether those are no secrets, and are taken once: their digest needs no key, and where none was noted there is nothing to compare
    /// and nothing to send.
    pub open: bool,
    /// Fields with ids of other objects.
    pub references: Vec<Reference>,
    /// Fields with the path of a notebook.
    pub notebook_paths: Vec<Pattern>,
    /// Fields with the path of a file.
    pub file_paths: Vec<Pattern>,
    /// Lists whose elements have a key: (name of the list, key field). Their order means nothing.
    pub list_keys: &'static [(&'static str, &'static str)],
    /// Those whose elements the server gives a key where nobody does.
    pub unnamed: &'static [Unnamed],
    /// The order in which fields are written, wherever they stand; the rest follows by alphabet.
    pub field_order: &'static [&'static str],
}

impl Rules {
    /// The managed form of `config`.
    #[must_use]
    pub fn normalise(&self, config: &Value) -> Value {
        self.normalised(config.clone())
    }

    /// The same of a config that nobody needs as it is.
    pub(crate) fn normalised(&self, value: Value) -> Value {
        let mut value = self.spelled(value);
        self.drop_repeats(&mut value);
        for default in &self.defaults {
            default
                .at
                .visit(&mut value, &mut |found| keep_if(*found != default.value));
        }
        self.drop_usual_sources(&mut value);
        self.drop_empty(&mut value, &Spot::Root);
        self.sort_keyed("", &mut value);
        value
    }

    /// What `value` says, in the one spelling of each; also what goes without saying.
    pub(crate) fn spelled(&self, mut value: Value) -> Value {
        if let Some(fold) = self.folds {
            fold(&mut value);
        }
        for pattern in &self.volatile {
            pattern.visit(&mut value, &mut |_| Keep::No);
        }
        self.write_texts(&mut value);
        self.drop_own_entries(&mut value);
        rewrite(&self.lower_case, &mut value, &spelling::lower_case);
        self.spell(&mut value);
        rewrite(&self.locations, &mut value, &|place| {
            place.trim_end_matches('/').to_owned()
        });
        rewrite(&self.workspace_paths, &mut value, &workspace_path);
        for pattern in &self.policy_documents {
            pattern.visit(&mut value, &mut |document| {
                *document = super::aws::canonical(document);
                Keep::Yes
            });
        }
        for pattern in &self.sets {
            pattern.visit(&mut value, &mut |list| {
                if let Value::Array(items) = list {
                    items.sort_by_key(ToString::to_string);
                    items.dedup();
                }
                Keep::Yes
            });
        }
        value
    }

    fn drop_own_entries(&self, value: &mut Value) {
        for (field, start) in self.own_entries {
            if let Some(Value::Object(entries)) = value.get_mut(*field) {
                entries.retain(|key, _| !key.starts_with(start));
            }
        }
    }

    /// `config` as a request carries it: numbers and mappings as text where the API takes nothing but text.
    #[must_use]
    pub fn as_sent(&self, config: &Value) -> Value {
        let mut value = config.clone();
        self.write_texts(&mut value);
        value
    }

    fn write_texts(&self, value: &mut Value) {
        for pattern in &self.texts {
            pattern.visit(value, &mut |scalar| {
                let text = match &*scalar {
                    Value::Number(value) => number::as_text(value),
                    Value::Bool(value) => value.to_string(),
                    _ => return Keep::Yes,
                };
                *scalar = Value::String(text);
                Keep::Yes
            });
        }
        for pattern in &self.json_texts {
            pattern.visit(value, &mut |json| {
                let parsed = match &*json {
                    Value::String(text) => serde_json::from_str(text).ok(),
                    Value::Object(_) | Value::Array(_) => Some(json.clone()),
                    _ => None,
                };
                if let Some(mut parsed) = parsed {
                    for added in &self.json_defaults {
                        added
                            .at
                            .visit(&mut parsed, &mut |found| keep_if(*found != added.value));
                    }
                    *json = Value::String(canonical_json(&parsed));
                }
                Keep::Yes
            });
        }
    }

    /// The key field of the list named `list`.
    #[must_use]
    pub fn list_key(&self, list: &str) -> Option<&'static str> {
        self.list_keys
            .iter()
            .find(|(name, _)| *name == list)
            .map(|(_, key)| *key)
    }

    /// The key field of the list at `path`.
    #[must_use]
    pub fn list_key_at(&self, path: &FieldPath) -> Option<&'static str> {
        match path.0.last() {
            Some(crate::field_path::PathSegment::Key(name)) => self.list_key(name),
            _ => None,
        }
    }

    /// Drops nulls, empty mappings and empty lists from mappings, from the inside out.
    fn drop_empty(&self, value: &mut Value, at: &Spot<'_>) {
        match value {
            Value::Object(map) => map.retain(|key, inner| {
                let at = Spot::Key(at, key);
                self.drop_empty(inner, &at);
                match inner {
                    Value::Null => false,
                    Value::Array(items) => !items.is_empty(),
                    Value::Object(inner) => !inner.is_empty() || self.keeps_empty(&at),
                    _ => true,
                }
            }),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.drop_empty(item, &Spot::Index(at, index));
                }
            }
            _ => {}
        }
    }

    fn keeps_empty(&self, at: &Spot<'_>) -> bool {
        if self.keep_empty.is_empty() {
            return false;
        }
        let path = at.path();
        self.keep_empty.iter().any(|pattern| pattern.matches(&path))
    }

    /// Sorts the lists whose order means nothing.
    fn sort_keyed(&self, name: &str, value: &mut Value) {
        match value {
            Value::Object(map) => map
                .iter_mut()
                .for_each(|(key, inner)| self.sort_keyed(key, inner)),
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.sort_keyed("", item));
                if let Some(field) = self.list_key(name)
                    && items
                        .iter()
                        .all(|item| item.get(field).is_some_and(Value::is_string))
                {
                    items.sort_by(|a, b| a[field].as_str().cmp(&b[field].as_str()));
                }
            }
            _ => {}
        }
    }
}

/// The segment that names `item`, number `index` of a list with the key `field`.
pub(crate) fn element_segment(
    field: Option<&str>,
    item: &Value,
    index: usize,
) -> crate::field_path::PathSegment {
    use crate::field_path::PathSegment;
    match field.and_then(|field| Some((field, item.get(field)?.as_str()?))) {
        Some((field, value)) => PathSegment::Element {
            field: field.to_owned(),
            value: value.to_owned(),
        },
        None => PathSegment::Index(index),
    }
}

/// A path in the workspace as it is written today: with `/Workspace` in front, no slash at the end.
pub(super) fn workspace_path(path: &str) -> String {
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.starts_with("/Workspace/") || !path.starts_with('/') {
        return path.to_owned();
    }
    format!("/Workspace{path}")
}

/// Brings the texts that `patterns` name to `form`.
fn rewrite(patterns: &[Pattern], value: &mut Value, form: &dyn Fn(&str) -> String) {
    for pattern in patterns {
        pattern.visit(value, &mut |found| {
            if let Value::String(text) = found {
                *text = form(text);
            }
            Keep::Yes
        });
    }
}

fn keep_if(keep: bool) -> Keep {
    if keep { Keep::Yes } else { Keep::No }
}

/// `config` as a mapping, whatever it was.
pub(super) fn as_map(config: &Value) -> Map<String, Value> {
    config.as_object().cloned().unwrap_or_default()
}

/// Builds patterns, each `{task}` and `{cluster}` spelled out for every place where a task or cluster can stand.
pub(super) fn patterns(texts: &[&str], aliases: &[(&str, &[&str])]) -> Vec<Pattern> {
    expand(texts, aliases)
        .iter()
        .map(|text| Pattern::new(text))
        .collect()
}

/// The texts with every alias spelled out.
pub(super) fn expand(texts: &[&str], aliases: &[(&str, &[&str])]) -> Vec<String> {
    texts
        .iter()
        .flat_map(
            |text| match aliases.iter().find(|(alias, _)| text.starts_with(alias)) {
                Some((alias, places)) => {
                    let rest = text.strip_prefix(alias).unwrap_or_default();
                    places
                        .iter()
                        .map(|place| format!("{place}{rest}").trim_start_matches('.').to_owned())
                        .collect()
                }
                None => vec![(*text).to_owned()],
            },
        )
        .collect()
}
