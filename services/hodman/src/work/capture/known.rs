//! What Git holds of the workspace's files already: what did not change since is not exported again.

use hodman_model::capture::{is_jupyter, notebook};
use hodman_model::digest::sha256;
use hodman_model::files::{CapturedLock, Seen, Tree};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Path and content of a file.
type Content = (String, Arc<[u8]>);

/// What was captured before.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By how the workspace listed the file when it was captured: object id and moment of the last change.
    contents: BTreeMap<(i64, i64), Content>,
    /// Captured files by short path in the workspace: whether the repository has them as `.ipynb`.
    jupyter: BTreeMap<String, bool>,
}

impl Known {
    /// Takes in what a commit's lock vouches for: a file that somebody edited in Git since is not what the workspace has.
    pub(super) fn learn(&mut self, tree: &Tree, lock: &CapturedLock) {
        for entry in &lock.entries {
            if entry.id.starts_with('/') {
                self.jupyter
                    .insert(entry.id.clone(), is_jupyter(&entry.file));
            }
            let Some((seen, file)) = entry.seen.zip(tree.get(&entry.file)) else {
                continue;
            };
            let as_kept = || notebook(&file.bytes).filter(|_| is_jupyter(&entry.file));
            let is_that = |bytes: &[u8]| sha256(bytes) == entry.digest;
            if is_that(&file.bytes) || as_kept().is_some_and(|bytes| is_that(&bytes)) {
                let content = (entry.id.clone(), Arc::clone(&file.bytes));
                self.contents
                    .insert((seen.object_id, seen.modified_at), content);
            }
        }
    }

    /// The content of the file at `path`, when it still is what was captured.
    pub(super) fn content(&self, path: &str, seen: Seen) -> Option<Vec<u8>> {
        let (known, bytes) = self.contents.get(&(seen.object_id, seen.modified_at))?;
        (known == short(path)).then(|| bytes.to_vec())
    }

    /// Whether the notebook at `path` was captured as `.ipynb`, which it stays; none for a new one.
    pub(super) fn is_jupyter(&self, path: &str) -> Option<bool> {
        self.jupyter.get(short(path)).copied()
    }

    /// What is known in the environment's other workspaces: the same places, but other ids.
    pub(super) fn elsewhere(&self) -> Self {
        Self {
            contents: BTreeMap::new(),
            jupyter: self.jupyter.clone(),
        }
    }
}

/// Workspaces take paths with `/Workspace` in front and answer them without.
pub(super) fn short(path: &str) -> &str {
    path.strip_prefix("/Workspace")
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::files::{CapturedEntry, SourceBytes};

    #[test]
    fn only_what_neither_side_changed() {
        let seen = Seen {
            object_id: 7,
            modified_at: 100,
        };
        let lock = CapturedLock {
            entries: vec![CapturedEntry {
                key: "src/a.py".into(),
                kind: "files".into(),
                id: "/Shared/a".into(),
                file: "src/a.py".into(),
                digest: sha256(b"one"),
                seen: Some(seen),
                found: BTreeMap::new(),
                told: None,
            }],
            ..CapturedLock::default()
        };
        let tree = |text: &str| {
            let bytes = text.as_bytes().to_vec();
            Tree::from([("src/a.py".to_owned(), SourceBytes::plain(bytes))])
        };
        let mut known = Known::default();
        known.learn(&tree("one"), &lock);
        assert_eq!(
            known.content("/Workspace/Shared/a", seen),
            Some(b"one".to_vec())
        );
        assert_eq!(known.content("/Shared/b", seen), None, "moved");
        let later = Seen {
            modified_at: 101,
            ..seen
        };
        assert_eq!(known.content("/Shared/a", later), None, "edited there");
        let mut known = Known::default();
        known.learn(&tree("two"), &lock);
        assert_eq!(known.content("/Shared/a", seen), None, "edited in Git");
    }
}
