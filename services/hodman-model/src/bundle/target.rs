//! Lays one target's settings over the rest of the bundle.

use std::collections::BTreeSet;

use super::load::Loaded;
use super::merge::{merge, merge_maps};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::Tree;
use crate::files::node::{Entry, Map, Node, Yaml};

/// What a target replaces as a whole; everything else in it is laid over, key by key.
const REPLACED: [&str; 2] = ["mode", "run_as"];

/// The name the CLI gives to the one target of a bundle that names none.
const ONLY_TARGET: &str = "default";

/// The bundle as `target` has it; `targets` itself is gone. It is taken out of `loaded`: a second form of ten thousand resources would be a
/// hundred megabytes.
pub(super) fn select(loaded: &mut Loaded, target: &str) -> Result<Node, Diagnostics> {
    let chosen = chosen(loaded, target)?;
    let nothing = Node {
        place: loaded.config.place.clone(),
        value: Yaml::Null,
    };
    let mut config = std::mem::replace(&mut loaded.config, nothing);
    let Some(map) = config.as_map_mut() else {
        return Ok(config);
    };
    for key in ["targets", "environments", "include"] {
        map.remove(key);
    }
    let mut found = Diagnostics::default();
    for (key, entry) in chosen {
        let done = match key.as_str() {
            "default" => Ok(()),
            "variables" => variables(map, &entry.node, &mut found),
            "git" => merge_maps(
                map,
                Map::from([("bundle".to_owned(), nested("git", entry))]),
            ),
            "cluster_id" | "compute_id" => merge_maps(
                map,
                Map::from([("bundle".to_owned(), nested("cluster_id", entry))]),
            ),
            key if REPLACED.contains(&key) => {
                // A null changes nothing, here as everywhere: `run_as:` alone must not make it hodman.
                if entry.node.value != Yaml::Null {
                    map.insert(key.to_owned(), entry);
                }
                Ok(())
            }
            _ => merge_maps(map, Map::from([(key, entry)])),
        };
        if let Err(diagnostic) = done {
            found.push(diagnostic);
        }
    }
    found.into_result(config)
}

/// The names of all targets.
///
/// # Errors
/// When the bundle's files do not parse.
pub fn target_names(tree: &Tree) -> Result<Vec<String>, Diagnostics> {
    Ok(names(&super::load::load(tree)?))
}

/// The variables that a bundle declares, for all its targets or for one.
///
/// # Errors
/// When the bundle's files do not parse.
pub fn declared_variables(tree: &Tree) -> Result<BTreeSet<String>, Diagnostics> {
    let loaded = super::load::load(tree)?;
    let parts = std::iter::once(&loaded.config).chain(all(&loaded));
    let sections = parts.filter_map(|part| part.get("variables")?.as_map());
    Ok(sections.flat_map(Map::keys).cloned().collect())
}

/// The target that is meant when none is named: the one with `default: true`, or the only one.
///
/// # Errors
/// When the bundle's files do not parse, or no target is the one.
pub fn default_target(tree: &Tree) -> Result<String, Diagnostics> {
    let loaded = super::load::load(tree)?;
    let Some(targets) = targets(&loaded) else {
        return Ok(ONLY_TARGET.to_owned());
    };
    let names = targets.expect_map("`targets`")?;
    let marked = marked(&names);
    let known = || names.keys().cloned().collect::<Vec<_>>().join(", ");
    match (marked.as_slice(), names.len()) {
        ([one], _) => Ok((*one).clone()),
        ([], 1) => Ok(known()),
        ([], _) => Err(targets
            .place
            .error("no target is the default one")
            .hint(format!("name one: {}", known()))
            .into()),
        ([first, second, ..], _) => Err(both(targets, first, second).into()),
    }
}

/// The names of the targets that say `default: true`.
fn marked(targets: &Map) -> Vec<&String> {
    let says = |entry: &Entry| {
        entry.node.get("default").map(|node| &node.value) == Some(&Yaml::Bool(true))
    };
    let marked = targets.iter().filter(|(_, entry)| says(entry));
    marked.map(|(name, _)| name).collect()
}

fn both(targets: &Node, first: &str, second: &str) -> Diagnostic {
    targets
        .place
        .error(format!("both `{first}` and `{second}` say `default: true`"))
        .hint("only one can")
}

