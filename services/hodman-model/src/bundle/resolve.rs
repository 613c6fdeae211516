//! From a repository's files to the bundle of one target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::artifacts::{self, Artifacts};
use super::kinds::bundle_kind;
use super::merge_keyed::join_keyed_lists;
use super::outside::{Room, written};
use super::paths::Paths;
use super::presets::{Common, SKIP_SCHEMAS};
use super::resolver::Resolver;
use super::{
    Build, Form, Options, Position, ResolvedBundle, Resource, ResourceKey, beside, compute,
    contents, dependencies, fields, fixups, folder, literal_names, load, mode, refused,
    resource_fields, target,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::Tree;
use crate::files::node::{Entry, Node, Place, Yaml};

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
    look(tree, target, options, None)
}

/// The name of who deploys where the caller did not say it.
const DEPLOYER: &str = "${lookup.current_user.userName}";

/// What a resolved bundle no longer shows, for those who look for more than errors.
#[derive(Default)]
pub(super) struct Inside {
    /// The bundle as the target has it, references in place; none where nothing was resolved.
    pub config: Option<Node>,
    /// The resources as they are in the end, with the places of their keys.
    pub resources: BTreeMap<ResourceKey, (Place, Node)>,
    /// The variables that something refers to.
    pub used: BTreeSet<String>,
}

/// [`resolve_with`], with what it saw on the way.
pub(super) fn inspect(
    tree: &Tree,
    target: &str,
    options: &Options,
) -> Result<(ResolvedBundle, Inside), Diagnostics> {
    let mut inside = Inside::default();
    let bundle = look(tree, target, options, Some(&mut inside))?;
    Ok((bundle, inside))
}

