//! The temporary folder in which artifacts are built. It holds the declared inputs and nothing else of the commit, so that
//! nothing can get into a package that its identity does not cover. No `.git`: a version taken from tags is not possible.

use super::File;
use crate::work::WorkError;
use hodman_model::bundle::ArtifactFiles;
use hodman_model::files::{SourceBytes, Tree};
use hodman_model::package::Limits;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) struct Scratch {
    folder: TempDir,
    artifacts: ArtifactFiles,
}

impl Scratch {
    /// Writes the files.
    pub fn of(files: &[File]) -> Result<Self, WorkError> {
        let tree: Tree = files
            .iter()
            .map(|(path, executable, bytes)| {
                let source = SourceBytes {
                    bytes: bytes.clone().into(),
                    executable: *executable,
                };
                (path.clone(), source)
            })
            .collect();
        let artifacts = ArtifactFiles::of(&tree)?;
        let folder = TempDir::new().map_err(failed)?;
        let scratch = Self { folder, artifacts };
        for folder in [scratch.checkout(), scratch.home(), scratch.temporary()] {
            fs::create_dir(folder).map_err(failed)?;
        }
        for (path, executable, bytes) in files {
            let to = scratch.checkout().join(path);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(failed)?;
            }
            fs::write(&to, bytes).map_err(failed)?;
            let mode = if *executable { 0o755 } else { 0o644 };
            fs::set_permissions(&to, fs::Permissions::from_mode(mode)).map_err(failed)?;
        }
        Ok(scratch)
    }

    /// Where the files are.
    pub fn checkout(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    /// The home of the commands: empty.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Their folder for temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// The files of the commit with the artifacts as they are now. What else the commands changed is left behind.
    pub fn collect(self, files: Vec<File>) -> Result<Vec<File>, WorkError> {
        let mut all: BTreeMap<String, (bool, Vec<u8>)> = files
            .into_iter()
            .map(|(path, executable, bytes)| (path, (executable, bytes)))
            .collect();
        let limits = Limits::default();
        let (mut left, mut built) = (limits.bytes, 0);
        let mut open = vec![(self.checkout(), String::new())];
        while let Some((folder, prefix)) = open.pop() {
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else { continue };
                let path = format!("{prefix}{name}");
                // Of the entry itself: a link could lead to any file of the machine.
                let about = entry.metadata().map_err(failed)?;
                if about.is_dir() {
                    open.push((entry.path(), format!("{path}/")));
                } else if self.artifacts.takes(&path) {
                    if !about.is_file() {
                        return Err(WorkError::lasting(format!(
                            "the artifact {path} is not a file"
                        )));
                    }
                    left = left.checked_sub(about.len()).ok_or_else(|| {
                        WorkError::lasting("the artifacts are larger than a package may be")
                    })?;
                    built += 1;
                    let executable = about.permissions().mode() & 0o111 != 0;
                    all.insert(path, (executable, read(&entry.path())?));
                }
            }
        }
        if built == 0 {
            return Err(WorkError::lasting(
                "the commands of `artifacts` left no file that `files` names",
            ));
        }
        Ok(all
            .into_iter()
            .map(|(path, (executable, bytes))| (path, executable, bytes))
            .collect())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, WorkError> {
    fs::read(path).map_err(failed)
}

fn failed(error: io::Error) -> WorkError {
    WorkError::transient(format!("the folder for building: {error}"))
}
