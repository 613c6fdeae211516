//! What of the workspace is captured at all.

use std::collections::{BTreeMap, BTreeSet};

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::paths::{is_personal, short};
use super::{CaptureInput, LiveFile, LiveResource};
use crate::files::Selection;
use crate::kinds::kind;
use crate::kinds::pattern::Keep;

/// What is captured, in a fixed order.
pub(super) struct Selected<'a> {
    /// Objects, sorted by kind, name and id.
    pub resources: Vec<&'a LiveResource>,
    /// Notebooks and files by short path (without `/Workspace`).
    pub files: BTreeMap<String, &'a LiveFile>,
    /// The named folders, as short paths.
    pub roots: Vec<String>,
}

pub(super) fn select<'a>(input: &CaptureInput<'a>) -> Selected<'a> {
    let mut resources: Vec<&LiveResource> = input
        .snapshot
        .resources
        .iter()
        // A marker says that a promotion made it, or that somebody copied what one made.
        .filter(|live| kind(&live.kind).is_some() && live.listed.marker.is_none())
        .filter(|live| match live.kind.as_str() {
            "jobs" => chosen(&input.rules.jobs, &live.listed.name),
            "clusters" => chosen(&input.rules.clusters, &live.listed.name),
            _ => true,
        })
        .collect();
    resources.sort_by(|a, b| {
        (&a.kind, &a.listed.name, &a.listed.id).cmp(&(&b.kind, &b.listed.name, &b.listed.id))
    });
    let roots: Vec<String> = input
        .rules
        .paths
        .iter()
        .map(|path| short(path).trim_end_matches('/').to_owned())
        .collect();
    let referred = referred(&resources);
    let files = input
        .snapshot
        .files
        .iter()
        .map(|(path, file)| (short(path).to_owned(), file))
        .filter(|(path, _)| !path.starts_with("/Shared/.hodman/"))
        .filter(|(path, _)| {
            below_one_of(&roots, path) || (referred.contains(path.as_str()) && !is_personal(path))
        })
        .collect();
    Selected {
        resources,
        files,
        roots,
    }
}

/// Whether `path` lies in one of the folders, or is one of them.
pub(super) fn below_one_of(roots: &[String], path: &str) -> bool {
    roots.iter().any(|root| {
        path.strip_prefix(root.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The short paths that jobs point to.
fn referred(resources: &[&LiveResource]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for live in resources {
        let Some(kind) = kind(&live.kind) else {
            continue;
        };
        let mut scratch = live.listed.config.clone();
        for at in kind
            .rules()
            .notebook_paths
            .iter()
            .chain(&kind.rules().file_paths)
        {
            at.visit(&mut scratch, &mut |value| {
                found.extend(value.as_str().map(|path| short(path).to_owned()));
                Keep::Yes
            });
        }
    }
    found
}

fn chosen(selection: &Selection, name: &str) -> bool {
    globs(&selection.include).is_match(name) && !globs(&selection.exclude).is_match(name)
}

/// The rules were checked when they were read; a pattern that does not compile matches nothing.
fn globs(patterns: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in patterns
        .iter()
        .filter_map(|pattern| Glob::new(pattern).ok())
    {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}