/// Keeps of what it saw on the way only what `inside` asks for: each form of ten thousand resources is a hundred
/// megabytes, so none lives longer than it is needed.
fn look(
    tree: &Tree,
    target: &str,
    options: &Options,
    mut inside: Option<&mut Inside>,
) -> Result<ResolvedBundle, Diagnostics> {
    let mut loaded = load::load(tree)?;
    let mut config = target::select(&mut loaded, target)?;
    let mut found = Diagnostics(loaded.warnings.clone());
    found
        .0
        .extend(loaded.of_targets.remove(target).into_iter().flatten());
    let artifacts = Artifacts::read(config.get("artifacts"), &Room::of(tree), &mut found);
    found.0.extend(artifacts.unsupported.iter().cloned());
    if !options.allow_builds {
        found.0.extend(artifacts.builds.iter().map(forbidden));
    }
    let uploaded = folder::uploaded(tree, &loaded, &config, &artifacts);
    let (files, layout) = uploaded.unwrap_or_else(|more| {
        found.0.extend(more.0);
        Default::default()
    });
    let (root_file, included) = (
        loaded.root_file.clone(),
        std::mem::take(&mut loaded.included),
    );
    drop(loaded);
    let mode = mode::read(&config, &mut found);
    let cluster = compute::taken(&mut config);
    if let Some(inside) = &mut inside {
        inside.config = Some(config.clone());
    }
    // Each is resolved by itself, and goes as soon as it was. The keys stay: they are referred to.
    let raw = taken_out(&mut config);
    let mut resolver = Resolver::new(tree, &config, target, options);
    let variables = resolver.all_variables();
    let name = bundle_name(&root_file, &config, &mut resolver);
    check_branch(&config, options, &mut resolver);
    let mut presets =
        |node: Option<Node>| Some(resolver.resolve_settings("presets", node.as_ref()?));
    let own = presets(config.get("presets").cloned());
    let usual = presets(mode::usual_presets(&config));
    let skips_schemas = config
        .get("experimental")
        .and_then(|experimental| experimental.get(SKIP_SCHEMAS))
        .map(|node| resolver.resolve_settings("experimental", node));
    let common = Common {
        presets: mode::complete(own, usual),
        skips_schemas,
        run_as: config.get("run_as").map(|node| resolver.resolve(node)),
        permissions: config.get("permissions").map(|node| resolver.resolve(node)),
    };
    let cluster = cluster.map(|node| resolver.resolve(&node));
    if let Some(cluster) = &cluster {
        compute::check(cluster, mode.as_deref(), &mut found);
    }
    let mut places = BTreeMap::new();
    let mut resources = BTreeMap::new();
    for (key, Entry { place, node }) in raw {
        let mut node = resolver.resolve(&node);
        if node.as_map().is_none() {
            let message = format!("`{key}` must be a mapping, found {}", node.kind());
            resolver.found.push(place.error(message));
        }
        // Only now: what a target changes may be a variable's value.
        if let Some(kind) = bundle_kind(&key.kind) {
            join_keyed_lists(kind, &mut node, &mut found);
        }
        if let Some(cluster) = cluster.as_ref().filter(|_| key.kind == "jobs") {
            compute::put_on(cluster, &mut node);
        }
        resources.insert(key.clone(), node);
        places.insert(key, place);
    }
    let room = Room::of(tree);
    let mut sections = sections(
        &config,
        (target, &room),
        mode.as_deref(),
        &common,
        &mut resolver,
    );
    if let (Some(cluster), Some(bundle)) = (&cluster, sections.get_mut("bundle")) {
        bundle["cluster_id"] = cluster.to_value();
    }
    let sync = folder::shown(config.get("sync"), &layout);
    sections.insert("sync".to_owned(), sync);
    if !included.is_empty() {
        let shown = included.iter().map(|file| written(file).into_owned());
        sections.insert("include".to_owned(), shown.collect());
    }
    found.0.extend(std::mem::take(&mut resolver.found.0));
    mode::check_presets(mode.as_deref(), common.presets.as_ref(), &mut found);
    common.check(&mut found);
    // What could not be resolved is null by now: looking further would only find that again.
    if found.has_errors() {
        return found.into_result(ResolvedBundle::default());
    }
    let (used, lookups) = (resolver.used, resolver.lookups);
    drop(config);
    if let Some(inside) = &mut inside {
        inside.used = used;
    }
    literal_names::refer(&mut resources);
    let deployer = options.current_user.as_ref();
    let deployer = deployer.map_or(DEPLOYER, |user| user.user_name.as_str());
    for (key, node) in &mut resources {
        let place = &places[key];
        Paths {
            files: &files,
            layout: &layout,
            resource_file: &place.file,
            unbuilt: options.unbuilt && !artifacts.builds.is_empty(),
            form: options.form,
            found: &mut found,
        }
        .resource(&key.kind, node);
        if let Some(kind) = bundle_kind(&key.kind) {
            common.apply(kind, node, place, deployer, &mut found);
            mode::check_pipeline(mode.as_deref(), key, node, &mut found);
            fixups::complete(kind, node, place, &mut found);
        }
    }
    let unsettled = (options.form == Form::Validated).then(|| resources.clone());
    let mut all_needs = resource_fields::settle(&mut resources, &mut found);
    let mut volume_paths = BTreeMap::new();
    if let Some(unsettled) = unsettled {
        volume_paths = resource_fields::volume_paths(&resources);
        resources = unsettled;
        for node in resources.values_mut() {
            resource_fields::with_volume_paths(node, &volume_paths);
        }
    }
    let mut finished = BTreeMap::new();
    for (key, mut node) in resources {
        let place = places[&key].clone();
        let whence = (tree, options.form);
        contents::take_in(&key.kind, &mut node, &place.file, whence, &mut found);
        refused::check(&key, &node, &place, &mut found);
        if let Some(inside) = &mut inside {
            let seen = (place.clone(), node.clone());
            inside.resources.insert(key.clone(), seen);
        }
        let beside = match (bundle_kind(&key.kind), node.as_map_mut()) {
            (Some(kind), Some(map)) => {
                let beside = beside::take(kind, map, &mut found);
                fields::check(kind.schema, map, &key.to_string(), &mut found);
                fields::conform(kind.schema, map);
                fixups::drop_nothing(kind, map);
                beside
            }
            _ => beside::Beside::default(),
        };
        fixups::in_words_of_the_api(&key, &mut node);
        let mut config = node.to_value();
        if let Some(path) = volume_paths.remove(&key) {
            config[resource_fields::VOLUME_PATH] = path.into();
        }
        let resource = Resource {
            config: Arc::new(config),
            permissions: beside.permissions,
            grants: beside.grants,
            lifecycle: beside.lifecycle,
            needs: all_needs.remove(&key).unwrap_or_default(),
            file: place.file.to_string(),
            line: place.line,
        };
        finished.insert(key, resource);
    }
    found.0.extend(dependencies::circles(&finished, &places));
    found.0.sort();
    found.0.dedup();
    let bundle = ResolvedBundle {
        name,
        target: target.to_owned(),
        mode,
        variables,
        resources: finished,
        outside: options.outside.clone(),
        files,
        lookups: lookups.into_iter().collect(),
        builds: artifacts.builds,
        sections,
        warnings: found.0.clone(),
    };
    found.into_result(bundle)
}

