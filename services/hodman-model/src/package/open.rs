//! Opens packages, trusting nothing in them.

use std::io::{self, Read};

use tar::{Archive, Entry, EntryType};
use zstd::stream::read::Decoder;

use super::manifest::{Manifest, ManifestEntry, ManifestMode};
use super::path::{self, InvalidPath};
use super::{FILES_FOLDER, MANIFEST_NAME};
use crate::digest::{Digest, sha256};
use crate::files::{SourceBytes, Tree};

/// A package that holds what its manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its files.
    pub tree: Tree,
    /// Its manifest.
    pub manifest: Manifest,
    /// Of its bytes: its name.
    pub digest: Digest,
}

/// How much a package may unfold to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive after decompression.
    pub bytes: u64,
    /// Files.
    pub files: usize,
}

impl Default for Limits {
    /// 2 GiB and 200,000 files: ten times the largest bundle that we measure with.
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            files: 200_000,
        }
    }
}

/// Why a package is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is another package, or was damaged.
    #[error("the package is {found}, not {expected}")]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What the bytes are.
        found: Digest,
    },
    /// It is no zstd stream, no tar archive, or ends too early.
    #[error("the package cannot be read")]
    Unreadable(#[source] io::Error),
    /// It unfolds to more than the limits allow.
    #[error("the package unfolds to more than {bytes} bytes or {files} files")]
    TooLarge {
        /// The limit of bytes.
        bytes: u64,
        /// The limit of files.
        files: usize,
    },
    /// It holds a path that leads out of it.
    #[error("the package holds a path that no package may hold")]
    Path(#[source] InvalidPath),
    /// It holds something that we never write: a link, a device, a double, a file out of order or after the manifest.
    #[error("the package holds `{entry}`, which {why}")]
    Foreign {
        /// The entry's path, made printable.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The manifest is missing or does not parse.
    #[error("the package's manifest is missing or not valid")]
    Manifest,
    /// The manifest says something else than the files.
    #[error("the package does not hold what its manifest says")]
    Mismatch,
}

/// Opens a package within the usual [`Limits`], after comparing its digest to `expected`, when given.
///
/// # Errors
/// See [`OpenError`].
pub fn open(bytes: &[u8], expected: Option<&Digest>) -> Result<Opened, OpenError> {
    open_within(bytes, expected, Limits::default())
}

/// [`open`] within other limits.
///
/// # Errors
/// See [`OpenError`].
pub fn open_within(
    bytes: &[u8],
    expected: Option<&Digest>,
    limits: Limits,
) -> Result<Opened, OpenError> {
    let digest = sha256(bytes);
    if let Some(expected) = expected.filter(|expected| **expected != digest) {
        return Err(OpenError::Digest {
            expected: expected.clone(),
            found: digest,
        });
    }
    let decoder = Decoder::with_buffer(bytes).map_err(OpenError::Unreadable)?;
    let mut archive = Archive::new(Limited {
        from: decoder,
        left: limits.bytes,
        exceeded: false,
    });
    let outcome = read_entries(&mut archive, limits);
    let mut limited = archive.into_inner();
    // What the archive reader calls an unexpected end is our limit.
    let outcome = match outcome {
        Err(_) if limited.exceeded => Err(too_large(limits)),
        other => other,
    };
    let (tree, said, files) = outcome?;
    nothing_more(&mut limited)?;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        files,
    };
    let said = said.ok_or(OpenError::Manifest)?;
    let parsed: Manifest = serde_json::from_slice(&said).map_err(|_| OpenError::Manifest)?;
    if parsed != manifest || said != manifest.to_json().as_bytes() {
        return Err(OpenError::Mismatch);
    }
    Ok(Opened {
        tree,
        manifest,
        digest,
    })
}

type Entries = (Tree, Option<Vec<u8>>, Vec<ManifestEntry>);

fn read_entries<R: Read>(archive: &mut Archive<R>, limits: Limits) -> Result<Entries, OpenError> {
    let (mut tree, mut manifest, mut files) = (Tree::new(), None, Vec::<ManifestEntry>::new());
    for entry in archive.entries().map_err(OpenError::Unreadable)? {
        let mut entry = entry.map_err(OpenError::Unreadable)?;
        let name = entry_name(&entry)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(foreign(&name, "is not a file"));
        }
        if manifest.is_some() {
            return Err(foreign(&name, "comes after the manifest"));
        }
        let mode = mode(&entry).ok_or_else(|| foreign(&name, "has a mode that no package has"))?;
        if name == MANIFEST_NAME {
            manifest = Some(content(&mut entry, limits)?);
            continue;
        }
        let path = name
            .strip_prefix(FILES_FOLDER)
            .ok_or_else(|| foreign(&name, "is neither the manifest nor a packaged file"))?;
        path::check(path).map_err(OpenError::Path)?;
        if files
            .last()
            .is_some_and(|before| before.path.as_str() >= path)
        {
            return Err(foreign(path, "stands twice or out of order"));
        }
        if files.len() >= limits.files {
            return Err(too_large(limits));
        }
        let bytes = content(&mut entry, limits)?;
        files.push(ManifestEntry {
            path: path.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
            mode,
        });
        let executable = mode == ManifestMode::Executable;
        tree.insert(
            path.to_owned(),
            SourceBytes {
                bytes: bytes.into(),
                executable,
            },
        );
    }
    Ok((tree, manifest, files))
}

