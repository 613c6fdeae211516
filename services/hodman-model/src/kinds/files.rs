//! The file set: notebooks and files, in a folder named by their digest.
//!
//! Nothing in such a folder ever changes, so that runs in progress see one state of the files, and a rollback finds
//! the earlier folder still there.

use crate::digest::Digest;

/// The key of the files step in a plan.
pub const KEY: &str = "files";

/// What stands in configs for the folder of the files.
pub const PLACEHOLDER: &str = "${files}";

/// The folder below which an environment's file sets lie; only our principal writes there.
#[must_use]
pub fn root(pipeline: &str, env: &str) -> String {
    format!("/Workspace/Shared/.hodman/{pipeline}/{env}")
}

/// The folder of one file set.
#[must_use]
pub fn folder(root: &str, digest: &Digest) -> String {
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
    let (hex, inside) = rest.split_at_checked(64)?;
    let digest = format!("sha256:{hex}").parse().ok()?;
    (inside.is_empty() || inside.starts_with('/')).then_some((digest, inside))
}
