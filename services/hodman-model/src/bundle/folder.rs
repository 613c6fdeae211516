//! Which files are a bundle's inputs, and which of them are uploaded.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use globset::GlobMatcher;
use serde_json::Value;

use super::artifacts::Artifacts;
use super::commit::{self, COMMIT_FILE};
use super::globs::{IgnoreGlob, any_match};
use super::load::{Loaded, leads_out};
use super::notebook::notebook_path;
use super::outside::{self, FOLDER_FILE, Layout, Room, written};
use super::paths::folder_of;
use super::reference::references;
use super::{Language, SourceFile, artifacts, contents, libraries, target};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::Tree;
use crate::files::node::{Node, Place};

/// The `sync` section as a question about paths.
pub(super) struct Sync {
    /// Folders or files, each with its place when it was written by a person; empty is the root.
    paths: Vec<(String, Option<Place>)>,
    own: Lines,
    /// What is said of files outside of the bundle's folder. A line like `*.log` means those inside.
    outside: Lines,
}

#[derive(Default)]
struct Lines {
    include: Vec<IgnoreGlob>,
    exclude: Vec<IgnoreGlob>,
}

impl Sync {
    /// Reads the section of a bundle laid together for a target, or none.
    pub fn read(sync: Option<&Node>, room: &Room) -> Result<Self, Diagnostics> {
        let mut found = Diagnostics::default();
        let mut texts = |key: &str| -> Vec<(String, Place)> {
            let texts = sync
                .and_then(|sync| sync.get(key))
                .map(|list| list.expect_texts(&format!("`sync.{key}`")));
            let mut texts = texts
                .transpose()
                .unwrap_or_else(|diagnostic| {
                    found.push(diagnostic);
                    None
                })
                .unwrap_or_default();
            texts.retain(|(text, place)| {
                let plain = references(text).is_empty();
                if !plain {
                    found.push(
                        place
                            .error("references are not possible under `sync`")
                            .hint("a package is the same for every environment"),
                    );
                }
                plain
            });
            texts
        };
        let (paths, include, exclude) = (texts("paths"), texts("include"), texts("exclude"));
        let mut read = Self {
            paths: Vec::new(),
            own: Lines::default(),
            outside: Lines::default(),
        };
        for (path, place) in paths {
            let normal = room.join(folder_of(&place.file), &path);
            match normal.filter(|_| !path.starts_with('/')) {
                Some(normal) => read.paths.push((normal, Some(place))),
                None => found.push(leads_out(&path, &place)),
            }
        }
        if sync.and_then(|sync| sync.get("paths")).is_none() {
            read.paths.push((String::new(), None));
        }
        for (lines, is_include) in [(include, true), (exclude, false)] {
            for (line, place) in lines {
                let Some(seen) = from_the_root(room, folder_of(&place.file), &line) else {
                    found.push(leads_out(&line, &place));
                    continue;
                };
                let pattern = seen.trim_start_matches('!').trim_start_matches('/');
                let lines = match outside::is_outside(pattern) {
                    true => &mut read.outside,
                    false => &mut read.own,
                };
                match IgnoreGlob::new(&seen) {
                    Ok(glob) if is_include => lines.include.push(glob),
                    Ok(glob) => lines.exclude.push(glob),
                    Err(error) => found
                        .push(place.error(format!("`{line}` is not a pattern: {}", error.kind()))),
                }
            }
        }
        found.into_result(read)
    }

    fn takes(&self, path: &str) -> bool {
        let under = self.paths.iter().any(|(folder, _)| is_under(path, folder));
        let lines = match outside::is_outside(path) {
            true => &self.outside,
            false => &self.own,
        };
        (under || any_match(&lines.include, path)) && !self.excludes(path)
    }

    fn excludes(&self, path: &str) -> bool {
        let lines = match outside::is_outside(path) {
            true => &self.outside,
            false => &self.own,
        };
        any_match(&lines.exclude, path)
    }

    /// How what it takes in lies when it is uploaded.
    fn layout(&self, room: &Room) -> Layout {
        let paths = self.paths.iter().map(|(path, _)| path.as_str());
        Layout::of(room.clone(), paths)
    }

