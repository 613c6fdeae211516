//! What a workspace has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::desired::FileSet;
use crate::bundle::{Lookup, ResourceKey};
use crate::claims::{Put, Tags};
use crate::digest::Digest;
use crate::kinds::{Listed, Marker, Policies};
use crate::stacks::{ByHand, StackPlan};

/// One object and its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedObject {
    /// The name of its kind, such as `jobs`.
    pub kind: String,
    /// The object.
    pub listed: Listed,
}

/// How much of a file set lies in its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum FileSetState {
    /// No folder.
    #[default]
    Absent,
    /// A crash or an error came between: the folder is there, some files are not.
    Partial {
        /// The paths that lack.
        missing: Vec<String>,
        /// The paths of files that somebody changed by hand, as far as they can be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
    },
    /// Every file is there.
    Complete,
}

/// What a workspace has, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// All objects of the kinds that we manage, ours and others'.
    pub objects: Vec<ObservedObject>,
    /// The folders of file sets below the environment's root; a digest that is not here is absent.
    pub files: BTreeMap<Digest, FileSetState>,
    /// Who we are there, as permissions name us; none where nothing depends on it, or nobody was asked.
    pub me: Option<String>,
    /// Principals in managed form that are to read the files, which are all there, and may not.
    pub readers_missing: BTreeSet<String>,
    /// Notebooks and files of nobody's of ours in the folder of the set that is wanted.
    pub strangers: BTreeSet<String>,
    /// Resources whose objects we took over once; from our claims.
    pub taken_over: BTreeSet<ResourceKey>,
    /// What earlier file sets hold, as far as somebody remembers: only to say which files change.
    pub known_sets: BTreeMap<Digest, FileSet>,
    /// What we put into fields that cannot be read back; from our claims.
    pub puts: BTreeMap<ResourceKey, Put>,
    /// What bringing a stack to what is wanted would do to its resources, as far as its engine was asked.
    pub previews: BTreeMap<ResourceKey, StackPlan>,
    /// Stacks whose inputs other rows are yet to give, and those rows: their engine can be asked once those are done.
    pub waiting: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
    /// What people changed inside of stacks, where somebody compares and their engine was asked. No plan puts it back.
    pub by_hand: BTreeMap<ResourceKey, ByHand>,
    /// Whose tags are gone or were copied; from our claims.
    pub tags: Tags,
    /// Objects that several pipelines or environments claim; [`crate::claims::mark`] finds them.
    pub contested: Vec<Contested>,
    /// Objects of ours, by (kind, natural name), whose place another has taken: they are no resource's any more, and go when all that
    /// used them has moved.
    pub leaving: BTreeMap<(String, String), Leaving>,
    /// The same of kinds without tags, by (kind, id), which did not go when all was done: our claims say whose they were.
    pub outlived: BTreeMap<(String, String), Leaving>,
    /// Names that other pipelines or environments claim, by (kind, natural name), whether there is an object or not.
    pub claimed_elsewhere: BTreeMap<(String, String), Marker>,
    /// What cluster policies fill, by id, where a config names one; of one that is not here nobody knows it.
    pub policies: Policies,
    /// Objects that can be looked up by name and are no objects of our table: (word of the bundle language, name) and the
    /// ids of those that are called so.
    pub others: BTreeMap<(String, String), BTreeSet<String>>,
}

/// An object on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The resource that it was.
    pub key: ResourceKey,
    /// Why it was not removed when all was done, as far as that was tried.
    pub kept: Option<String>,
}

/// An object that several claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contested {
    /// The name of its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Who claims it, in order.
    pub claimants: Vec<Marker>,
}

impl Observed {
    /// What the resource was called before, where that is there still.
    #[must_use]
    pub fn formerly(&self, key: &ResourceKey) -> Option<&str> {
        let mut leaving = self.leaving.iter();
        let found = leaving.find(|(_, leaving)| leaving.key == *key);
        found.map(|((_, name), _)| name.as_str())
    }

    /// The ids of the objects called `name`; `kind` in the words of the bundle language. Of service principals the
    /// application ids.
    #[must_use]
    pub fn called(&self, kind: &str, name: &str) -> Vec<String> {
        let mut ids: BTreeSet<String> = self
            .others
            .get(&(kind.to_owned(), name.to_owned()))
            .cloned()
            .unwrap_or_default();
        if let Some(table) = table_kind(kind) {
            let called = self
                .objects
                .iter()
                .filter(|object| object.kind == table && object.listed.name == name);
            ids.extend(called.map(|object| lookup_id(&object.listed)));
        }
        ids.into_iter().collect()
    }

    /// The names that can be looked up.
    pub(super) fn names(&self, kind: &str) -> BTreeSet<&str> {
        let table = table_kind(kind);
        let objects = self
            .objects
            .iter()
            .filter(|object| Some(object.kind.as_str()) == table)
            .map(|object| object.listed.name.as_str());
        let others = self.others.keys().filter(|(other, _)| other == kind);
        objects
            .chain(others.map(|(_, name)| name.as_str()))
            .collect()
    }
}

/// The name under `resources:` of what the bundle language calls `kind`.
fn table_kind(kind: &str) -> Option<&'static str> {
    Lookup::KINDS
        .iter()
        .find(|(word, _)| *word == kind)
        .and_then(|(_, table)| *table)
}

fn lookup_id(listed: &Listed) -> String {
    let application = listed.outputs.get("application_id").and_then(Value::as_str);
    application.map_or_else(|| listed.id.clone(), str::to_owned)
}
