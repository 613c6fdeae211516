//! Packages: an approved change, built once, named by the SHA-256 of its bytes, the same in every environment.
//!
//! A package is a tar archive under zstd: `files/<path>` for each input in order of path, then `manifest.json`. Equal
//! inputs give equal bytes on every machine: nothing in it says who built it, when, or from which commit; that stands
//! in a detached [`attestation`].

pub mod attestation;
mod identity;
mod manifest;
mod open;
mod path;
#[cfg(test)]
mod tests;
mod write;

pub use identity::{file_set_digest, inputs_id};
pub use manifest::{Manifest, ManifestEntry, ManifestMode};
pub use open::{Limits, OpenError, Opened, open, open_within};
pub use path::InvalidPath;
pub use write::{Built, Finished, PackageWriter, WriteError, build};

/// Where inputs lie in the archive, so that none can pose as the manifest.
const FILES_FOLDER: &str = "files/";

/// The name of the manifest in the archive.
const MANIFEST_NAME: &str = "manifest.json";

/// zstd's own default. On 14 MB of Python sources it takes 60 ms; level 9 takes four times as long for a package
/// smaller by a sixth, level 19 a hundred times for one smaller by a third, and packages are built while somebody
/// waits. One thread, because more would cut the data at other places and give other bytes.
///
/// A change of this, or of the zstd library, renames every package; a test pins the bytes.
const ZSTD_LEVEL: i32 = 3;
