//! Finds a bundle's files in the tree and lays them together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::globs::{is_pattern, path_glob};
use super::merge::merge;
use super::outside::Room;
use super::reference::references;
use super::shape::{self, OfTargets};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::files::Tree;
use crate::files::node::{Map, Node, Place, Yaml};

/// The names under which the Databricks CLI looks for a bundle.
const ROOT_NAMES: [&str; 4] = [
    "databricks.yml",
    "databricks.yaml",
    "bundle.yml",
    "bundle.yaml",
];

/// A bundle's files, laid together but for no target yet.
pub(super) struct Loaded {
    /// The file that makes the folder a bundle.
    pub root_file: Arc<str>,
    /// The other files that `include` names, in its order.
    pub included: Vec<String>,
    /// All of them as one.
    pub config: Node,
    /// What does not forbid using them.
    pub warnings: Vec<Diagnostic>,
    /// What forbids using one of the targets.
    pub of_targets: OfTargets,
}

/// Reads the bundle in `tree`.
pub(super) fn load(tree: &Tree) -> Result<Loaded, Diagnostics> {
    load_in(tree, &Room::of(tree))
}

/// The same, for those who know where the bundle lies before its tree says it.
pub(super) fn load_in(tree: &Tree, room: &Room) -> Result<Loaded, Diagnostics> {
    let root_file = root_file(tree)?;
    let mut config = read(tree, &root_file)?;
    let mut found = Diagnostics::default();
    let included = match config.get("include") {
        Some(include) => included_files(tree, room, include, &mut found)?,
        None => Vec::new(),
    };
    let mut of_targets = OfTargets::default();
    shape::check_file(&config, true, &mut of_targets, &mut found);
    let mut defined = BTreeMap::new();
    note_resources(&config, &mut defined, &mut found);
    for file in &included {
        let node = match read(tree, file) {
            Ok(node) => node,
            Err(diagnostic) => {
                found.push(diagnostic);
                continue;
            }
        };
        shape::check_file(&node, false, &mut of_targets, &mut found);
        note_resources(&node, &mut defined, &mut found);
        if let Err(diagnostic) = merge(&mut config, node) {
            found.push(diagnostic);
        }
    }
    let warnings = found
        .0
        .iter()
        .filter(|found| found.severity == Severity::Warning)
        .cloned()
        .collect();
    let loaded = Loaded {
        root_file,
        included,
        config,
        warnings,
        of_targets,
    };
    found.into_result(loaded)
}

fn root_file(tree: &Tree) -> Result<Arc<str>, Diagnostic> {
    let found: Vec<&str> = ROOT_NAMES
        .into_iter()
        .filter(|name| tree.contains_key(*name))
        .collect();
    match found.as_slice() {
        [one] => Ok(Arc::from(*one)),
        [] => Err(Diagnostic::error(ROOT_NAMES[0], "the file is missing")
            .hint("a bundle begins with `bundle: {name: …}` in it")),
        [first, second, ..] => Err(Diagnostic::error(
            *second,
            format!("`{first}` is a bundle, too"),
        )
        .hint("keep one of them")),
    }
}

fn read(tree: &Tree, path: &str) -> Result<Node, Diagnostic> {
    let bytes = tree.get(path).map_or(&[][..], |file| &file.bytes);
    let mut node = Node::parse(path, bytes)?;
    match node.value {
        Yaml::Map(_) => {}
        Yaml::Null => node.value = Yaml::Map(Map::new()),
        _ => {
            return Err(node.place.error(format!(
                "a bundle file holds a mapping, found {}",
                node.kind()
            )));
        }
    }
    Ok(node)
}

/// The files that `include` names, in the order of its entries.
///
/// A plain path must exist. A pattern may match nothing, as with the CLI, whose own project template relies on it; since
/// that is a misspelling as often as not, it is a warning.
fn included_files(
    tree: &Tree,
    room: &Room,
    include: &Node,
    found: &mut Diagnostics,
) -> Result<Vec<String>, Diagnostic> {
    let mut files: Vec<String> = Vec::new();
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    for (pattern, place) in include.expect_texts("`include`")? {
        let Some(normal) = room
            .join("", &pattern)
            .filter(|_| !pattern.starts_with('/'))
        else {
            found.push(leads_out(&pattern, &place));
            continue;
        };
        let glob = match path_glob(&normal) {
            Ok(glob) => glob,
            Err(error) => {
                found.push(place.error(format!("`{pattern}` is not a pattern: {}", error.kind())));
                continue;
            }
        };
        let matches: Vec<&String> = tree
            .keys()
            .filter(|path| **path == normal || glob.is_match(path))
            .collect();
        if matches.is_empty() {
            let mut nothing = place.error(format!("`{pattern}` in `include` matches no file"));
            if is_pattern(&pattern) {
                nothing.severity = Severity::Warning;
            }
            found.push(nothing);
        }
        for path in matches {
            if ROOT_NAMES.contains(&path.as_str()) || !seen.insert(path) {
                continue;
            }
            if ["yml", "yaml", "json"]
                .iter()
                .any(|extension| path.rsplit('.').next() == Some(extension))
            {
                files.push(path.clone());
            } else {
                let message = format!(
                    "`{pattern}` in `include` takes in `{path}`, which is neither YAML nor JSON"
                );
                found.push(
                    place
                        .error(message)
                        .hint("files to upload belong under `sync`"),
                );
            }
        }
    }
    Ok(files)
}

/// The lines of `include`, for those who look what a bundle asks for; what is wrong with them is said by [`load`].
pub(super) fn included(tree: &Tree) -> Vec<String> {
    let root = root_file(tree).and_then(|root_file| read(tree, &root_file));
    let lines = root.and_then(|root| match root.get("include") {
        Some(include) => include.expect_texts("`include`"),
        None => Ok(Vec::new()),
    });
    let lines = lines.into_iter().flatten();
    lines.map(|(line, _)| line).collect()
}

/// Nothing is read from outside of a repository: a package is what was reviewed.
pub(super) fn leads_out(line: &str, place: &Place) -> Diagnostic {
    place
        .error(format!("`{line}` leads out of the repository"))
        .hint("a package is made of what one repository holds: put the files there")
}

/// One resource is defined in one file; only targets may add to it from elsewhere.
fn note_resources(
    config: &Node,
    defined: &mut BTreeMap<(String, String), Place>,
    found: &mut Diagnostics,
) {
    let kinds = config
        .get("resources")
        .and_then(Node::as_map)
        .into_iter()
        .flatten();
    for (kind, resources) in kinds {
        for (key, entry) in resources.node.as_map().into_iter().flatten() {
            if !references(key).is_empty() {
                let message = format!("the key `{key}` in `{kind}` holds a reference");
                let hint = "keys are the same for every target; names may differ: `name: …`";
                found.push(entry.place.error(message).hint(hint));
            }
            if let Some(first) = defined.insert((kind.clone(), key.clone()), entry.place.clone()) {
                let message = format!(
                    "`{kind}.{key}` is already defined in {}:{}",
                    first.file, first.line
                );
                found.push(
                    entry
                        .place
                        .error(message)
                        .hint("give one of them another key"),
                );
            }
        }
    }
}
