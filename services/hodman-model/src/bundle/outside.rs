//! What a bundle uses beside its own folder: `sync.paths: [../shared]`, `include: [../common/*.yml]`.
//!
//! A [`Tree`] holds paths seen from the bundle's folder, and none of them has `..`: such a path would be nobody's in an
//! archive or a workspace. What lies outside stands under [`UP`], once for each folder that leads up, and [`FOLDER_FILE`]
//! says where in its repository the bundle is. Nothing outside of the repository is ever reached.
//!
//! As with the Databricks CLI, files are uploaded as they lie below the innermost folder that holds the bundle and all its
//! `sync.paths`, so that `../../shared` means the same in a notebook there as here.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::globs::is_pattern;
use super::paths::folder_of;
use super::target;
use super::{artifacts, libraries, load};
use crate::files::node::Node;
use crate::files::{SourceBytes, Tree};

/// Stands for `..` in a [`Tree`]: `@up/shared/lib.py`.
pub const UP: &str = "@up";

/// The file of a [`Tree`] that holds the bundle's folder in its repository. It is an input like any other as soon as one
/// lies outside: the folder's name is part of where files are put.
pub const FOLDER_FILE: &str = "@folder";

/// Whether a path of a tree lies outside of the bundle's folder.
pub(super) fn is_outside(path: &str) -> bool {
    path.strip_prefix(UP)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path without what leads up.
pub(super) fn without_up(mut path: &str) -> &str {
    while is_outside(path) {
        path = path[UP.len()..].trim_start_matches('/');
    }
    path
}

/// A path of a tree as people write it.
#[must_use]
pub fn written(path: &str) -> Cow<'_, str> {
    match is_outside(path) {
        true => Cow::Owned(path.replace(UP, "..")),
        false => Cow::Borrowed(path),
    }
}

/// Where a bundle lies in its repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room(Vec<String>);

impl Room {
    /// What the tree says; without a word there is nothing outside.
    #[must_use]
    pub fn of(tree: &Tree) -> Self {
        let bytes = tree.get(FOLDER_FILE).map_or(&[][..], |file| &file.bytes);
        Self::at(&String::from_utf8_lossy(bytes))
    }

    /// That of a bundle in `folder`, seen from the top of its repository.
    #[must_use]
    pub fn at(folder: &str) -> Self {
        let parts = folder.split('/').filter(|part| !part.is_empty());
        Self(parts.map(str::to_owned).collect())
    }

    /// `relative` seen from `folder`, as a path of the tree; none when it leaves the repository.
    #[must_use]
    pub fn join(&self, folder: &str, relative: &str) -> Option<String> {
        let mut parts: Vec<&str> = self.0.iter().map(String::as_str).collect();
        for part in folder.split('/').chain(relative.split('/')) {
            match part {
                "" | "." => {}
                ".." | UP => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        Some(self.seen(&parts))
    }

    /// The bundle's folder, seen from the top of its repository; empty is that.
    #[must_use]
    pub fn folder(&self) -> String {
        self.0.join("/")
    }

    /// What [`FOLDER_FILE`] of the tree is.
    #[must_use]
    pub fn note(&self) -> SourceBytes {
        SourceBytes::plain(self.folder().into_bytes())
    }

    /// A path of the repository as one of the tree.
    #[must_use]
    pub fn inner(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        self.seen(&parts)
    }

    /// A path of the tree as one of the repository; none when it leaves that.
    #[must_use]
    pub fn outer(&self, path: &str) -> Option<String> {
        let mut parts: Vec<&str> = self.0.iter().map(String::as_str).collect();
        for part in path.split('/') {
            match part {
                "" => {}
                UP => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }

    fn seen(&self, parts: &[&str]) -> String {
        let same = self
            .0
            .iter()
            .zip(parts)
            .take_while(|(own, part)| own == part);
        let same = same.count();
        let up = std::iter::repeat_n(UP, self.0.len() - same);
        let below = parts[same..].iter().copied();
        up.chain(below).collect::<Vec<_>>().join("/")
    }
}

/// How files lie when they are uploaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Where the bundle is.
    pub room: Room,
    /// How far above the bundle's folder they begin.
    levels: usize,
}

impl Layout {
    /// That of files below all of `paths`, which are paths of a tree.
    pub fn of<'p>(room: Room, paths: impl Iterator<Item = &'p str>) -> Self {
        let ups = |path: &str| path.split('/').take_while(|part| *part == UP).count();
        let levels = paths.map(ups).max().unwrap_or_default();
        Self { room, levels }
    }

    /// Where a path of the tree is among the uploaded files; none for one above them.
    pub fn uploaded(&self, path: &str) -> Option<String> {
        if self.levels == 0 {
            return (!is_outside(path)).then(|| path.to_owned());
        }
        let outer = self.room.outer(path)?;
        let top = self.room.0.len().checked_sub(self.levels)?;
        let top = self.room.0[..top].join("/");
        match top.as_str() {
            "" => Some(outer),
            top if outer == top => Some(String::new()),
            top => Some(outer.strip_prefix(top)?.strip_prefix('/')?.to_owned()),
        }
    }

    /// Where a library or artifact at a path of the tree is among them: its place, if it has one, else a folder for all that
    /// lies above.
    pub fn library(&self, path: &str) -> String {
        let place = self.uploaded(path);
        place.unwrap_or_else(|| format!(".internal/{}", path.replace(UP, "up")))
    }

    /// A path of the tree, seen from where the uploaded files begin.
    pub fn seen(&self, path: &str) -> String {
        let from_here = self.uploaded(path);
        from_here.unwrap_or_else(|| written(path).into_owned())
    }
}

/// What the bundle asks for outside of its folder, as paths of its repository: files, or folders as a whole. A file that is
/// there may ask for more. What cannot be read asks for nothing: that is said by whoever resolves it.
#[must_use]
pub fn asked_outside(tree: &Tree, room: &Room) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    let mut ask = |folder: &str, line: &str| {
        let path = room.join(folder, line.trim_start_matches('!'));
        if let Some(path) = path.filter(|path| is_outside(path)) {
            let fixed = path.split('/').take_while(|part| !is_pattern(part));
            let fixed = fixed.collect::<Vec<_>>().join("/");
            asked.extend(room.outer(&fixed));
        }
    };
    for line in load::included(tree) {
        ask("", &line);
    }
    let Ok(loaded) = load::load_in(tree, room) else {
        return asked;
    };
    for part in std::iter::once(&loaded.config).chain(target::all(&loaded)) {
        for (folder, text) in libraries::named_in(part) {
            ask(folder, text);
        }
        for (folder, text) in artifacts::named_in(part) {
            ask(folder, text);
        }
        for key in ["paths", "include"] {
            let lines = part.get("sync").and_then(|sync| sync.get(key));
            for line in lines.and_then(Node::as_list).into_iter().flatten() {
                if let Some(text) = line.as_text() {
                    ask(folder_of(&line.place.file), text);
                }
            }
        }
    }
    asked
}
