//! Builds packages.

use std::io::{self, Write};

use tar::{Builder, EntryType, Header};
use zstd::stream::write::Encoder;

use super::manifest::{Manifest, ManifestEntry, ManifestMode};
use super::path::{self, InvalidPath};
use super::{FILES_FOLDER, MANIFEST_NAME, ZSTD_LEVEL};
use crate::digest::{Digest, Hasher, sha256};

/// A package in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The package.
    pub bytes: Vec<u8>,
    /// Of the bytes: the package's name.
    pub digest: Digest,
    /// What is in it.
    pub manifest: Manifest,
}

/// Why no package was built.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A path that no package may hold.
    #[error("a file cannot be packaged")]
    Path(#[source] InvalidPath),
    /// The same path twice, or a path out of order.
    #[error(
        "`{path}` does not come after `{before}`: files are added once each, in order of their paths"
    )]
    Order {
        /// The path that was added.
        path: String,
        /// The one added before it.
        before: String,
    },
    /// Where the package was written to.
    #[error("the package could not be written")]
    Io(#[source] io::Error),
}

/// Builds a package of files given in any order, each as path, whether it is executable, and content.
///
/// # Errors
/// For a path that no package may hold, or the same path twice.
pub fn build<B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (String, bool, B)>,
) -> Result<Built, WriteError> {
    let mut files: Vec<(String, bool, B)> = files.into_iter().collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let mut writer = PackageWriter::new(Vec::new())?;
    for (path, executable, bytes) in &files {
        writer.add(path, *executable, bytes.as_ref())?;
    }
    let Finished {
        to: bytes,
        digest,
        manifest,
    } = writer.finish()?;
    Ok(Built {
        bytes,
        digest,
        manifest,
    })
}

/// Writes a package file by file, holding no more than one of them.
pub struct PackageWriter<W: Write> {
    archive: Builder<Encoder<'static, Hashing<W>>>,
    manifest: Manifest,
}

/// What [`PackageWriter::finish`] gives.
#[derive(Debug)]
pub struct Finished<W> {
    /// What the package was written to.
    pub to: W,
    /// Of the bytes: the package's name.
    pub digest: Digest,
    /// What is in it.
    pub manifest: Manifest,
}

impl<W: Write> PackageWriter<W> {
    /// Begins a package.
    ///
    /// # Errors
    /// When the compressor cannot be set up.
    pub fn new(to: W) -> Result<Self, WriteError> {
        let hashing = Hashing {
            to,
            hasher: Hasher::default(),
        };
        let encoder = Encoder::new(hashing, ZSTD_LEVEL).map_err(WriteError::Io)?;
        let manifest = Manifest {
            format: Manifest::FORMAT,
            files: Vec::new(),
        };
        Ok(Self {
            archive: Builder::new(encoder),
            manifest,
        })
    }

    /// Adds the next file; paths come in ascending order of their bytes.
    ///
    /// # Errors
    /// For a path that no package may hold or that is out of order, and when writing fails.
    pub fn add(&mut self, path: &str, executable: bool, bytes: &[u8]) -> Result<(), WriteError> {
        path::check(path).map_err(WriteError::Path)?;
        if let Some(before) = self
            .manifest
            .files
            .last()
            .filter(|before| before.path.as_str() >= path)
        {
            return Err(WriteError::Order {
                path: path.to_owned(),
                before: before.path.clone(),
            });
        }
        let mode = ManifestMode::of(executable);
        self.append(&format!("{FILES_FOLDER}{path}"), mode, bytes)?;
        let entry = ManifestEntry {
            path: path.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256(bytes),
            mode,
        };
        self.manifest.files.push(entry);
        Ok(())
    }

    /// Ends the package with its manifest.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> Result<Finished<W>, WriteError> {
        let manifest = self.manifest.to_json();
        self.append(MANIFEST_NAME, ManifestMode::Plain, manifest.as_bytes())?;
        let encoder = self.archive.into_inner().map_err(WriteError::Io)?;
        let mut hashing = encoder.finish().map_err(WriteError::Io)?;
        hashing.flush().map_err(WriteError::Io)?;
        Ok(Finished {
            to: hashing.to,
            digest: hashing.hasher.finish(),
            manifest: self.manifest,
        })
    }

    /// Everything in the header but name, size and mode is zero or empty.
    fn append(&mut self, name: &str, mode: ManifestMode, bytes: &[u8]) -> Result<(), WriteError> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(mode.bits());
        header.set_size(bytes.len() as u64);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        self.archive
            .append_data(&mut header, name, bytes)
            .map_err(WriteError::Io)
    }
}

/// Takes the digest of what passes through.
struct Hashing<W> {
    to: W,
    hasher: Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
