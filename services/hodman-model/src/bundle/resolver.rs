//! Puts values in place of references.

mod files;
mod text;
mod variables;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use super::reference::Reference;
use super::{Lookup, Options, ResourceKey};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::Tree;
use crate::files::node::{Entry, Node, Place, Yaml};

/// What stands for the folder of the uploaded files until a plan knows it.
pub(super) const FILES: &str = "${files}";

const ROOTS: [&str; 6] = [
    "var",
    "variables",
    "bundle",
    "workspace",
    "resources",
    "artifacts",
];

/// Resolves references in a bundle that is already laid together for its target.
pub(super) struct Resolver<'a> {
    tree: &'a Tree,
    config: &'a Node,
    target: &'a str,
    options: &'a Options,
    /// Variables already resolved; none for those that could not be, which is said once.
    variables: BTreeMap<String, Option<Node>>,
    /// What is being resolved, outermost first.
    open: Vec<String>,
    /// How much was put in place of references, in bytes and values.
    unfolded: usize,
    /// The folder where the Databricks CLI would put the files, once it was asked for; none where it is not known.
    files_folder: Option<Option<String>>,
    /// Why no resource may be referred to, where the node being resolved comes before all resources.
    before_resources: Option<&'static str>,
    /// The variables that something refers to.
    pub used: BTreeSet<String>,
    /// What variables ask of the workspace, and who deploys where nobody said it.
    pub lookups: BTreeSet<Lookup>,
    /// What could not be resolved.
    pub found: Diagnostics,
}

impl<'a> Resolver<'a> {
    /// `config` is laid together for `target`.
    pub fn new(tree: &'a Tree, config: &'a Node, target: &'a str, options: &'a Options) -> Self {
        Self {
            tree,
            config,
            target,
            options,
            variables: BTreeMap::new(),
            open: Vec::new(),
            unfolded: 0,
            files_folder: None,
            before_resources: None,
            used: BTreeSet::new(),
            lookups: BTreeSet::new(),
            found: Diagnostics::default(),
        }
    }

    /// `node` without references but the symbolic ones; what cannot be resolved becomes null and a finding.
    pub fn resolve(&mut self, node: &Node) -> Node {
        let value = match &node.value {
            Yaml::Text(text) => return self.text(text, &node.place),
            Yaml::List(items) => Yaml::List(items.iter().map(|item| self.resolve(item)).collect()),
            Yaml::Map(map) => Yaml::Map(
                map.iter()
                    .map(|(key, entry)| {
                        (
                            key.clone(),
                            Entry {
                                place: entry.place.clone(),
                                node: self.resolve(&entry.node),
                            },
                        )
                    })
                    .collect(),
            ),
            scalar => scalar.clone(),
        };
        Node {
            place: node.place.clone(),
            value,
        }
    }

    /// The same for what is settled before any resource: `what` may not refer to one.
    pub fn resolve_settings(&mut self, what: &'static str, node: &Node) -> Node {
        let outer = self.before_resources.replace(what);
        let resolved = self.resolve(node);
        self.before_resources = outer;
        resolved
    }

