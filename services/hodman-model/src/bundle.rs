//! A Databricks bundle as its files say it, resolved for one target.

mod access;
mod artifacts;
mod beside;
mod commit;
mod compute;
mod contents;
mod dependencies;
mod fields;
mod fixups;
mod folder;
#[cfg(test)]
pub(crate) mod full;
mod globs;
mod key;
mod kinds;
mod libraries;
mod lint;
mod literal_names;
mod load;
mod lone;
mod merge;
mod merge_keyed;
mod mode;
mod notebook;
mod options;
mod outputs;
mod outside;
mod paths;
mod presets;
mod reference;
mod refused;
mod resolve;
mod resolver;
mod resource_fields;
mod run_as;
mod shape;
mod symbol;
mod target;
#[cfg(test)]
mod tests;
mod validated;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Diagnostic;

pub use access::{Grant, Lifecycle, Permission, Principal};
pub use artifacts::{ArtifactFiles, builds};
pub use commit::{COMMIT_FILE, may_ask_for_commit, note_commit};
pub use folder::inputs;
pub(crate) use globs::path_glob;
pub use key::{InvalidResourceKey, ResourceKey};
pub(crate) use kinds::{Keyed, common_level, keyed_lists};
pub use lint::{Finding, RULES, lint, lint_for, resolve_strictly};
pub(crate) use lone::lone;
pub use notebook::{is_designer, notebook_path};
pub(crate) use options::CURRENT_USER;
pub use options::{CurrentUser, Form, Options};
pub use outside::{FOLDER_FILE, Room, UP, asked_outside, written};
pub(crate) use presets::without_prefix;
pub use resolve::{resolve, resolve_with};
pub use symbol::{Build, Lookup, Position};
pub use target::{declared_variables, default_target, target_names};
pub use validated::{Git, Surroundings, validated};

/// One resource of the bundle, for the chosen target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Its fields as the Databricks API names them, without `permissions`, `grants` and `lifecycle`. Texts may hold
    /// `${files}` (the folder of the uploaded files), `${resources.<kind>.<key>.<field>}` (known only once that resource
    /// exists) and [`Lookup::placeholder`]; nothing else is left to resolve. Shared with what a plan wants: ten thousand of them
    /// are eighty megabytes.
    pub config: Arc<Value>,
    /// Who may do what with it, in the levels of its kind, in the order of the files; of a secret scope its access
    /// control list. At most one entry for each principal, and those of the whole bundle are among them. None says nothing of
    /// them; an empty list says that nobody has any.
    pub permissions: Option<Vec<Permission>>,
    /// Privileges on an object of Unity Catalog, in the order of the files, one entry for each principal; none and an empty
    /// list as for permissions.
    pub grants: Option<Vec<Grant>>,
    /// What may be done with it.
    pub lifecycle: Lifecycle,
    /// The resources of the bundle that it refers to, also where the value was known and stands in [`Resource::config`]:
    /// they are made first.
    pub needs: BTreeSet<ResourceKey>,
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
    /// `.designer.ipynb`: a file of Lakeflow Designer, Jupyter's JSON that a workspace keeps under its whole name.
    Designer,
}

/// One file that is uploaded beside the resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The content.
    pub bytes: Arc<[u8]>,
    /// Git's mode 100755.
    pub executable: bool,
    /// Set for notebooks, which the workspace stores without their extension; see [`notebook_path`].
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
    /// Resources that stand elsewhere and are referred to: see [`Options::outside`].
    pub outside: BTreeSet<ResourceKey>,
    /// The files to upload, with extension, by path below the innermost folder that holds the bundle and its `sync.paths`;
    /// that is the bundle's own unless one of those leads out.
    pub files: BTreeMap<String, SourceFile>,
    /// What variables ask of the workspace by name, and what is asked of who deploys unless the caller said it; sorted, each
    /// once; placeholders for them stand in the resources.
    pub lookups: Vec<Lookup>,
    /// Commands that build artifacts; empty unless the caller allows them.
    pub builds: Vec<Build>,
    /// The other sections as they are for this target, by name: `bundle`, `include`, `workspace`, `sync`, `presets`, `run_as`,
    /// `permissions`, `artifacts`, `variables` (their declarations). Paths of `workspace` are where the Databricks CLI would put
    /// things.
    pub sections: BTreeMap<String, Value>,
    /// What does not forbid using the bundle.
    pub warnings: Vec<Diagnostic>,
}
