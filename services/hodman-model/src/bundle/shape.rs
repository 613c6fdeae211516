//! Which keys a bundle file may have, and which of them this version does something about.

use super::kinds::{BundleKind, KINDS, Standing, bundle_kind};
use super::reference::references;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, did_you_mean};
use crate::files::node::{Entry, Map, Node, Yaml};
use std::collections::BTreeMap;

const TOP: &[&str] = &[
    "variables",
    "bundle",
    "include",
    "workspace",
    "artifacts",
    "resources",
    "targets",
    "environments",
    "sync",
    "run_as",
    "presets",
    "experimental",
    "permissions",
    "scripts",
    "python",
];
const BUNDLE: &[&str] = &[
    "name",
    "uuid",
    "engine",
    "cluster_id",
    "compute_id",
    "databricks_cli_version",
    "git",
    "deployment",
];
const WORKSPACE: &[&str] = &[
    "host",
    "profile",
    "auth_type",
    "client_id",
    "account_id",
    "workspace_id",
    "root_path",
    "file_path",
    "resource_path",
    "artifact_path",
    "state_path",
    "azure_workspace_resource_id",
    "azure_environment",
    "azure_tenant_id",
    "azure_client_id",
    "azure_use_msi",
    "azure_login_app_id",
    "google_service_account",
    "experimental_is_unified_host",
];
const SYNC: &[&str] = &["paths", "include", "exclude"];
const PRESETS: &[&str] = &[
    "name_prefix",
    "tags",
    "trigger_pause_status",
    "jobs_max_concurrent_runs",
    "pipelines_development",
    "source_linked_deployment",
    "artifacts_dynamic_version",
];
const VARIABLE: &[&str] = &["description", "default", "type", "lookup"];
const TARGET: &[&str] = &[
    "default",
    "mode",
    "presets",
    "artifacts",
    "bundle",
    "cluster_id",
    "compute_id",
    "git",
    "permissions",
    "resources",
    "run_as",
    "sync",
    "variables",
    "workspace",
];

/// What belongs to the whole bundle.
const NOT_OVERRIDABLE: &[&str] = &["include", "experimental", "scripts", "python"];

const GIT: &[&str] = &["origin_url", "branch"];
const DEPLOYMENT: &[&str] = &["fail_on_active_runs", "lock"];

/// Known to the CLI, without an equivalent here yet: named, never dropped. A `false` or an empty value asks for nothing.
const NOT_SUPPORTED: &[(&str, &str)] = &[
    (
        "python",
        "code that makes resources does not run here: commit the YAML that it generates",
    ),
    ("experimental", "remove it"),
];

/// What is not supported in a target, by its name: it stops that one, and no other.
pub(super) type OfTargets = BTreeMap<String, Vec<Diagnostic>>;

/// Checks one file's keys, down to where resources begin.
pub(super) fn check_file(
    config: &Node,
    is_root: bool,
    of_targets: &mut OfTargets,
    found: &mut Diagnostics,
) {
    let Some(top) = config.as_map() else { return };
    known_keys(top, "", TOP, found);
    unsupported(top, found);
    if let Some(entry) = top.get("include").filter(|_| !is_root) {
        let mut unread = entry
            .place
            .error("`include` works only in the bundle's first file, and takes in nothing here");
        unread.severity = Severity::Warning;
        found.push(unread.hint("list the files there"));
    }
    // A deployment does not run them, the CLI's neither; `experimental.scripts` are others.
    if let Some(entry) = top
        .get("scripts")
        .filter(|entry| !asks_for_nothing(&entry.node))
    {
        let mut unused = entry.place.error("`scripts` are not run by hodman");
        unused.severity = Severity::Warning;
        found.push(unused.hint("`databricks bundle run` does that, where people have it"));
    }
    check_common(top, found);
    for (name, entry) in maps(config.get("variables"), "`variables`", found) {
        let what = format!("variables.{name}.");
        match &entry.value {
            Yaml::Map(map) => known_keys(map, &what, VARIABLE, found),
            Yaml::Null => {}
            _ => found.push(
                entry
                    .place
                    .error(format!(
                        "the variable `{name}` must be a mapping, found {}",
                        entry.kind()
                    ))
                    .hint("write `default: …` under it"),
            ),
        }
    }
    if let Some(entry) = top.get("environments") {
        let mut old = entry
            .place
            .error("`environments` is the old word for `targets`");
        match top.contains_key("targets") {
            true => old = old.hint("keep one of them"),
            false => {
                old.severity = Severity::Warning;
                old = old.hint("write `targets`");
            }
        }
        found.push(old);
    }
    for key in ["targets", "environments"] {
        for (name, target) in maps(config.get(key), &format!("`{key}`"), found) {
            match &target.value {
                Yaml::Map(map) => {
                    for fixed in NOT_OVERRIDABLE {
                        if let Some(entry) = map.get(fixed) {
                            found.push(
                                entry
                                    .place
                                    .error(format!("a target cannot change `{fixed}`"))
                                    .hint("it is the same for all targets: write it at the top"),
                            );
                        }
                    }
                    known_keys(map, &format!("{key}.{name}."), TARGET, found);
                    check_common(map, found);
                    let mut own = Diagnostics::default();
                    unsupported(map, &mut own);
                    of_targets.entry(name).or_default().extend(own.0);
                }
                Yaml::Null => {}
                _ => found.push(target.place.error(format!(
                    "the target `{name}` must be a mapping, found {}",
                    target.kind()
                ))),
            }
        }
    }
}

