//! `hodman bundle lint`: what is wrong with a bundle, and what is right but will be regretted.

mod dangling;
mod hard_coded;
mod incomplete;
mod list_keys;
mod unused;
mod walk;
mod words;
mod written_out;

use std::collections::BTreeSet;

use serde::Serialize;

use super::load::{Loaded, load};
use super::resolve::{Inside, inspect};
use super::{Options, ResolvedBundle, commit, target};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::files::Tree;
use crate::files::node::{Node, Place};

/// One problem, and the rule that found it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What is wrong and where.
    #[serde(flatten)]
    pub diagnostic: Diagnostic,
    /// One of [`RULES`].
    pub rule: &'static str,
}

/// Every rule, with what it is for.
pub const RULES: [(&str, &str); 11] = [
    (
        "resolve",
        "Everything that resolving a target says: errors of the bundle, unknown fields, files that are missing.",
    ),
    (
        "unused-variable",
        "A variable that no target uses. Its value changes nothing, whatever a binding says.",
    ),
    (
        "hard-coded-id",
        "An id of a warehouse, cluster, policy, pool, job or pipeline written as it is. No other workspace has it.",
    ),
    (
        "no-permissions",
        "A job that nobody but its owner and the admins may see in production, since neither it nor the bundle has permissions.",
    ),
    (
        "dangling-key",
        "A task that waits for a task, or runs on a job cluster or environment, that its job does not have.",
    ),
    (
        "incomplete",
        "A task that names no compute and needs some; a dashboard without warehouse, an app without code.",
    ),
    (
        "list-key",
        "A task, job cluster or parameter without its key, or two with the same one in one place: they are taken for one.",
    ),
    (
        "unknown-word",
        "A word in a field that takes some words and no others, such as `pause_status`.",
    ),
    (
        "written-out-secret",
        "The value of a secret, of a connection or of a credential, in the bundle itself. A plan refuses it.",
    ),
    (
        "every-commit",
        "`${bundle.git.commit}` in the bundle: each commit is a package and a release of its own, whatever it changes.",
    ),
    (
        "no-effect",
        "A setting of the Databricks CLI that hodman has another place for: credentials, engine, locks, the files' path.",
    ),
];

/// Everything to say about the bundle in `tree`, for `target` or for all its targets, sorted by place.
#[must_use]
pub fn lint(tree: &Tree, target: Option<&str>, options: &Options) -> Vec<Finding> {
    lint_for(tree, target, &|_| vec![Ok(options.clone())])
}

/// The same, where each target may be resolved for several environments, or for none because of what their bindings say.
#[must_use]
pub fn lint_for(
    tree: &Tree,
    target: Option<&str>,
    bindings: &dyn Fn(&str) -> Vec<Result<Options, Diagnostics>>,
) -> Vec<Finding> {
    let loaded = match load(tree) {
        Ok(loaded) => loaded,
        Err(found) => return under_rule("resolve", found.0),
    };
    let names = match target {
        Some(name) => vec![name.to_owned()],
        None => target::names(&loaded),
    };
    let mut found: BTreeSet<Finding> = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut all_resolved = true;
    let bound = names.iter().flat_map(|name| {
        bindings(name)
            .into_iter()
            .map(move |binding| (name, binding))
    });
    for (name, binding) in bound {
        match binding.and_then(|options| inspect(tree, name, &options)) {
            Ok((bundle, inside)) => {
                found.extend(under_rule("resolve", bundle.warnings.clone()));
                found.extend(under_rule("dangling-key", dangling::check(&inside)));
                found.extend(under_rule("incomplete", incomplete::check(&inside)));
                found.extend(under_rule("unknown-word", words::check(&inside)));
                found.extend(under_rule(
                    "written-out-secret",
                    written_out::check(&inside),
                ));
                found.extend(under_rule("hard-coded-id", hard_coded::check(&inside)));
                if bundle.mode.as_deref() == Some("production") {
                    found.extend(under_rule("no-permissions", without_permissions(&inside)));
                }
                used.extend(inside.used);
            }
            Err(Diagnostics(more)) => {
                all_resolved = false;
                found.extend(under_rule("resolve", more));
            }
        }
    }
    if target.is_none() {
        found.extend(under_rule("resolve", target::two_defaults(&loaded)));
    }
    if all_resolved {
        found.extend(under_rule("unused-variable", unused::check(&loaded, &used)));
    }
    found.extend(under_rule("list-key", list_keys::check(&loaded)));
    found.extend(under_rule("every-commit", every_commit(&loaded)));
    found.extend(under_rule("no-effect", without_effect(&loaded)));
    found.into_iter().collect()
}