/// An error when more than one target is the default one.
pub(super) fn two_defaults(loaded: &Loaded) -> Vec<Diagnostic> {
    let found = targets(loaded).and_then(|targets| match marked(targets.as_map()?).as_slice() {
        [first, second, ..] => Some(both(targets, first, second)),
        _ => None,
    });
    found.into_iter().collect()
}

/// Every target's settings, for what must hold for all of them.
pub(super) fn all(loaded: &Loaded) -> impl Iterator<Item = &Node> {
    targets(loaded)
        .and_then(Node::as_map)
        .into_iter()
        .flatten()
        .map(|(_, entry)| &entry.node)
}

/// The names of all targets; the one the CLI would use when there are none.
pub(super) fn names(loaded: &Loaded) -> Vec<String> {
    match targets(loaded).and_then(Node::as_map) {
        Some(map) if !map.is_empty() => map.keys().cloned().collect(),
        _ => vec![ONLY_TARGET.to_owned()],
    }
}

fn targets(loaded: &Loaded) -> Option<&Node> {
    loaded
        .config
        .get("targets")
        .or_else(|| loaded.config.get("environments"))
}

fn chosen(loaded: &Loaded, target: &str) -> Result<Map, Diagnostic> {
    let Some(targets) = targets(loaded) else {
        if target == ONLY_TARGET {
            return Ok(Map::new());
        }
        let message = format!("there is no target `{target}`: the bundle has no `targets`");
        return Err(Diagnostic::error(&*loaded.root_file, message)
            .hint(format!("add `targets: {{{target}: {{}}}}`")));
    };
    let names = targets.expect_map("`targets`")?;
    let Some(entry) = names.get(target) else {
        let known: Vec<&str> = names.keys().map(String::as_str).collect();
        let hint = did_you_mean(target, known.iter().copied())
            .unwrap_or_else(|| format!("targets: {}", known.join(", ")));
        return Err(targets
            .place
            .error(format!("there is no target `{target}`"))
            .hint(hint));
    };
    entry.node.expect_map("a target")
}

fn nested(key: &str, entry: Entry) -> Entry {
    let place = entry.place.clone();
    let node = Node {
        place: place.clone(),
        value: Yaml::Map(Map::from([(key.to_owned(), entry)])),
    };
    Entry { place, node }
}

/// A target gives a variable another value, or another `default` or `lookup`, each of which clears the other.
fn variables(
    config: &mut Map,
    overrides: &Node,
    found: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let overrides = overrides.expect_map("`variables` of a target")?;
    for (name, entry) in overrides {
        let declared = config
            .get_mut("variables")
            .and_then(|variables| variables.node.as_map_mut()?.get_mut(&name));
        let Some(declared) = declared else {
            let known: Vec<String> = config
                .get("variables")
                .and_then(|all| all.node.as_map())
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect();
            let mut unknown = entry.place.error(format!(
                "the variable `{name}` is not declared under `variables`"
            ));
            unknown.hint = did_you_mean(&name, known.iter().map(String::as_str));
            found.push(unknown);
            continue;
        };
        if declared.node.value == Yaml::Null {
            declared.node.value = Yaml::Map(Map::new());
        }
        let Some(definition) = declared.node.as_map_mut() else {
            continue;
        };
        let changes = match is_definition(&entry.node) {
            true => entry.node.expect_map("a variable")?,
            false => Map::from([("default".to_owned(), entry)]),
        };
        if changes.contains_key("default") || changes.contains_key("lookup") {
            definition.remove("default");
            definition.remove("lookup");
        }
        for (key, change) in changes {
            match definition.get_mut(&key) {
                Some(before) => {
                    if let Err(diagnostic) = merge(&mut before.node, change.node) {
                        found.push(diagnostic);
                    }
                }
                None => drop(definition.insert(key, change)),
            }
        }
    }
    Ok(())
}

/// Whether a target's mapping is a definition (`default: …`) or itself the value of a complex variable.
fn is_definition(node: &Node) -> bool {
    node.as_map().is_some_and(|map| {
        map.keys()
            .all(|key| matches!(key.as_str(), "default" | "lookup" | "type" | "description"))
            && (map.contains_key("default") || map.contains_key("lookup"))
    })
}