    /// A path that was written and holds nothing.
    fn empty_paths(&self, tree: &Tree) -> Vec<Diagnostic> {
        self.paths
            .iter()
            .filter(|(folder, _)| !tree.keys().any(|path| is_under(path, folder)))
            .filter_map(|(folder, place)| {
                Some(place.as_ref()?.error(format!(
                    "`{}` under `sync.paths` holds no file",
                    written(folder)
                )))
            })
            .collect()
    }
}

/// The section as it is shown: its lines seen from where the uploaded files begin, and what is meant when it names no folder.
pub(super) fn shown(sync: Option<&Node>, layout: &Layout) -> Value {
    let mut out = serde_json::Map::new();
    let here = |path: &str| match layout.seen(path) {
        path if path.is_empty() => ".".to_owned(),
        path => path,
    };
    for key in ["paths", "include", "exclude"] {
        let list = sync.and_then(|sync| sync.get(key)).and_then(Node::as_list);
        let lines = list.into_iter().flatten().filter_map(|item| {
            let text = item.as_text()?;
            let seen = layout.room.join(folder_of(&item.place.file), text);
            Some(seen.map_or_else(|| text.to_owned(), |seen| here(&seen)))
        });
        let lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            out.insert(key.to_owned(), lines.into());
        }
    }
    if sync.and_then(|sync| sync.get("paths")).is_none() {
        out.insert("paths".to_owned(), vec![here("")].into());
    }
    Value::Object(out)
}

/// A line of a file in `folder` as the bundle's first file would say it; none when it leads out of the repository.
fn from_the_root(room: &Room, folder: &str, line: &str) -> Option<String> {
    let (not, pattern) = match line.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => ("", line),
    };
    let leads_up = pattern.split('/').any(|part| part == "..");
    if folder.is_empty() && !leads_up {
        return Some(line.to_owned());
    }
    let end = if pattern.ends_with('/') { "/" } else { "" };
    // Bound to its folder: without a slash it would match at any depth of the whole bundle.
    Some(format!("{not}/{}{end}", room.join(folder, pattern)?))
}

/// The paths of a bundle's declared inputs: what a package is made of.
///
/// Those are the bundle's YAML files, what `sync` takes in for any target, `modules/`, and the folders in which commands
/// build artifacts: a command sees nothing that the package's identity does not cover. Never `environments/`: a
/// package is the same for every environment.
///
/// # Errors
/// When the bundle's files do not parse, or a key of theirs is not known.
pub fn inputs(tree: &Tree) -> Result<BTreeSet<String>, Diagnostics> {
    let loaded = super::load::load(tree)?;
    let room = Room::of(tree);
    let mut found = Diagnostics::default();
    let common = Sync::read(loaded.config.get("sync"), &room)?;
    found.0.extend(common.empty_paths(tree));
    let mut syncs = vec![];
    for target in target::all(&loaded) {
        if let Some(sync) = target.get("sync") {
            let mut own = Sync::read(Some(sync), &room)?;
            if sync.get("paths").is_none() {
                own.paths.clear();
            }
            found.0.extend(own.empty_paths(tree));
            // What one target leaves out, another may need.
            own.own.exclude.clear();
            own.outside.exclude.clear();
            syncs.push(own);
        }
    }
    let artifacts = artifacts::everywhere(&loaded, &room, &mut found);
    let libraries: Vec<GlobMatcher> = std::iter::once(&loaded.config)
        .chain(target::all(&loaded))
        .flat_map(|config| libraries::globs(config, &room))
        .collect();
    let contents: BTreeSet<String> = std::iter::once(&loaded.config)
        .chain(target::all(&loaded))
        .flat_map(|config| contents::named_in(config, &room))
        .collect();
    let own = own_files(&loaded);
    let wanted = |path: &str| {
        own.contains(path)
            || contents.contains(path)
            || artifacts.iter().any(|artifacts| artifacts.takes(path))
            || is_under(path, "modules")
            || (!never(path)
                && (common.takes(path)
                    || libraries.iter().any(|glob| glob.is_match(path))
                    || artifacts
                        .iter()
                        .flat_map(|artifacts| &artifacts.builds)
                        .any(|build| is_under(path, &build.folder))
                    || (syncs.iter().any(|sync| sync.takes(path)) && !common.excludes(path))))
    };
    let mut inputs: BTreeSet<String> = tree.keys().filter(|path| wanted(path)).cloned().collect();
    match inputs.iter().any(|path| outside::is_outside(path)) {
        true => inputs.insert(FOLDER_FILE.to_owned()),
        false => inputs.remove(FOLDER_FILE),
    };
    match commit::asked(&loaded).is_empty() {
        true => inputs.remove(COMMIT_FILE),
        false => inputs.insert(COMMIT_FILE.to_owned()),
    };
    found.into_result(inputs)
}