/// The resources as they are written, taken out of `config`, where nothing is left of each but its key.
fn taken_out(config: &mut Node) -> Vec<(ResourceKey, Entry)> {
    let mut raw = Vec::new();
    let kinds = config
        .as_map_mut()
        .and_then(|map| map.get_mut("resources")?.node.as_map_mut());
    for (kind, keys) in kinds.into_iter().flatten() {
        for (key, entry) in keys.node.as_map_mut().into_iter().flatten() {
            let nothing = Node {
                place: entry.node.place.clone(),
                value: Yaml::Null,
            };
            let node = std::mem::replace(&mut entry.node, nothing);
            let place = entry.place.clone();
            raw.push((ResourceKey::new(kind, key), Entry { place, node }));
        }
    }
    raw
}

fn forbidden(build: &Build) -> Diagnostic {
    let Position { file, line, column } = &build.position;
    let message = format!(
        "the artifact `{}` is built by a command, which is not allowed here",
        build.artifact
    );
    Diagnostic::error(file, message)
        .at(*line, *column)
        .hint("commit what it builds and name it under `files`; or allow builds both by `builds: allowed` in environments/policy.yaml on the default branch and by `builds: {allow: true}` of the pipeline in the daemon's settings")
}

fn check_branch(config: &Node, options: &Options, resolver: &mut Resolver<'_>) {
    let wanted = config
        .get("bundle")
        .and_then(|bundle| bundle.get("git")?.get("branch"));
    let (Some(wanted), Some(actual)) = (wanted, &options.branch) else {
        return;
    };
    let resolved = resolver.resolve_settings("bundle.git", wanted);
    if resolved
        .as_text()
        .is_some_and(|wanted| !wanted.is_empty() && wanted != actual)
    {
        let wanted_name = resolved.as_text().unwrap_or_default();
        resolver.found.push(wanted.place.error(format!(
            "this target is for the branch `{wanted_name}`, and these files are from `{actual}`"
        )));
    }
}

/// The sections beside variables and resources, as the target has them.
fn sections(
    config: &Node,
    (target, room): (&str, &Room),
    mode: Option<&str>,
    common: &Common,
    resolver: &mut Resolver<'_>,
) -> BTreeMap<String, Value> {
    let mut sections = BTreeMap::new();
    // Who deploys stands open in the paths of every bundle: only resources make it a matter.
    let asked = resolver.lookups.clone();
    // No reference is possible in these, which is said elsewhere.
    if let Some(node) = config.get("artifacts") {
        let shown = artifacts::shown(node, room);
        sections.insert("artifacts".to_owned(), shown);
    }
    for key in ["bundle", "workspace"] {
        if let Some(node) = config.get(key) {
            let mut value = resolver.resolve_settings(key, node).to_value();
            if value.is_null() {
                value = Value::Object(serde_json::Map::new());
            }
            sections.insert(key.to_owned(), value);
        }
    }
    for (key, node) in [
        ("presets", &common.presets),
        ("run_as", &common.run_as),
        ("permissions", &common.permissions),
    ] {
        if let Some(node) = node {
            sections.insert(key.to_owned(), node.to_value());
        }
    }
    if let Some(variables) = config.get("variables") {
        sections.insert("variables".to_owned(), resolver.declared(variables));
    }
    let object = |value: Option<Value>| match value {
        Some(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let mut bundle = object(sections.remove("bundle"));
    bundle.insert("target".to_owned(), target.into());
    if let Some(mode) = mode {
        bundle.insert("mode".to_owned(), mode.into());
    }
    sections.insert("bundle".to_owned(), bundle.into());
    let mut workspace = object(sections.remove("workspace"));
    for field in [
        "root_path",
        "file_path",
        "artifact_path",
        "resource_path",
        "state_path",
    ] {
        let path = resolver.workspace_path(field, &config.place);
        workspace.insert(field.to_owned(), path.to_value());
    }
    resolver.lookups = asked;
    sections.insert("workspace".to_owned(), workspace.into());
    sections
}

fn bundle_name(root_file: &str, config: &Node, resolver: &mut Resolver<'_>) -> String {
    let Some(node) = config.get("bundle").and_then(|bundle| bundle.get("name")) else {
        resolver.found.push(
            Diagnostic::error(root_file, "`bundle.name` is missing")
                .hint("begin with `bundle: {name: …}`"),
        );
        return String::new();
    };
    let resolved = resolver.resolve_settings("bundle.name", node);
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
