//! Which files jobs and pipelines name as their libraries. They go with the bundle whatever `sync` says, as with the Databricks
//! CLI: a wheel beside the bundle's folder, one under `sync.exclude`.

use globset::GlobMatcher;

use super::globs::path_glob;
use super::outside::Room;
use super::paths::{folder_of, local_dependency};
use super::reference::references;
use crate::files::node::{Node, Yaml};

const KINDS: [&str; 2] = ["jobs", "pipelines"];
const FILES: [&str; 2] = ["whl", "jar"];

/// The paths and patterns of libraries that are files, with the folder that each is seen from. One with a reference in it is
/// known too late to be a declared input.
pub(super) fn named_in(config: &Node) -> Vec<(&str, &str)> {
    let mut named = Vec::new();
    let resources = config.get("resources");
    for kind in KINDS {
        if let Some(of_kind) = resources.and_then(|resources| resources.get(kind)) {
            walk(of_kind, &mut named);
        }
    }
    named
}

/// The same as questions about paths of a tree.
pub(super) fn globs(config: &Node, room: &Room) -> Vec<GlobMatcher> {
    let named = named_in(config).into_iter();
    let paths = named.filter_map(|(folder, text)| room.join(folder, text));
    paths.filter_map(|path| path_glob(&path).ok()).collect()
}

fn walk<'n>(node: &'n Node, named: &mut Vec<(&'n str, &'n str)>) {
    match &node.value {
        Yaml::List(items) => items.iter().for_each(|item| walk(item, named)),
        Yaml::Map(map) => {
            for (key, entry) in map {
                let items = entry.node.as_list().unwrap_or_default();
                match key.as_str() {
                    "libraries" => {
                        for field in FILES {
                            let paths = items.iter().filter_map(|item| item.get(field));
                            named.extend(paths.filter_map(|path| {
                                let text = path.as_text()?;
                                let is_file = !text.starts_with('/') && !text.contains(":/");
                                is_file.then(|| plain(path, text)).flatten()
                            }));
                        }
                    }
                    "dependencies" => named.extend(items.iter().filter_map(|item| {
                        let local = local_dependency(item.as_text()?)?;
                        local
                            .option
                            .is_empty()
                            .then(|| plain(item, local.path))
                            .flatten()
                    })),
                    _ => walk(&entry.node, named),
                }
            }
        }
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) => {}
    }
}

fn plain<'n>(node: &'n Node, text: &'n str) -> Option<(&'n str, &'n str)> {
    let is_plain = references(text).is_empty() && !text.is_empty();
    is_plain.then(|| (folder_of(&node.place.file), text))
}