/// The keys that the top and a target have in common.
fn check_common(map: &Map, found: &mut Diagnostics) {
    for (section, keys) in [
        ("bundle", BUNDLE),
        ("workspace", WORKSPACE),
        ("sync", SYNC),
        ("presets", PRESETS),
    ] {
        let Some(entry) = map.get(section) else {
            continue;
        };
        match &entry.node.value {
            Yaml::Map(inner) => known_keys(inner, &format!("{section}."), keys, found),
            Yaml::Null => {}
            _ => found.push(entry.node.place.error(format!(
                "`{section}` must be a mapping, found {}",
                entry.node.kind()
            ))),
        }
    }
    let of_bundle = map
        .get("bundle")
        .and_then(|entry| entry.node.as_map()?.get("compute_id"));
    for old in map.get("compute_id").into_iter().chain(of_bundle) {
        let mut renamed = old
            .place
            .error("`compute_id` is the old word for `cluster_id`");
        renamed.severity = Severity::Warning;
        found.push(renamed.hint("write `cluster_id`"));
    }
    for (section, keys) in [("git", GIT), ("deployment", DEPLOYMENT)] {
        let inner = map
            .get("bundle")
            .and_then(|entry| entry.node.get(section)?.as_map());
        if let Some(inner) = inner {
            known_keys(inner, &format!("bundle.{section}."), keys, found);
        }
    }
    if let Some(inner) = map.get("git").and_then(|entry| entry.node.as_map()) {
        known_keys(inner, "git.", GIT, found);
    }
    for (kind, resources) in maps(
        map.get("resources").map(|entry| &entry.node),
        "`resources`",
        found,
    ) {
        let place = map
            .get("resources")
            .and_then(|all| all.node.as_map()?.get(&kind))
            .map_or(&resources.place, |entry| &entry.place);
        if bundle_kind(&kind).is_none() {
            let known = KINDS.iter().map(|kind| kind.name);
            let hint = did_you_mean(&kind, known)
                .unwrap_or_else(|| "a kind in the plural, such as `jobs`".to_owned());
            found.push(
                place
                    .error(format!("unknown kind of resource `{kind}`"))
                    .hint(hint),
            );
        }
        for (key, resource) in maps(Some(&resources), &format!("`resources.{kind}`"), found) {
            if resource.as_map().is_none() && !is_variable(&resource) {
                found.push(resource.place.error(format!(
                    "`{kind}.{key}` must be a mapping, found {}",
                    resource.kind()
                )));
            }
        }
    }
}