fn entry_name<R: Read>(entry: &Entry<'_, R>) -> Result<String, OpenError> {
    let bytes = entry.path_bytes();
    match std::str::from_utf8(&bytes) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(foreign(
            &String::from_utf8_lossy(&bytes),
            "is not named in UTF-8",
        )),
    }
}

fn mode<R: Read>(entry: &Entry<'_, R>) -> Option<ManifestMode> {
    let bits = entry.header().mode().ok()?;
    [ManifestMode::Plain, ManifestMode::Executable]
        .into_iter()
        .find(|mode| mode.bits() == bits)
}

/// Grows with what is there, never with what a header promises.
fn content<R: Read>(entry: &mut Entry<'_, R>, limits: Limits) -> Result<Vec<u8>, OpenError> {
    let promised = entry.size();
    if promised > limits.bytes {
        return Err(too_large(limits));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(promised.min(1 << 20)).unwrap_or_default());
    entry
        .read_to_end(&mut bytes)
        .map_err(OpenError::Unreadable)?;
    if bytes.len() as u64 != promised {
        return Err(OpenError::Unreadable(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

/// After the last entry only tar's zeroes may follow: bytes that nobody looks at must not change a package's name.
fn nothing_more<R: Read>(rest: &mut R) -> Result<(), OpenError> {
    let mut buffer = [0; 4096];
    let mut seen = 0;
    loop {
        let read = rest.read(&mut buffer).map_err(OpenError::Unreadable)?;
        seen += read;
        if read == 0 {
            return Ok(());
        }
        if seen > buffer.len() || buffer[..read].iter().any(|byte| *byte != 0) {
            return Err(foreign("the end", "is followed by more bytes"));
        }
    }
}

fn foreign(entry: &str, why: &'static str) -> OpenError {
    OpenError::Foreign {
        entry: entry
            .chars()
            .take(200)
            .collect::<String>()
            .escape_debug()
            .to_string(),
        why,
    }
}

fn too_large(limits: Limits) -> OpenError {
    OpenError::TooLarge {
        bytes: limits.bytes,
        files: limits.files,
    }
}

/// Ends with an error, and remembers it, when more than `left` bytes come.
struct Limited<R> {
    from: R,
    left: u64,
    exceeded: bool,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => {
                self.exceeded = true;
                return Err(io::Error::other("more than the limit"));
            }
        }
        Ok(read)
    }
}
