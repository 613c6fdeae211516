//! Paths in the workspace, in the repository, and from one file of the repository to another.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bundle::{Language, Room};
use crate::kinds::pattern::Keep;
use crate::kinds::{Kind, permissions};

/// How a path of the repository is written inside a form.
pub(super) const REPO: &str = "${repo}/";

/// `/Workspace/Shared/x` and `/Shared/x` are the same place.
pub(super) fn short(path: &str) -> &str {
    path.strip_prefix("/Workspace")
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

/// Whether a path is one to the files of a workspace, and not to a volume or a store.
pub(super) fn is_of_workspace(path: &str) -> bool {
    path.starts_with('/')
        && !["/Volumes/", "/dbfs/"]
            .iter()
            .any(|start| path.starts_with(start))
}

/// A person's or principal's own folder; scratch work unless it is named. Next to people's homes `/Repos` has folders that teams
/// share, and what is around homes is nobody's but theirs.
pub(super) fn is_personal(short: &str) -> bool {
    if short.starts_with("/Users/") {
        return true;
    }
    let whose = short
        .strip_prefix(REPOS)
        .and_then(|rest| rest.split('/').next());
    whose.is_some_and(|whose| {
        whose.is_empty() || whose.contains('@') || permissions::is_application_id(whose)
    })
}

/// A checkout of another repository where those were kept before: what lies in it has its home elsewhere.
pub(super) fn is_checkout(short: &str) -> bool {
    short.starts_with(REPOS)
}

/// Where checkouts were kept.
const REPOS: &str = "/Repos/";

/// A pattern's folder, which no other character than its own matches, and the rest of it; a path as it is.
pub(super) fn split_pattern(path: &str) -> (&str, &str) {
    match path.find(['*', '?', '[']) {
        Some(at) => path.split_at(path[..at].rfind('/').unwrap_or(0)),
        None => (path.trim_end_matches('/'), ""),
    }
}

/// Visits every path to a notebook, file or folder in `config`, and says whether it is one to a notebook.
pub(super) fn each_path(
    kind: &dyn Kind,
    config: &mut Value,
    visit: &mut dyn FnMut(bool, &mut Value),
) {
    each_field(kind, config, visit);
    each_dependency(kind, config, visit);
    for (_, path) in FOLDERS.iter().filter(|(name, _)| *name == kind.name()) {
        each_at(config, path, &mut |value| visit(false, value));
    }
}

/// Folders that a kind's rules do not count among the paths of files.
pub(super) const FOLDERS: &[(&str, &[&str])] = &[("apps", &["source_code_path"])];

/// The same of fields that are a path and nothing else.
pub(super) fn each_field(
    kind: &dyn Kind,
    config: &mut Value,
    visit: &mut dyn FnMut(bool, &mut Value),
) {
    let rules = kind.rules();
    for (patterns, notebooks) in [(&rules.notebook_paths, true), (&rules.file_paths, false)] {
        for at in patterns {
            at.visit(config, &mut |value| {
                visit(notebooks, value);
                Keep::Yes
            });
        }
    }
}

/// Where a serverless environment says which packages it has.
pub(super) const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("jobs", &["environments", "spec", "dependencies"]),
    ("pipelines", &["environment", "dependencies"]),
];

/// Dependencies are packages of an index, or files: `/…/shop.whl`, `-r ./requirements.txt`.
fn each_dependency(kind: &dyn Kind, config: &mut Value, visit: &mut dyn FnMut(bool, &mut Value)) {
    let of_kind = DEPENDENCIES.iter().filter(|(name, _)| *name == kind.name());
    for (_, path) in of_kind {
        each_at(config, path, &mut |value| {
            let Some(text) = value.as_str() else { return };
            let (option, file) = match text.strip_prefix("-r ") {
                Some(file) => ("-r ", file.trim()),
                None => ("", text),
            };
            let is_file = ["/", "./", "../"]
                .iter()
                .any(|start| file.starts_with(start))
                || !option.is_empty()
                || file.ends_with(".whl");
            if is_file && !file.contains("://") {
                let mut alone = Value::String(file.to_owned());
                visit(false, &mut alone);
                if let Some(file) = alone.as_str() {
                    *value = Value::String(format!("{option}{file}"));
                }
            }
        });
    }
}

