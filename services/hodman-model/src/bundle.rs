//! A Databricks bundle as its files say it, resolved for one target.

mod dependencies;
mod folder;
mod globs;
mod key;
mod load;
mod merge;
mod notebook;
mod paths;
mod presets;
mod reference;
mod resolve;
mod resolver;
mod shape;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Diagnostic;

pub use folder::inputs;
pub use key::{InvalidResourceKey, ResourceKey};
pub use notebook::notebook_path;
pub use resolve::resolve;

/// One resource of the bundle, for the chosen target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its fields as the Databricks API names them. Texts may hold `${files}` (the folder of the uploaded files) and
    /// `${resources.<kind>.<key>.<field>}` (known only once that resource exists); nothing else is left to resolve.
    pub config: Value,
    /// The file that defines it first.
    pub file: String,
    /// The line of its key there, from 1.
    pub line: u32,
}

/// The language of a notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// `.py` whose first line is `# Databricks notebook source`.
    Python,
    /// `.sql` whose first line is `-- Databricks notebook source`.
    Sql,
    /// `.scala` whose first line is `// Databricks notebook source`.
    Scala,
    /// `.r` whose first line is `# Databricks notebook source`.
    R,
    /// `.ipynb`: the language stands inside; imported with format `JUPYTER`.
    Jupyter,
}

/// One file that is uploaded beside the resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The content.
    pub bytes: Arc<[u8]>,
    /// Git's mode 100755.
    pub executable: bool,
    /// Set for notebooks, which the workspace stores without their extension.
    pub notebook: Option<Language>,
}

/// A bundle resolved for one target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResolvedBundle {
    /// `bundle.name`.
    pub name: String,
    /// The target that was asked for.
    pub target: String,
    /// `mode` of the target: `development` or `production`.
    pub mode: Option<String>,
    /// The variables' final values.
    pub variables: BTreeMap<String, Value>,
    /// The resources, presets applied.
    pub resources: BTreeMap<ResourceKey, Resource>,
    /// The files to upload, by path in the repository (with extension).
    pub files: BTreeMap<String, SourceFile>,
    /// What does not forbid using the bundle.
    pub warnings: Vec<Diagnostic>,
}
