//! What a capture takes in: kinds, names, folders, people, tags, times.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::kinds::KINDS;

/// What a capture takes in. Everything when all is absent, less what lies in people's own folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct CaptureRules {
    /// Which kinds, such as `jobs`, by globs. All when absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// But not these kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_kinds: Vec<String>,
    /// Workspace folders whose files and notebooks are captured even when no job refers to them, with who may do what in
    /// each folder where that is not inherited. What is in people's own folders is captured only when one of these holds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Which objects, by who made them; `unknown` stands for those of which the API does not say it. All when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub creators: Selection,
    /// Which objects, by their tags; objects of kinds without tags are not asked.
    #[serde(skip_serializing_if = "is_default")]
    pub tags: TagSelection,
    /// Only what was changed at this moment or later, as far as the API says when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<DateTime<Utc>>,
    /// Values that differ between environments become variables, and each environment's `identity` says what stands for
    /// them there. Of these sorts (such as `node_types`) they are written as they are: they mean the same everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub literals: Vec<String>,
    /// One branch that goes on, or one for every run.
    #[serde(skip_serializing_if = "is_default")]
    pub branch: CaptureBranch,
    /// What is written.
    #[serde(skip_serializing_if = "is_default")]
    pub format: CaptureFormat,
    /// Whether notebooks and files are asked one by one, a request each, who may do what with them beside those who may in
    /// their folder. A bundle cannot say it of one file, so the pull request tells it.
    #[serde(skip_serializing_if = "is_default")]
    pub file_permissions: bool,
    /// What makes a capture besides `schedules.capture` and people who ask for one, also through a queue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<CaptureOn>,
    /// By kind (`jobs`, `clusters`, …): which of them, by name.
    #[serde(flatten)]
    pub by_kind: BTreeMap<String, Selection>,
}

/// On which branch captures are proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureBranch {
    /// `hodman/capture/<env>`, with one pull request that grows until it is merged.
    #[default]
    Rolling,
    /// `hodman/capture/<env>-<date>-<time>`: a branch and a pull request for each run that found something.
    PerRun,
}

/// What a capture writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureFormat {
    /// A Databricks bundle: YAML and sources.
    #[default]
    Bundle,
    /// Terraform: HCL with `import` blocks and variables, and sources. hodman does not plan it.
    Terraform,
}

/// What makes a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureOn {
    /// The default branch moved.
    Push,
    /// A message on a queue says that one of its workspaces changed: `{"hodman": "workspace-changed", "workspace": "dev"}`, by
    /// itself or as the `detail` of an event of EventBridge.
    Event,
}

/// A choice of names by globs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Names that match one of these are taken. `["*"]` when absent; `[]` takes none.
    #[serde(default = "everything")]
    pub include: Vec<String>,
    /// But not those that match one of these.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            include: everything(),
            exclude: Vec::new(),
        }
    }
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// A choice by tags: name of the tag, glob of its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagSelection {
    /// Objects that have every one of these are taken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub include: BTreeMap<String, String>,
    /// But not those that have one of these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exclude: BTreeMap<String, String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl CaptureRules {
    /// Which objects of a kind, by name.
    #[must_use]
    pub fn of(&self, kind: &str) -> Selection {
        self.by_kind.get(kind).cloned().unwrap_or_default()
    }
}

/// The keys that are no kinds.
const OWN: &[&str] = &[
    "kinds",
    "exclude_kinds",
    "paths",
    "creators",
    "tags",
    "changed_since",
    "literals",
    "branch",
    "format",
    "file_permissions",
    "on",
];

static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    OWN.iter()
        .copied()
        .chain(KINDS.iter().map(|kind| kind.name()))
        .collect()
});

// By hand and not derived: `flatten` would take every misspelt key for a kind, and lose the places of errors inside.
impl<'de> Deserialize<'de> for CaptureRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Rules)
    }
}

struct Rules;

impl<'de> Visitor<'de> for Rules {
    type Value = CaptureRules;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CaptureRules, A::Error> {
        let mut rules = CaptureRules::default();
        while let Some(key) = map.next_key_seed(Key)? {
            match key {
                "kinds" => rules.kinds = map.next_value()?,
                "exclude_kinds" => rules.exclude_kinds = map.next_value()?,
                "paths" => rules.paths = map.next_value()?,
                "creators" => rules.creators = map.next_value()?,
                "tags" => rules.tags = map.next_value()?,
                "changed_since" => rules.changed_since = map.next_value()?,
                "literals" => rules.literals = map.next_value()?,
                "branch" => rules.branch = map.next_value()?,
                "format" => rules.format = map.next_value()?,
                "file_permissions" => rules.file_permissions = map.next_value()?,
                "on" => rules.on = map.next_value()?,
                kind => {
                    rules.by_kind.insert(kind.to_owned(), map.next_value()?);
                }
            }
        }
        Ok(rules)
    }

    fn visit_unit<E>(self) -> Result<CaptureRules, E> {
        Ok(CaptureRules::default())
    }
}

/// A key, refused where it stands.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = &'static str;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<&'static str, E> {
        let known: &'static [&'static str] = &KEYS;
        known
            .iter()
            .copied()
            .find(|name| *name == key)
            .ok_or_else(|| E::unknown_field(key, known))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<&'static str, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(A::Error::custom("a key is a text"))
    }
}
