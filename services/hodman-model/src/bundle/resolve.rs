//! From a repository's files to the bundle of one target.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kinds::bundle_kind;
use super::paths::Paths;
use super::presets::Common;
use super::resolver::Resolver;
use super::{
    Options, ResolvedBundle, Resource, ResourceKey, beside, dependencies, folder, load, target,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::Tree;
use crate::files::node::{Entry, Node};

/// Resolves the bundle in `tree` for `target`; `overrides` are the values that an environment's binding gives to
/// variables, and beat the target's, which beat the defaults.
///
/// # Errors
/// Everything wrong in the bundle, with its place.
pub fn resolve(
    tree: &Tree,
    target: &str,
    overrides: &BTreeMap<String, Value>,
) -> Result<ResolvedBundle, Diagnostics> {
    let options = Options {
        variables: overrides.clone(),
        ..Options::default()
    };
    resolve_with(tree, target, &options)
}

/// The same, with all that the caller knows.
///
/// # Errors
/// Everything wrong in the bundle, with its place.
pub fn resolve_with(
    tree: &Tree,
    target: &str,
    options: &Options,
) -> Result<ResolvedBundle, Diagnostics> {
    let overrides = &options.variables;
    let loaded = load::load(tree)?;
    let config = target::select(&loaded, target)?;
    let files = folder::uploaded(tree, &loaded, config.get("sync"))?;
    let mut resolver = Resolver::new(tree, &config, target, overrides);
    let variables = resolver.all_variables();
    let name = bundle_name(&loaded.root_file, &config, &mut resolver);
    let mode = mode(&config, &mut resolver);
    let mut section = |key: &str| config.get(key).map(|node| resolver.resolve(node));
    let common = Common {
        presets: section("presets"),
        run_as: section("run_as"),
        permissions: section("permissions"),
    };
    let mut resolved = Vec::new();
    for (kind, keys) in config
        .get("resources")
        .and_then(Node::as_map)
        .into_iter()
        .flatten()
    {
        for (key, entry) in keys.node.as_map().into_iter().flatten() {
            resolved.push((
                ResourceKey::new(kind, key),
                entry,
                resolver.resolve(&entry.node),
            ));
        }
    }
    let mut found = resolver.found;
    common.check(&mut found);
    // What could not be resolved is null by now: looking further would only find that again.
    if found.has_errors() {
        return found.into_result(ResolvedBundle::default());
    }
    let mut resources = BTreeMap::new();
    for (key, Entry { place, .. }, mut config) in resolved {
        if key.kind == "jobs" {
            Paths {
                files: &files,
                resource_file: &place.file,
                found: &mut found,
            }
            .job(&mut config);
        }
        common.apply(&key.kind, &mut config);
        let beside = match (bundle_kind(&key.kind), config.as_map_mut()) {
            (Some(kind), Some(map)) => beside::take(kind, map, &mut found),
            _ => beside::Beside::default(),
        };
        let resource = Resource {
            config: config.to_value(),
            permissions: beside.permissions,
            grants: beside.grants,
            lifecycle: beside.lifecycle,
            file: place.file.to_string(),
            line: place.line,
        };
        resources.insert(key, resource);
    }
    found.0.extend(dependencies::circles(&resources));
    let warnings = loaded.warnings;
    found.into_result(ResolvedBundle {
        name,
        target: target.to_owned(),
        mode,
        variables,
        resources,
        files,
        warnings,
        ..ResolvedBundle::default()
    })
}

fn bundle_name(root_file: &str, config: &Node, resolver: &mut Resolver<'_>) -> String {
    let Some(node) = config.get("bundle").and_then(|bundle| bundle.get("name")) else {
        resolver.found.push(
            Diagnostic::error(root_file, "`bundle.name` is missing")
                .hint("begin with `bundle: {name: …}`"),
        );
        return String::new();
    };
    let resolved = resolver.resolve(node);
    match resolved.as_text().filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => {
            resolver.found.push(node.place.error(format!(
                "`bundle.name` must be a text, found {}",
                resolved.kind()
            )));
            String::new()
        }
    }
}

fn mode(config: &Node, resolver: &mut Resolver<'_>) -> Option<String> {
    let node = config.get("mode")?;
    match node.as_text() {
        Some(mode @ ("development" | "production")) => Some(mode.to_owned()),
        _ => {
            resolver
                .found
                .push(node.place.error("expected `development` or `production`"));
            None
        }
    }
}
