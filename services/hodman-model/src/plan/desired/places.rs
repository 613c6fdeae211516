//! Files that lie at places of their own: what was captured and is restored goes back to where people had it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;

use crate::bundle::{ResolvedBundle, SourceFile, is_designer};
use crate::kinds::files::PLACEHOLDER;

/// Points `configs` to the places of the files that they run; gives the places that count, by path in the bundle.
pub(super) fn put<'c>(
    bundle: &ResolvedBundle,
    wanted: &BTreeMap<String, String>,
    configs: impl Iterator<Item = &'c mut Value>,
) -> BTreeMap<String, String> {
    let mut places: BTreeMap<String, String> = wanted
        .iter()
        .filter(|(path, _)| bundle.files.contains_key(*path))
        .map(|(path, place)| (path.clone(), place.clone()))
        .collect();
    let configs: Vec<&mut Value> = configs.collect();
    let mut asked = BTreeSet::new();
    for config in &configs {
        pointed(config, &mut asked);
    }
    let mut moved = BTreeMap::new();
    for path in asked {
        let inside = format!("{path}/");
        let below: Vec<&String> = bundle
            .files
            .keys()
            .filter(|file| file.starts_with(&inside))
            .collect();
        if below.is_empty() {
            continue;
        }
        // A folder that is used as a whole moves as a whole, or not at all.
        match folder_of(&below, &inside, &places) {
            Some(folder) => drop(moved.insert(path, folder)),
            None => below.iter().for_each(|file| drop(places.remove(*file))),
        }
    }
    for (path, place) in &places {
        let written = match bundle.files.get(path) {
            Some(SourceFile {
                notebook: Some(_), ..
            }) => without_end(path),
            _ => path,
        };
        moved.insert(written.to_owned(), place.clone());
    }
    for config in configs {
        point(config, &moved);
    }
    places
}

/// The folder in the workspace that has exactly these files; none when they lie in several, or some are not placed.
fn folder_of(below: &[&String], inside: &str, places: &BTreeMap<String, String>) -> Option<String> {
    let mut folders = below.iter().map(|file| {
        let rest = file.strip_prefix(inside)?;
        let place = places.get(*file)?;
        let folder = place
            .strip_suffix(rest)
            .or_else(|| place.strip_suffix(without_end(rest)))?;
        folder.strip_suffix('/')
    });
    let first = folders.next()??;
    folders
        .all(|other| other == Some(first))
        .then(|| first.to_owned())
}

/// A notebook's path has no end in a workspace, but for files of Designer.
fn without_end(path: &str) -> &str {
    if is_designer(path) {
        return path;
    }
    [".py", ".sql", ".scala", ".r", ".R", ".ipynb"]
        .iter()
        .find_map(|end| path.strip_suffix(end))
        .unwrap_or(path)
}

/// The paths that texts point to.
fn pointed(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.extend(paths_in(text).map(|at| text[at.start + BEFORE..at.end].to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| pointed(item, found)),
        Value::Object(map) => map.values().for_each(|item| pointed(item, found)),
        _ => {}
    }
}

fn point(value: &mut Value, moved: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            let found: Vec<Range<usize>> = paths_in(text).collect();
            for at in found.into_iter().rev() {
                if let Some(place) = moved.get(&text[at.start + BEFORE..at.end]) {
                    text.replace_range(at, place);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point(item, moved)),
        Value::Object(map) => map.values_mut().for_each(|item| point(item, moved)),
        _ => {}
    }
}

/// What stands before the path in the bundle.
const BEFORE: usize = PLACEHOLDER.len() + 1;

/// Where paths stand in a text. One that is all of the text may have blanks in it; an option's ends at the next one.
fn paths_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_path = text.starts_with(PLACEHOLDER) && text.matches(PLACEHOLDER).count() == 1;
    text.match_indices(PLACEHOLDER)
        .filter(|(at, _)| text[at + PLACEHOLDER.len()..].starts_with('/'))
        .map(move |(at, _)| {
            let ends = |next: char| next.is_whitespace() || matches!(next, '"' | '\'' | ',' | ';');
            let length = text[at..].find(ends).filter(|_| !is_path);
            at..length.map_or(text.len(), |length| at + length)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bundle(paths: &[(&str, bool)]) -> ResolvedBundle {
        let file = |notebook: bool| SourceFile {
            bytes: b"x".to_vec().into(),
            executable: false,
            notebook: notebook.then_some(crate::bundle::Language::Python),
        };
        ResolvedBundle {
            files: paths
                .iter()
                .map(|(path, notebook)| ((*path).to_owned(), file(*notebook)))
                .collect(),
            ..ResolvedBundle::default()
        }
    }

    fn places(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(path, place)| ((*path).to_owned(), (*place).to_owned()))
            .collect()
    }

    #[test]
    fn what_runs_a_file_follows_it_to_its_place() {
        let bundle = bundle(&[
            ("src/load.py", true),
            ("src/look.sql", false),
            ("src/new.py", true),
        ]);
        let wanted = places(&[
            ("src/load.py", "/Workspace/Shared/shop/load"),
            ("src/look.sql", "/Workspace/Shared/shop/look.sql"),
            ("src/gone.py", "/Workspace/Shared/shop/gone"),
        ]);
        let mut config = json!({"a": "${files}/src/load", "b": ["${files}/src/look.sql", "-r ${files}/src/look.sql ${files}/src/load"], "c": "${files}/src/new"});
        let put = put(&bundle, &wanted, std::iter::once(&mut config));
        assert_eq!(
            config,
            json!({"a": "/Workspace/Shared/shop/load",
                   "b": ["/Workspace/Shared/shop/look.sql", "-r /Workspace/Shared/shop/look.sql /Workspace/Shared/shop/load"], "c": "${files}/src/new"})
        );
        assert_eq!(
            put.keys().collect::<Vec<_>>(),
            ["src/load.py", "src/look.sql"]
        );
    }

    #[test]
    fn a_folder_moves_as_a_whole_or_not_at_all() {
        let bundle = bundle(&[
            ("app/main.py", false),
            ("app/lib/x.py", true),
            ("web/a", false),
            ("web/b", false),
        ]);
        let wanted = places(&[
            ("app/main.py", "/Workspace/Shared/shop/app/main.py"),
            ("app/lib/x.py", "/Workspace/Shared/shop/app/lib/x"),
            ("web/a", "/Workspace/Shared/shop/web/a"),
        ]);
        let mut config = json!({"a": "${files}/app", "b": "${files}/web", "c": "${files}/web/a"});
        let put = put(&bundle, &wanted, std::iter::once(&mut config));
        assert_eq!(
            config,
            json!({"a": "/Workspace/Shared/shop/app", "b": "${files}/web", "c": "${files}/web/a"})
        );
        assert_eq!(
            put.keys().collect::<Vec<_>>(),
            ["app/lib/x.py", "app/main.py"]
        );
    }
}