/// The files of `tree` that are uploaded, by path.
pub(super) fn uploaded(
    tree: &Tree,
    loaded: &Loaded,
    config: &Node,
    artifacts: &Artifacts,
) -> Result<(BTreeMap<String, SourceFile>, Layout), Diagnostics> {
    let room = Room::of(tree);
    let sync = Sync::read(config.get("sync"), &room)?;
    let libraries = libraries::globs(config, &room);
    let layout = sync.layout(&room);
    let mut found = Diagnostics(sync.empty_paths(tree));
    let mut files = BTreeMap::new();
    let own = own_files(loaded);
    for (path, source) in tree {
        let is_synced = !is_under(path, "modules") && !never(path) && sync.takes(path);
        if own.contains(path.as_str()) {
            continue;
        }
        let at = if artifacts.takes(path)
            || (!never(path) && libraries.iter().any(|glob| glob.is_match(path)))
        {
            layout.library(path)
        } else {
            // What lies above them all is not uploaded.
            match layout.uploaded(path).filter(|_| is_synced) {
                Some(at) => at,
                None => continue,
            }
        };
        let notebook = Language::of_notebook(path, &source.bytes);
        files.insert(
            at,
            SourceFile {
                bytes: source.bytes.clone(),
                executable: source.executable,
                notebook,
            },
        );
    }
    found.0.extend(collisions(&files));
    found.into_result((files, layout))
}

/// Whether `folder` holds a file; empty is the root.
pub(super) fn holds_files(files: &BTreeMap<String, SourceFile>, folder: &str) -> bool {
    folder.is_empty()
        || files
            .range(format!("{folder}/")..)
            .next()
            .is_some_and(|(path, _)| is_under(path, folder))
}

/// Files that the workspace would give one path, since it stores notebooks without their extension.
fn collisions(files: &BTreeMap<String, SourceFile>) -> Vec<Diagnostic> {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (path, file) in files {
        let stored = if file.notebook.is_some() {
            notebook_path(path)
        } else {
            path
        };
        let clash = match taken.insert(stored, path) {
            Some(other) => Some(format!(
                "`{other}` has the same path in a workspace, `{stored}`"
            )),
            None if file.notebook.is_some() && holds_files(files, stored) => Some(format!(
                "the folder `{stored}` has the same path in a workspace"
            )),
            None => None,
        };
        if let Some(message) = clash {
            found.push(
                Diagnostic::error(path, message)
                    .hint("a workspace stores notebooks without their extension: rename one"),
            );
        }
    }
    found
}

/// The files that say the bundle. A set, since each file of the tree is looked for in it, and each of ten thousand jobs may have one.
fn own_files(loaded: &Loaded) -> HashSet<&str> {
    let included = loaded.included.iter().map(String::as_str);
    included.chain([&*loaded.root_file]).collect()
}

/// A file that is there only so that Git has its folder, and then the workspace, too.
const KEEPS_FOLDER: &str = ".gitkeep";

/// What is in no package: what differs between environments, and what belongs to Git or the forge.
fn never(path: &str) -> bool {
    let path = outside::without_up(path);
    [FOLDER_FILE, COMMIT_FILE].contains(&path)
        || is_under(path, "environments")
        || path
            .split('/')
            .any(|part| (part.starts_with(".git") && part != KEEPS_FOLDER) || part == ".databricks")
}

fn is_under(path: &str, folder: &str) -> bool {
    (folder.is_empty() && !outside::is_outside(path))
        || path == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}
