//! The file set: notebooks and files, in a folder named by their digest.
//!
//! Nothing in such a folder ever changes, so that runs in progress see one state of the files, and a rollback finds
//! the earlier folder still there. Where an environment asks for it, they lie in one folder with a fixed path instead.

use crate::digest::{Digest, sha256};

/// The key of the files step in a plan.
pub const KEY: &str = "files";

/// The field of the step that says who reads the files.
pub const READERS: &str = "readers";

/// What stands in configs for the folder of the files.
pub const PLACEHOLDER: &str = "${files}";

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

/// Splits a path below `root` into the file set's digest and the path inside it; none for every other path.
///
/// Jobs made before `/Workspace` became the written form come back without it.
#[must_use]
pub fn split<'p>(root: &str, path: &'p str) -> Option<(Digest, &'p str)> {
    let short = root.strip_prefix("/Workspace").unwrap_or(root);
    let rest = path
        .strip_prefix(root)
        .or_else(|| path.strip_prefix(short))?
        .strip_prefix('/')?;
    if let Some(inside) = rest.strip_prefix("files")
        && (inside.is_empty() || inside.starts_with('/'))
    {
        return Some((in_place(), inside));
    }
    let (hex, inside) = rest.split_at_checked(64)?;
    let digest = format!("sha256:{hex}").parse().ok()?;
    (inside.is_empty() || inside.starts_with('/')).then_some((digest, inside))
}
