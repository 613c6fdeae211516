//! Paths in the workspace, in the repository, and from one file of the repository to another.

use crate::bundle::Language;

/// How a path of the repository is written inside a form.
pub(super) const REPO: &str = "${repo}/";

/// `/Workspace/Shared/x` and `/Shared/x` are the same place.
pub(super) fn short(path: &str) -> &str {
    path.strip_prefix("/Workspace")
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

/// A person's own folder; scratch work unless it is named.
pub(super) fn is_personal(short: &str) -> bool {
    ["/Users/", "/Repos/"]
        .iter()
        .any(|start| short.starts_with(start))
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
        None => "",
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
        Language::Jupyter => None,
    }
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The repository path that `written` in `file` means; none when it leads out of the repository.
pub(super) fn resolve(file: &str, written: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder(file)
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// How `target` is written in `file`: `../src/load.py`. Bundles read a path that starts with a dot as one of theirs.
pub(super) fn relative(file: &str, target: &str) -> String {
    let from: Vec<&str> = folder(file)
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
