//! The resources that the repository's bundle files define, as written, and what targets say about them.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use serde_json::Value;

use super::overlay::{lay, target_can_say};
use crate::bundle::{ResourceKey, Room, path_glob};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::field_path::FieldPath;
use crate::files::{Tree, yaml};

/// The names that the Databricks CLI takes for the root file, in its order.
pub(super) const ROOT_FILES: &[&str] = &[
    "databricks.yml",
    "databricks.yaml",
    "bundle.yml",
    "bundle.yaml",
];

/// One resource as written.
pub(super) struct RepoResource {
    /// The file.
    pub file: String,
    /// Where in it; below `targets` for what only a target defines.
    pub place: FieldPath,
    /// The config, variables and all in place.
    pub raw: Value,
}

/// What a target says about a resource.
#[derive(Clone)]
pub(super) struct Override {
    /// The target.
    pub target: String,
    /// The resource.
    pub key: ResourceKey,
    /// The file.
    pub file: String,
    /// The fields that it says, variables and all in place.
    pub raw: Value,
}

impl Override {
    /// Where in the file.
    pub fn place(&self) -> FieldPath {
        let mut place = FieldPath::default().key("targets").key(&self.target);
        place.0.extend(place_of(&self.key).0);
        place
    }
}

/// What one file says of a resource.
pub(super) struct Piece<'r> {
    /// The file.
    pub file: &'r str,
    /// Where in it.
    pub place: FieldPath,
    /// The fields that it says, variables and all in place.
    pub raw: &'r Value,
}

/// Where a bundle file has a resource.
pub(super) fn place_of(key: &ResourceKey) -> FieldPath {
    FieldPath::default()
        .key("resources")
        .key(&key.kind)
        .key(&key.key)
}

/// The bundle as written.
pub(super) struct Repo {
    /// The resources; of one defined in two files, the first.
    pub resources: BTreeMap<ResourceKey, RepoResource>,
    /// The files that define them, or say something about them.
    pub files: Vec<String>,
    /// The root file, when there is one.
    pub root_file: Option<&'static str>,
    /// The file that has each target; the root file, where it is one of them.
    pub target_files: BTreeMap<String, String>,
    /// What all targets say, in the order of the files.
    pub overrides: Vec<Override>,
    /// What all files say besides resources, laid together: variables, permissions, presets, targets.
    pub said: Value,
}

impl Repo {
    /// What `target` says about a resource that it does not define alone.
    pub fn overrides_of(
        &self,
        key: &ResourceKey,
        target: &str,
    ) -> impl DoubleEndedIterator<Item = &Override> {
        let own = self.resources.get(key).map(|resource| &resource.place);
        self.overrides
            .iter()
            .filter(move |over| over.key == *key && over.target == target)
            .filter(move |over| own != Some(&over.place()))
    }

    /// All that is laid over each other to make a resource for `target`, itself first; none when there is none.
    pub fn pieces(&self, key: &ResourceKey, target: &str) -> Vec<Piece<'_>> {
        let Some(own) = self.resources.get(key) else {
            return Vec::new();
        };
        let own = Piece {
            file: &own.file,
            place: own.place.clone(),
            raw: &own.raw,
        };
        let over = self.overrides_of(key, target).map(|over| Piece {
            file: &over.file,
            place: over.place(),
            raw: &over.raw,
        });
        std::iter::once(own).chain(over).collect()
    }

    /// Where the target can say the field at `path` of a resource that others define for all: in the file that has the target,
    /// below the resource's place there.
    pub fn over_place(
        &self,
        key: &ResourceKey,
        target: &str,
        path: &FieldPath,
    ) -> Option<(String, FieldPath)> {
        let own = self.resources.get(key)?;
        let file = self.target_files.get(target)?;
        let fits = own.place == place_of(key) && target_can_say(&key.kind, path);
        let mut place = FieldPath::default().key("targets").key(target);
        place.0.extend(own.place.0.iter().cloned());
        fits.then(|| (file.clone(), place))
    }

    /// The file that says the field at `path`, and where: the target's, where it says the field, else the resource's own.
    pub fn place_of_field(
        &self,
        key: &ResourceKey,
        target: &str,
        path: &FieldPath,
    ) -> Option<(&str, FieldPath)> {
        let over = self.overrides_of(key, target);
        let says = over.rev().find(|over| path.get(&over.raw).is_some());
        match says {
            Some(over) => Some((&over.file, over.place())),
            None => {
                let resource = self.resources.get(key)?;
                Some((&resource.file, resource.place.clone()))
            }
        }
    }
}

