//! `${bundle.git.commit}`: the commit that a package was made of.
//!
//! A package is named by its bytes, and a commit is none of them: only where the bundle refers to it is it an input like any
//! other, in a file of the tree. So whoever resolves the package later finds the commit that it was made of, and a plan stays
//! the same however far the branch has gone on.

use super::load::Loaded;
use super::reference::{Reference, references};
use super::target;
use crate::files::node::{Node, Place, Yaml};
use crate::files::{SourceBytes, Tree};

/// The file of a [`Tree`] that holds the commit that it is of.
pub const COMMIT_FILE: &str = "@commit";

/// Whether something in the YAML of `tree` asks for its commit, as far as a look at the text says it.
#[must_use]
pub fn may_ask_for_commit(tree: &Tree) -> bool {
    tree.iter().any(|(path, file)| {
        let is_read = [".yml", ".yaml", ".json"]
            .iter()
            .any(|end| path.ends_with(end));
        is_read && String::from_utf8_lossy(&file.bytes).contains("bundle.git.commit")
    })
}

/// Notes the commit that `tree` is of, where something in it may ask for it.
pub fn note_commit(tree: &mut Tree, commit: &str) {
    if may_ask_for_commit(tree) {
        let note = SourceBytes::plain(commit.as_bytes());
        tree.insert(COMMIT_FILE.to_owned(), note);
    }
}

/// The commit that `tree` is of, where it was noted.
pub(super) fn noted(tree: &Tree) -> Option<String> {
    let bytes = &tree.get(COMMIT_FILE)?.bytes;
    Some(String::from_utf8_lossy(bytes).trim().to_owned())
}

/// Where the bundle refers to the commit, for any of its targets.
pub(super) fn asked(loaded: &Loaded) -> Vec<&Place> {
    let mut places = Vec::new();
    for part in std::iter::once(&loaded.config).chain(target::all(loaded)) {
        walk(part, &mut places);
    }
    places
}

/// Whether a reference is one to the commit.
fn is_commit(reference: &Reference) -> bool {
    let keys = ["bundle", "git", "commit"];
    reference.path.len() == keys.len()
        && (0..)
            .zip(keys)
            .all(|(at, key)| reference.key(at) == Some(key))
}

fn walk<'n>(node: &'n Node, places: &mut Vec<&'n Place>) {
    match &node.value {
        Yaml::Text(text) if text.contains("${") && references(text).iter().any(is_commit) => {
            places.push(&node.place);
        }
        Yaml::List(items) => items.iter().for_each(|item| walk(item, places)),
        Yaml::Map(map) => map.values().for_each(|entry| walk(&entry.node, places)),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) => {}
    }
}