/// Resolves the bundle, and refuses what a plan or the API would refuse later, where it stands: a secret that is written out, a task
/// that waits for none. For those who look at files before anything is planned.
///
/// # Errors
/// Everything wrong in the bundle, with its place.
pub fn resolve_strictly(
    tree: &Tree,
    target: &str,
    options: &Options,
) -> Result<ResolvedBundle, Diagnostics> {
    let (bundle, inside) = inspect(tree, target, options)?;
    let mut found = Diagnostics(written_out::check(&inside));
    found.0.extend(dangling::check(&inside));
    if found.has_errors() {
        found.0.extend(bundle.warnings.iter().cloned());
    }
    found.into_result(bundle)
}

fn under_rule(rule: &'static str, found: Vec<Diagnostic>) -> Vec<Finding> {
    found
        .into_iter()
        .map(|diagnostic| Finding { diagnostic, rule })
        .collect()
}

/// A warning at a place.
fn warning(place: &Place, message: String) -> Diagnostic {
    let mut warning = place.error(message);
    warning.severity = Severity::Warning;
    warning
}

fn without_permissions(inside: &Inside) -> Vec<Diagnostic> {
    inside
        .resources
        .iter()
        .filter(|(key, (_, node))| {
            let permissions = node.get("permissions").and_then(Node::as_list);
            key.kind == "jobs" && permissions.is_none_or(<[Node]>::is_empty)
        })
        .map(|(key, (place, _))| {
            warning(
                place,
                format!("only its owner and the admins can see `{key}`"),
            )
            .hint("give `permissions` to the bundle or to the job")
        })
        .collect()
}

fn every_commit(loaded: &Loaded) -> Vec<Diagnostic> {
    let places = commit::asked(loaded).into_iter();
    let message = "`${bundle.git.commit}` makes every commit a release, whatever it changes";
    places
        .map(|place| {
            warning(place, message.to_owned()).hint(
                "without it equal files are one package; the pin in release.yaml names the commit",
            )
        })
        .collect()
}

/// What hodman has another place for.
const NO_EFFECT: &[(&[&str], &str)] = &[
    (
        &["workspace", "profile"],
        "credentials are in the daemon's settings",
    ),
    (
        &["workspace", "auth_type"],
        "credentials are in the daemon's settings",
    ),
    (
        &["workspace", "client_id"],
        "credentials are in the daemon's settings",
    ),
    (
        &["workspace", "file_path"],
        "files go to a folder named by their digest; `${workspace.file_path}` is it",
    ),
    (
        &["workspace", "host"],
        "environment.yaml says which workspace it is; this is only what `${workspace.host}` gives",
    ),
    (
        &["workspace", "account_id"],
        "environment.yaml says which workspace it is",
    ),
    (
        &["workspace", "workspace_id"],
        "environment.yaml says which workspace it is",
    ),
    (
        &["workspace", "artifact_path"],
        "artifacts lie with the other files, in a folder named by their digest",
    ),
    (
        &["workspace", "resource_path"],
        "nothing lies there by itself; this is only what `${workspace.resource_path}` gives",
    ),
    (
        &["workspace", "state_path"],
        "hodman keeps no state in a workspace's folder",
    ),
    (
        &["bundle", "databricks_cli_version"],
        "no version of the Databricks CLI is asked",
    ),
    (&["bundle", "engine"], "hodman applies by itself"),
    (
        &["bundle", "deployment"],
        "hodman has its own leases and waits for active runs",
    ),
];

fn without_effect(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for part in std::iter::once(&loaded.config).chain(target::all(loaded)) {
        for (path, why) in NO_EFFECT {
            let [section, key] = path else { continue };
            let entry = part
                .get(section)
                .and_then(|section| section.as_map()?.get(key));
            if let Some(entry) = entry {
                let message = format!("`{section}.{key}` changes nothing here");
                found.push(warning(&entry.place, message).hint(*why));
            }
        }
    }
    found
}
