//! Packages in a directory: written beside, synced, then renamed into place, so that no half file ever has a name.

use crate::work::WorkError;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        fs::create_dir_all(path)
            .with_context(|| format!("making the package directory {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    pub fn has(&self, name: &str) -> bool {
        self.path.join(name).is_file()
    }

    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, WorkError> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(WorkError::transient(format!("reading {name}: {error}"))),
        }
    }

    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), WorkError> {
        if self.has(name) {
            return Ok(());
        }
        self.write(name, bytes)
            .map_err(|error| WorkError::transient(format!("writing {name}: {error}")))
    }

    /// The same for what may change: another content takes the place of the one before.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), WorkError> {
        self.write(name, bytes)
            .map_err(|error| WorkError::transient(format!("writing {name}: {error}")))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        // A name of its own: two pipelines may build the same bytes at the same moment.
        let beside = self
            .path
            .join(format!(".{name}.{}.part", uuid::Uuid::new_v4()));
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, self.path.join(name))?;
        // The name itself is only safe once the directory is.
        File::open(&self.path)?.sync_all()
    }
}