/// Visits the texts at the end of `path`, through lists on the way.
fn each_at(value: &mut Value, path: &[&str], visit: &mut dyn FnMut(&mut Value)) {
    match (value, path) {
        (Value::Array(items), path) => items.iter_mut().for_each(|item| each_at(item, path, visit)),
        (Value::Object(map), [key, rest @ ..]) => {
            if let Some(inner) = map.get_mut(*key) {
                each_at(inner, rest, visit);
            }
        }
        (value, []) => visit(value),
        _ => {}
    }
}

/// How a form writes what lies at `path` in the workspace: a captured file, or a folder whose files all are captured
/// side by side; a pattern goes on behind its folder. None when it is not captured.
pub(super) fn captured_at(
    sources: &BTreeMap<String, String>,
    path: &str,
    notebook: bool,
) -> Option<String> {
    let path = short(path);
    if let Some(place) = sources.get(path) {
        return Some(format!("{REPO}{place}"));
    }
    if notebook {
        return None;
    }
    let (folder, pattern) = split_pattern(path);
    // A folder that the repository has, though it was not captured from here.
    if let Some(place) = sources.get(folder) {
        return Some(format!("{REPO}{place}{pattern}"));
    }
    let below = format!("{folder}/");
    let mut inside = sources
        .range(below.clone()..)
        .take_while(|(path, _)| path.starts_with(&below))
        .map(|(path, place)| outer(place, &path[folder.len()..]));
    let place = inside.next()??;
    inside
        .all(|other| other == Some(place))
        .then(|| format!("{REPO}{place}{pattern}"))
}

/// The folder that `inside`, which begins with a slash, has to lie in to be at `place`; an extension may be behind it.
fn outer<'p>(place: &'p str, inside: &str) -> Option<&'p str> {
    let ends = [
        None,
        Some(Language::Python),
        Some(Language::Sql),
        Some(Language::Scala),
        Some(Language::R),
        Some(Language::Jupyter),
    ];
    ends.iter().find_map(|language| {
        place
            .strip_suffix(extension(*language))?
            .strip_suffix(inside)
    })
}

/// The path below `src/` for a workspace path, seen from the named folder that holds it.
pub(super) fn in_repo(short: &str, roots: &[String], language: Option<Language>) -> String {
    let root = roots
        .iter()
        .filter(|root| {
            short
                .strip_prefix(root.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        })
        .max_by_key(|root| root.len());
    let rest = match root {
        Some(root) => &short[root.len()..],
        None => short.strip_prefix("/Shared").unwrap_or(short),
    };
    format!(
        "src/{}{}",
        rest.trim_start_matches('/'),
        extension(language)
    )
}

/// The extension that a bundle needs to see a notebook of that language.
pub(super) fn extension(language: Option<Language>) -> &'static str {
    match language {
        // A file of Designer has its whole name in the workspace.
        None | Some(Language::Designer) => "",
        Some(Language::Python) => ".py",
        Some(Language::Sql) => ".sql",
        Some(Language::Scala) => ".scala",
        Some(Language::R) => ".r",
        Some(Language::Jupyter) => ".ipynb",
    }
}

/// The first line by which a source file is known as a notebook.
pub(super) fn header(language: Language) -> Option<&'static str> {
    match language {
        Language::Python | Language::R => Some("# Databricks notebook source"),
        Language::Sql => Some("-- Databricks notebook source"),
        Language::Scala => Some("// Databricks notebook source"),
        Language::Jupyter | Language::Designer => None,
    }
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The path of the tree that `written` in `file` means; none when it leads out of the repository.
pub(super) fn resolve(room: &Room, file: &str, written: &str) -> Option<String> {
    room.join(folder(file), written)
}

/// How `target` is written in `file`, both paths of the tree: `../src/load.py`. Bundles read a path that starts with a dot as
/// one of theirs.
pub(super) fn relative(room: &Room, file: &str, target: &str) -> String {
    let outer = |path: &str| room.outer(path).unwrap_or_else(|| path.to_owned());
    let (file, target) = (outer(file), outer(target));
    let from: Vec<&str> = folder(&file)
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let to: Vec<&str> = target.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let ups = from.len() - shared;
    let start = if ups == 0 {
        "./".to_owned()
    } else {
        "../".repeat(ups)
    };
    format!("{start}{}", to[shared..].join("/"))
}
