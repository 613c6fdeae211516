//! The file set: notebooks and files, in a folder named by their digest.
//!
//! Nothing in such a folder ever changes, so that runs in progress see one state of the files, and a rollback finds
//! the earlier folder still there. Where an environment asks for it, they lie in one folder with a fixed path instead.

use std::ops::Range;

use super::permissions::Permissions;
use crate::digest::{Digest, sha256};

/// The key of the files step in a plan.
pub const KEY: &str = "files";

/// The field of the step that says who reads the files.
pub const READERS: &str = "readers";

/// What stands in configs for the folder of the files.
pub const PLACEHOLDER: &str = "${files}";

const fn of_type(object_type: &'static str) -> Permissions {
    Permissions {
        object_type,
        levels: &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
        one_owner: false,
        id_output: None,
    }
}

/// The permissions of a single notebook, by its object id.
pub static NOTEBOOK_PERMISSIONS: Permissions = of_type("notebooks");

/// The permissions of a single file, by its object id.
pub static FILE_PERMISSIONS: Permissions = of_type("files");

/// The folder below which an environment's file sets lie; only our principal writes there.
#[must_use]
pub fn root(pipeline: &str, env: &str) -> String {
    format!("/Workspace/Shared/.hodman/{pipeline}/{env}")
}

/// What stands for the folder with the fixed path, where folders are named by digests.
#[must_use]
pub fn in_place() -> Digest {
    sha256(b"hodman files in place")
}

/// The file that says what lies in the folder with the fixed path.
#[must_use]
pub fn in_place_manifest(root: &str) -> String {
    format!("{root}/files.json")
}

/// The folder of one file set, or the one with the fixed path.
#[must_use]
pub fn folder(root: &str, digest: &Digest) -> String {
    if *digest == in_place() {
        return format!("{root}/files");
    }
    format!("{root}/{}", digest.hex())
}

/// The folders of file sets below `root` that a text names: where each stands in it, and the set's digest. A text may be
/// such a path, or an option or a command line with paths in it (`-r <folder>/requirements.txt`).
///
/// Jobs made before `/Workspace` became the written form come back without it.
#[must_use]
pub fn folders_in(root: &str, text: &str) -> Vec<(Range<usize>, Digest)> {
    let mut found = Vec::new();
    let short = root.strip_prefix("/Workspace").unwrap_or(root);
    if short.is_empty() {
        return found;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find(short).map(|at| from + at) {
        let end = at + short.len();
        from = end;
        let start = match text[..at].strip_suffix("/Workspace") {
            Some(before) if short != root => before.len(),
            // The end of a longer path is another folder.
            _ if text[..at].ends_with(|last| last == '/' || last == '}' || is_of_name(last)) => {
                continue;
            }
            _ => at,
        };
        let Some((digest, length)) = text[end..].strip_prefix('/').and_then(folder_name) else {
            continue;
        };
        from = end + 1 + length;
        found.push((start..from, digest));
    }
    found
}

/// The file set of the folder that `text` begins with, and how long the folder's name is.
fn folder_name(text: &str) -> Option<(Digest, usize)> {
    let (digest, length) = match text.strip_prefix("files") {
        Some(_) => (in_place(), "files".len()),
        None => {
            let hex = text.get(..64)?;
            (format!("sha256:{hex}").parse().ok()?, hex.len())
        }
    };
    (!text[length..].starts_with(is_of_name)).then_some((digest, length))
}

/// Whether a folder's name goes on with such a character.
fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}