/// The bundle's files, for `target`.
pub(super) fn read(tree: &Tree, target: &str) -> Result<Repo, Diagnostics> {
    let root_file = ROOT_FILES
        .iter()
        .copied()
        .find(|name| tree.contains_key(*name));
    let mut found = Diagnostics::default();
    let mut resources: BTreeMap<ResourceKey, RepoResource> = BTreeMap::new();
    let mut overrides: Vec<Override> = Vec::new();
    let mut target_files = BTreeMap::new();
    let mut said = Value::Null;
    let mut parse = |file: &str| match parse(tree, file) {
        Ok(value) => value,
        Err(diagnostic) => {
            found.push(diagnostic);
            Value::Null
        }
    };
    let root = root_file.map(&mut parse).unwrap_or_default();
    let mut files: Vec<String> = root_file.map(str::to_owned).into_iter().collect();
    files.extend(included(tree, &root));
    for file in &files {
        let value = if Some(file.as_str()) == root_file {
            root.clone()
        } else {
            parse(file)
        };
        for (key, raw) in defined(&value) {
            resources.entry(key.clone()).or_insert(RepoResource {
                file: file.clone(),
                place: place_of(&key),
                raw,
            });
        }
        overrides.extend(said_by_targets(&value, file));
        lay(&mut said, besides_resources(&value));
        for target in value
            .get("targets")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            target_files
                .entry(target.0.clone())
                .or_insert_with(|| file.clone());
        }
    }
    for over in overrides.iter().filter(|over| over.target == target) {
        let alone = || RepoResource {
            file: over.file.clone(),
            place: over.place(),
            raw: over.raw.clone(),
        };
        resources.entry(over.key.clone()).or_insert_with(alone);
    }
    found.into_result(Repo {
        resources,
        files,
        root_file,
        target_files,
        overrides,
        said,
    })
}

/// What all files of the bundle say besides resources, laid together; those that do not parse say nothing.
pub(super) fn said_in(tree: &Tree) -> Value {
    let root_file = ROOT_FILES.iter().find(|name| tree.contains_key(**name));
    let root = root_file
        .and_then(|file| parse(tree, file).ok())
        .unwrap_or_default();
    let mut said = besides_resources(&root);
    for file in included(tree, &root) {
        // Ten thousand files of resources alone are not worth reading for it.
        let worth = tree.get(&file).is_some_and(|file| may_say(&file.bytes));
        if let Some(value) = worth.then(|| parse(tree, &file).ok()).flatten() {
            lay(&mut said, besides_resources(&value));
        }
    }
    said
}

/// Whether a file may say anything besides resources: a line begins with another key, or with no key at all.
fn may_say(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| {
        let first = line.first().copied().unwrap_or(b'#');
        !(first.is_ascii_whitespace() || first == b'#' || line.starts_with(b"resources:"))
            && line != b"---"
    })
}

fn besides_resources(value: &Value) -> Value {
    let mut value = value.clone();
    let Value::Object(map) = &mut value else {
        return Value::Null;
    };
    map.remove("resources");
    if let Some(old) = map.remove("environments") {
        map.entry("targets").or_insert(old);
    }
    let targets = map.get_mut("targets").and_then(Value::as_object_mut);
    for (_, target) in targets.into_iter().flatten() {
        if let Value::Object(target) = target {
            target.remove("resources");
        }
    }
    value
}

fn parse(tree: &Tree, file: &str) -> Result<Value, Diagnostic> {
    let bytes = tree
        .get(file)
        .map(|file| file.bytes.clone())
        .unwrap_or_default();
    let text = yaml::text(file, &bytes)?;
    crate::yaml_edit::read(text).or_else(|_| yaml::value(file, text))
}

/// One entry of `include`.
pub(super) struct Include {
    /// As a pattern of the tree's paths: `@up/common/*.yml` for `../common/*.yml`.
    pub pattern: String,
    glob: GlobMatcher,
}

impl Include {
    /// None when it is no pattern, or leads out of the repository.
    pub fn new(written: &str, room: &Room) -> Option<Self> {
        let pattern = room
            .join("", written)
            .filter(|_| !written.starts_with('/'))?;
        let glob = path_glob(&pattern).ok()?;
        Some(Self { pattern, glob })
    }

    /// Whether it names a file.
    pub fn matches(&self, path: &str) -> bool {
        self.pattern == path || self.glob.is_match(path)
    }
}

/// The entries of the bundle's `include`; without a root file what captures write.
pub(super) fn include(root: &Value, room: &Room) -> Vec<Include> {
    let patterns: Vec<&str> = match root.get("include").and_then(Value::as_array) {
        Some(patterns) => patterns.iter().filter_map(Value::as_str).collect(),
        None if root.is_null() => vec!["resources/*.yml"],
        None => Vec::new(),
    };
    let patterns = patterns.into_iter();
    patterns
        .filter_map(|written| Include::new(written, room))
        .collect()
}

/// The files that `include` names.
fn included(tree: &Tree, root: &Value) -> Vec<String> {
    let includes = include(root, &Room::of(tree));
    tree.keys()
        .filter(|path| !ROOT_FILES.contains(&path.as_str()))
        .filter(|path| includes.iter().any(|include| include.matches(path)))
        .cloned()
        .collect()
}

/// What the targets of one file say about resources.
pub(super) fn said_by_targets(value: &Value, file: &str) -> Vec<Override> {
    let targets = ["targets", "environments"]
        .iter()
        .find_map(|key| value.get(*key)?.as_object());
    targets
        .into_iter()
        .flatten()
        .flat_map(|(target, said)| {
            defined(said).into_iter().map(|(key, raw)| Override {
                target: target.clone(),
                key,
                file: file.to_owned(),
                raw,
            })
        })
        .collect()
}

/// The resources that one file defines.
pub(super) fn defined(value: &Value) -> Vec<(ResourceKey, Value)> {
    let kinds = value.get("resources").and_then(Value::as_object);
    kinds
        .into_iter()
        .flatten()
        .filter_map(|(kind, resources)| Some((kind, resources.as_object()?)))
        .flat_map(|(kind, resources)| {
            resources
                .iter()
                .map(move |(key, raw)| (ResourceKey::new(kind, key), raw.clone()))
        })
        .collect()
}
