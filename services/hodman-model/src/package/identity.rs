//! Names of sets of files that are cheaper, or narrower, than a package's.

use std::collections::BTreeMap;

use crate::bundle::SourceFile;
use crate::digest::{Digest, Hasher, sha256};

/// A name for a package's inputs made from Git's own object ids, without reading a byte of them: equal names, equal
/// package. Each entry is a path, the hex id of its blob, and whether it is executable; their order does not matter.
#[must_use]
pub fn inputs_id<P: AsRef<str>, O: AsRef<str>>(
    entries: impl IntoIterator<Item = (P, O, bool)>,
) -> String {
    let mut entries: Vec<(P, O, bool)> = entries.into_iter().collect();
    entries
        .sort_by(|a, b| (a.0.as_ref(), a.1.as_ref(), a.2).cmp(&(b.0.as_ref(), b.1.as_ref(), b.2)));
    let mut hasher = Hasher::default();
    hasher.field(b"hodman inputs 1");
    for (path, oid, executable) in &entries {
        hasher.field(path.as_ref().as_bytes());
        hasher.field(oid.as_ref().as_bytes());
        hasher.field(&[u8::from(*executable)]);
    }
    hasher.finish().to_string()
}

/// The name of a set of uploaded files, by path, mode and content: the folder that holds them is called so.
#[must_use]
pub fn file_set_digest(files: &BTreeMap<String, SourceFile>) -> Digest {
    let mut hasher = Hasher::default();
    hasher.field(b"hodman file set 1");
    for (path, file) in files {
        hasher.field(path.as_bytes());
        hasher.field(&[u8::from(file.executable)]);
        hasher.field(sha256(&file.bytes).hex().as_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_named_by_path_blob_and_mode() {
        let base = [("a", "01", false), ("b", "02", false)];
        let id = inputs_id(base);
        assert_eq!(id, inputs_id([base[1], base[0]]));
        for other in [
            [("a", "02", false), base[1]],
            [("c", "01", false), base[1]],
            [("a", "01", true), base[1]],
        ] {
            assert_ne!(id, inputs_id(other));
        }
        assert_ne!(
            inputs_id([("ab", "c", false)]),
            inputs_id([("a", "bc", false)])
        );
    }

    #[test]
    fn file_sets_are_named_by_path_mode_and_content() {
        let set = |path: &str, executable, text: &str| {
            let file = SourceFile {
                bytes: text.as_bytes().into(),
                executable,
                notebook: None,
            };
            file_set_digest(&BTreeMap::from([(path.to_owned(), file)]))
        };
        let base = set("a", false, "x");
        assert_eq!(base, set("a", false, "x"));
        for other in [
            set("b", false, "x"),
            set("a", true, "x"),
            set("a", false, "y"),
            file_set_digest(&BTreeMap::new()),
        ] {
            assert_ne!(base, other);
        }
    }
}
