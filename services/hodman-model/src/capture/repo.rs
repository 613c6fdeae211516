//! The resources that the repository's bundle files define, as written.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSetBuilder};
use serde_json::Value;

use crate::bundle::ResourceKey;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::{Tree, yaml};

/// The names that the Databricks CLI takes for the root file, in its order.
const ROOT_FILES: &[&str] = &[
    "databricks.yml",
    "databricks.yaml",
    "bundle.yml",
    "bundle.yaml",
];

/// One resource as written.
pub(super) struct RepoResource {
    /// The file.
    pub file: String,
    /// The config, variables and all in place.
    pub raw: Value,
}

/// The bundle as written.
pub(super) struct Repo {
    /// The resources; of one defined in two files, the first.
    pub resources: BTreeMap<ResourceKey, RepoResource>,
    /// The root file, when there is one.
    pub root_file: Option<&'static str>,
}

pub(super) fn read(tree: &Tree) -> Result<Repo, Diagnostics> {
    let root_file = ROOT_FILES
        .iter()
        .copied()
        .find(|name| tree.contains_key(*name));
    let mut found = Diagnostics::default();
    let mut resources = BTreeMap::new();
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
    for file in files {
        let value = if Some(file.as_str()) == root_file {
            root.clone()
        } else {
            parse(&file)
        };
        for (key, raw) in defined(&value) {
            resources.entry(key).or_insert(RepoResource {
                file: file.clone(),
                raw,
            });
        }
    }
    found.into_result(Repo {
        resources,
        root_file,
    })
}

/// The root file as it is written; none when there is none, or it does not parse.
pub(super) fn root_of(tree: &Tree) -> Option<Value> {
    let file = ROOT_FILES.iter().find(|name| tree.contains_key(**name))?;
    parse(tree, file).ok()
}

fn parse(tree: &Tree, file: &str) -> Result<Value, Diagnostic> {
    let bytes = tree
        .get(file)
        .map(|file| file.bytes.clone())
        .unwrap_or_default();
    let text = yaml::text(file, &bytes)?;
    crate::yaml_edit::read(text).or_else(|_| yaml::read(file, text))
}

/// The files of the bundle's `include`; without a root file those where capture writes.
fn included(tree: &Tree, root: &Value) -> Vec<String> {
    let patterns: Vec<&str> = match root.get("include").and_then(Value::as_array) {
        Some(patterns) => patterns.iter().filter_map(Value::as_str).collect(),
        None if root.is_null() => vec!["resources/*.yml"],
        None => Vec::new(),
    };
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./");
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            globs.add(glob);
        }
    }
    let globs = globs.build().unwrap_or_default();
    tree.keys()
        .filter(|path| globs.is_match(path.as_str()) && !ROOT_FILES.contains(&path.as_str()))
        .cloned()
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