    /// The value of a reference; none when it stays as it is written; an error after a finding was made.
    fn lookup(
        &mut self,
        reference: &Reference,
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, ()> {
        let text = |text: &str| {
            Ok(Some(Node {
                place: place.clone(),
                value: Yaml::Text(text.to_owned()),
            }))
        };
        let key = |position| reference.key(position);
        let outcome = match (key(0), key(1), key(2)) {
            (Some("var"), Some(name), _) => {
                self.variable_field(name, &reference.path[2..], written, place)
            }
            (Some("variables"), Some(name), Some("value")) => {
                self.variable_field(name, &reference.path[3..], written, place)
            }
            (Some("bundle"), Some("target" | "environment"), None) => return text(self.target),
            (Some("bundle"), Some("name"), None) => {
                return self.bundle_name(written, place).map(Some);
            }
            (Some("bundle"), Some(_), _) => self.bundle_field(reference, written, place),
            (Some("workspace"), Some("file_path"), None) => return text(FILES),
            (Some("workspace"), Some("artifact_path"), None) if self.before_resources.is_none() => {
                Err(self.artifact_path(written, place))
            }
            (Some("workspace"), Some(field), _) => {
                self.workspace_field(field, key(2), written, place)
            }
            (Some("resources"), Some(kind), Some(name)) if reference.path.len() > 3 => {
                self.resource(kind, name, written, place)
            }
            (Some("resources"), ..) => Err(self
                .at(
                    written,
                    place,
                    format!("`{written}` names no field of a resource"),
                )
                .hint("such as `${resources.jobs.nightly.id}`")),
            (Some("artifacts"), Some(name), _) => {
                self.artifact_field(name, reference, written, place)
            }
            (Some("files"), None, _) => Err(self
                .at(written, place, "`${files}` is reserved")
                .hint("write `${workspace.file_path}`")),
            (Some(root), ..) => match did_you_mean(root, ROOTS) {
                Some(hint) if reference.path.len() > 1 => Err(self
                    .at(written, place, format!("unknown reference `{written}`"))
                    .hint(hint)),
                // Not ours: `${PATH}` in an init script's environment, for one. The CLI leaves it, too.
                _ => return Ok(None),
            },
            (None, ..) => return Ok(None),
        };
        outcome.map_err(|diagnostic| self.found.push(diagnostic))
    }

    fn resource(
        &self,
        kind: &str,
        name: &str,
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, Diagnostic> {
        if let Some(what) = self.before_resources {
            return Err(self
                .at(
                    written,
                    place,
                    format!("`{what}` cannot refer to resources"),
                )
                .hint("it is settled before any of them is made"));
        }
        if self.options.outside.contains(&ResourceKey::new(kind, name)) {
            return Ok(None);
        }
        let resources = self.config.get("resources").and_then(Node::as_map);
        let of_kind = |entry: &'a Entry| entry.node.as_map().into_iter().flatten();
        if resources
            .and_then(|kinds| kinds.get(kind))
            .and_then(|entry| entry.node.as_map())
            .is_some_and(|keys| keys.contains_key(name))
        {
            return Ok(None);
        }
        let wanted = ResourceKey::new(kind, name).to_string();
        let known: Vec<String> = resources
            .into_iter()
            .flatten()
            .flat_map(|(kind, entry)| {
                of_kind(entry).map(move |(name, _)| ResourceKey::new(kind, name).to_string())
            })
            .collect();
        let mut unknown = self.at(written, place, format!("there is no resource `{wanted}`"));
        unknown.hint = did_you_mean(&wanted, known.iter().map(String::as_str));
        Err(unknown)
    }

    fn bundle_name(&mut self, written: &str, place: &Place) -> Result<Node, ()> {
        let config = self.config;
        let Some(name) = config.get("bundle").and_then(|bundle| bundle.get("name")) else {
            return Err(());
        };
        self.guarded("bundle.name", written, place, |resolver| {
            resolver.resolve_settings("bundle.name", name)
        })
    }

    /// An error at the reference itself, which may stand far behind the beginning of its text.
    fn at(&self, written: &str, place: &Place, message: impl Into<String>) -> Diagnostic {
        let exact = exact_place(self.tree, written, place);
        exact.as_ref().unwrap_or(place).error(message)
    }
}

/// Looks for `written` from the beginning of its scalar on.
fn exact_place(tree: &Tree, written: &str, place: &Place) -> Option<Place> {
    let text = std::str::from_utf8(&tree.get(&*place.file)?.bytes).ok()?;
    let skipped = usize::try_from(place.line).ok()?.checked_sub(1)?;
    for (line, content) in (place.line..).zip(text.lines().skip(skipped)) {
        let before = if line == place.line {
            usize::try_from(place.column).ok()?.checked_sub(1)?
        } else {
            0
        };
        let from = content
            .char_indices()
            .nth(before)
            .map_or(content.len(), |(at, _)| at);
        if let Some(at) = content[from..].find(written) {
            let column = content[..from + at].chars().count() + 1;
            return Some(Place {
                file: place.file.clone(),
                line,
                column: u32::try_from(column).ok()?,
            });
        }
    }
    None
}