/// What the CLI knows and this version does not do, in the top or in a target.
fn unsupported(map: &Map, found: &mut Diagnostics) {
    not_supported(map, found);
    for preset in ["source_linked_deployment", "artifacts_dynamic_version"] {
        let entry = map
            .get("presets")
            .and_then(|entry| entry.node.as_map()?.get(preset));
        if let Some(entry) = entry.filter(|entry| !asks_for_nothing(&entry.node)) {
            found.push(entry.place.error(format!(
                "`presets.{preset}` is not supported in this version"
            )));
        }
    }
    let kinds = map.get("resources").and_then(|entry| entry.node.as_map());
    for (kind, Entry { place, node }) in kinds.into_iter().flatten() {
        if let Some(BundleKind {
            standing: Standing::Refused(advice),
            ..
        }) = bundle_kind(kind)
            && !asks_for_nothing(node)
        {
            let error = place.error(format!("`resources.{kind}` is not managed here"));
            found.push(error.hint(*advice));
        }
        let resources = node.as_map().filter(|_| kind == "secrets");
        for (key, resource) in resources.into_iter().flatten() {
            let unity = ["catalog_name", "schema_name"]
                .into_iter()
                .find(|field| resource.node.get(field).is_some());
            if let Some(field) = unity {
                found.push(
                    resource
                        .node
                        .place
                        .error(format!(
                            "`secrets.{key}.{field}`: secrets of Unity Catalog are not managed here"
                        ))
                        .hint("secrets of a scope are: `scope`, `key` and where the value is"),
                );
            }
        }
    }
}

fn known_keys(map: &Map, prefix: &str, known: &[&str], found: &mut Diagnostics) {
    for (key, entry) in map {
        let is_said = prefix.starts_with("targets.") && NOT_OVERRIDABLE.contains(&key.as_str());
        if !known.contains(&key.as_str()) && !is_said {
            let hint = did_you_mean(key, known.iter().copied())
                .unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
            let mut unknown = entry.place.error(format!("unknown key `{prefix}{key}`"));
            // People keep anchors under keys of their own at the top; the CLI lets them.
            if prefix.is_empty() && did_you_mean(key, known.iter().copied()).is_none() {
                unknown.severity = Severity::Warning;
            }
            found.push(unknown.hint(hint));
        }
    }
}

fn not_supported(map: &Map, found: &mut Diagnostics) {
    for (section, advice) in NOT_SUPPORTED {
        let Some(entry) = map
            .get(section)
            .filter(|entry| !asks_for_nothing(&entry.node))
        else {
            continue;
        };
        let Some(inner) = entry.node.as_map() else {
            found.push(
                entry
                    .place
                    .error(format!("`{section}` is not supported in this version"))
                    .hint(*advice),
            );
            continue;
        };
        for (key, inner) in inner.iter().filter(|(key, inner)| {
            !asks_for_nothing(&inner.node) && key.as_str() != super::presets::SKIP_SCHEMAS
        }) {
            let field = match inner.node.as_map().and_then(|fields| fields.get("build")) {
                Some(_) => format!("{section}.{key}.build"),
                None => format!("{section}.{key}"),
            };
            found.push(
                inner
                    .place
                    .error(format!("`{field}` is not supported in this version"))
                    .hint(*advice),
            );
        }
    }
}

/// Whether nothing but a variable stands there: what it is shows when it is resolved.
fn is_variable(node: &Node) -> bool {
    let Some(text) = node.as_text() else {
        return false;
    };
    matches!(references(text).as_slice(), [one] if one.range == (0..text.len())
        && matches!(one.key(0), Some("var" | "variables")))
}

fn asks_for_nothing(node: &Node) -> bool {
    match &node.value {
        Yaml::Null | Yaml::Bool(false) => true,
        Yaml::List(items) => items.is_empty(),
        Yaml::Map(map) => map.values().all(|entry| asks_for_nothing(&entry.node)),
        Yaml::Bool(true) | Yaml::Number(_) | Yaml::Text(_) => false,
    }
}

/// The entries of a section that must be a mapping; anything else is a finding.
fn maps(section: Option<&Node>, what: &str, found: &mut Diagnostics) -> Vec<(String, Node)> {
    let Some(section) = section else {
        return Vec::new();
    };
    match section.expect_map(what) {
        Ok(map) => map
            .into_iter()
            .map(|(key, entry)| (key, entry.node))
            .collect(),
        Err(diagnostic) => {
            found.push(diagnostic);
            Vec::new()
        }
    }
}
